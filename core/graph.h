#pragma once

#include <cstdint>
#include <memory>

#include "core/stream.h"

namespace heddle {

/// Work that is recorded once and then done again with one call, which saves the host the time of
/// starting each kernel (a small model's step has hundreds). Backends: cuda (a CUDA graph) and sim
/// (a list of closures).
///
///     Graph graph;
///     graph.begin_capture(stream);   // from here this thread's work on the device is noted, not
///     done y.copy_(forward(x)); graph.end_capture(); x.copy_(batch);                // new numbers
///     in the same tensor graph.replay(stream);
///
/// A replay reads and writes the addresses, and takes the numbers (scalars, seeds), of the capture.
/// Memory asked for between begin and end belongs to the graph (core/graph_memory.h); tensors that
/// were there before must outlive it. Between begin and end nothing may be sent to the device or
/// read from it, since nothing is computed. Not to be used by two threads at a time.
class Graph {
 public:
  Graph();
  /// Abandons a capture that has not ended (on the thread that began it), waits for a replay that
  /// is running.
  ~Graph();
  Graph(Graph&&) noexcept;
  Graph& operator=(Graph&&) noexcept;

  /// `stream` is `current_stream` of its device. Errors: Unavailable on cpu; this thread is
  /// capturing already. What the graph held before is dropped.
  void begin_capture(Stream& stream);
  /// On the thread that began. Errors: no capture; the work cannot be captured.
  void end_capture();
  /// Errors: nothing was captured; another device; this thread is capturing.
  void replay(Stream& stream);

  bool is_captured() const;
  /// What it keeps, in bytes.
  std::int64_t memory_bytes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace heddle
