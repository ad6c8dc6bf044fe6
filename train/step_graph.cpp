#include "train/step_graph.h"

#include <algorithm>
#include <span>
#include <utility>

#include "core/error.h"
#include "core/stream.h"

namespace heddle {
namespace {

std::string signature_of(std::vector<StepBatch>& batches) {
  std::string signature;
  for (const Tensor* tensor : tensors_of(batches)) {
    signature += tensor->defined() ? concat(tensor->dtype(), tensor->shape()) : "-";
  }
  return signature;
}

std::vector<std::uint64_t> places_of(const std::vector<NamedGenerator>& generators) {
  std::vector<std::uint64_t> places;
  for (const NamedGenerator& generator : generators) {
    places.push_back(generator.generator->state().next);
  }
  return places;
}

/// While it lives, kernels find the generators' places on the device.
class CountersInUse {
 public:
  CountersInUse(const std::vector<NamedGenerator>& generators, const Tensor& counters)
      : generators_(generators) {
    const auto* counter = counters.view().pointer<std::uint64_t>();
    for (const NamedGenerator& generator : generators_) {
      generator.generator->count_from(counter++);
    }
  }
  ~CountersInUse() {
    for (const NamedGenerator& generator : generators_) {
      generator.generator->count_from(nullptr);
    }
  }
  CountersInUse(const CountersInUse&) = delete;
  CountersInUse& operator=(const CountersInUse&) = delete;

 private:
  const std::vector<NamedGenerator>& generators_;
};

}  // namespace

StepGraphs::StepGraphs(Device device, std::vector<NamedGenerator> generators)
    : device_(device),
      generators_(std::move(generators)),
      counters_(
          Tensor::zeros({static_cast<std::int64_t>(generators_.size())}, DType::i64, device)) {}

void StepGraphs::run(Batches& batches, const Body& body) {
  if (!refusal_.empty()) {
    body(batches);
    return;
  }
  const std::string signature = signature_of(batches);
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.signature == signature; });
  if (found == entries_.end()) {
    entries_.push_front({.signature = signature, .graph = {}, .batches = {}, .words = {}});
    if (entries_.size() > most) {
      entries_.pop_back();
    }
    body(batches);
    return;
  }
  entries_.splice(entries_.begin(), entries_, found);
  Entry& entry = entries_.front();
  const std::vector<std::uint64_t> places = places_of(generators_);
  if (!entry.graph.is_captured()) {
    if (!capture(entry, batches, body)) {
      body(batches);
      return;
    }
  } else {
    const std::vector<Tensor*> to = tensors_of(entry.batches);
    const std::vector<Tensor*> from = tensors_of(batches);
    for (std::size_t i = 0; i < to.size(); ++i) {
      if (to[i]->defined()) {
        to[i]->copy_(*from[i], "StepGraphs");
      }
    }
    for (std::size_t i = 0; i < generators_.size(); ++i) {
      generators_[i].generator->reserve(entry.words[i]);
    }
  }
  set_counters(places);
  entry.graph.replay(current_stream(device_));
  ++replays_;
}

/// The generators are then where the step leaves them. False: it cannot be captured, and they are
/// where they were.
bool StepGraphs::capture(Entry& entry, Batches& batches, const Body& body) {
  std::vector<Generator::State> states;
  for (const NamedGenerator& generator : generators_) {
    states.push_back(generator.generator->state());
  }
  entry.batches = batches;
  for (Tensor* tensor : tensors_of(entry.batches)) {
    *tensor = tensor->defined() ? tensor->clone() : *tensor;
  }
  try {
    const CountersInUse counters(generators_, counters_);
    entry.graph.begin_capture(current_stream(device_));
    body(entry.batches);
    entry.graph.end_capture();
  } catch (const Error& error) {
    entries_.clear();  // ends the capture
    for (std::size_t i = 0; i < states.size(); ++i) {
      generators_[i].generator->restore(states[i]);
    }
    refusal_ = error.what();
    return false;
  }
  for (std::size_t i = 0; i < states.size(); ++i) {
    entry.words.push_back(generators_[i].generator->state().next - states[i].next);
  }
  return true;
}

void StepGraphs::set_counters(const std::vector<std::uint64_t>& places) {
  if (places.empty()) {
    return;
  }
  std::vector<std::int64_t> numbers;
  for (const std::uint64_t place : places) {
    numbers.push_back(static_cast<std::int64_t>(place));
  }
  counters_.copy_(Tensor::from(std::span<const std::int64_t>(numbers), counters_.shape()),
                  "StepGraphs");
}

std::int64_t StepGraphs::captured() const {
  return std::count_if(entries_.begin(), entries_.end(),
                       [](const Entry& entry) { return entry.graph.is_captured(); });
}

}  // namespace heddle
