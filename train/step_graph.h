#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <vector>

#include "core/graph.h"
#include "layers/visit.h"
#include "train/batch_source.h"

namespace heddle {

/// Training steps as captured work (core/graph.h): a step is captured once for each signature (the
/// shapes of all tensors of a batch, and which of them there are) and then replayed, which spares
/// the host the start of hundreds of kernels. Bits are those of steps that are not captured: random
/// numbers are drawn from counters on the device, which are moved before each replay.
///
/// A signature is met three ways: the first time its step runs as it is (many are never seen again,
/// and what is kept from call to call gets made); the second time it is captured; then replayed.
class StepGraphs {
 public:
  /// `generators` (what the steps draw from) must outlive it.
  StepGraphs(Device device, std::vector<NamedGenerator> generators);

  using Batches = std::vector<StepBatch>;  // of a step: one per task
  using Body = std::function<void(const Batches& batches)>;
  /// `body(batches)`, or what amounts to it. The body must do the same for the same signature but
  /// for what it reads from the device, and must leave nothing behind that it made, since a replay
  /// makes nothing. Where it cannot be captured it runs as it is, from then on always: see
  /// `refusal`.
  void run(Batches& batches, const Body& body);

  /// Why steps are not captured; empty while they are.
  const std::string& refusal() const { return refusal_; }
  std::int64_t replays() const { return replays_; }
  std::int64_t captured() const;

  /// Signatures kept at a time, those used last: each holds the memory of a step.
  static constexpr std::size_t most = 16;

 private:
  struct Entry {
    std::string signature;
    Graph graph;
    Batches batches;                   // the tensors it was captured with
    std::vector<std::uint64_t> words;  // that a step draws from each generator
  };

  bool capture(Entry& entry, Batches& batches, const Body& body);
  void set_counters(const std::vector<std::uint64_t>& places);

  Device device_;
  std::vector<NamedGenerator> generators_;
  Tensor counters_;           // i64, one per generator
  std::list<Entry> entries_;  // the one used last in front
  std::string refusal_;
  std::int64_t replays_ = 0;
};

}  // namespace heddle
