#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/device.h"
#include "core/graph.h"

namespace heddle::bench {

/// Several calls of one function in a row, as many as fill a given time: on a GPU sent as one
/// graph, so that launching costs the least it can.
class Burst {
 public:
  /// Calls `body` a few times to find out how long it takes. `cold`: the caches are emptied before
  /// each call (host only), outside the time measured. Without `in_graph` calls are sent one by one
  /// on a GPU too.
  Burst(std::function<void()> body, Device device, double seconds, bool cold = false,
        bool in_graph = true);
  Burst(const Burst&) = delete;
  Burst& operator=(const Burst&) = delete;

  /// Runs it once; seconds of one call, on average.
  double measure();
  std::int64_t calls() const { return calls_; }
  /// Why there is no graph; empty where there is one, or none is wanted.
  const std::string& note() const { return note_; }

 private:
  double seconds_of(const std::function<void()>& work) const;
  void capture();

  std::function<void()> body_;
  Device device_;
  bool cold_;
  std::int64_t calls_ = 1;
  Graph graph_;
  bool has_graph_ = false;
  std::string note_;
};

}  // namespace heddle::bench
