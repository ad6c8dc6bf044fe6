#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/gpu/sim/place.h"

namespace heddle::sim {

enum class Space : std::uint8_t { global, shared };
enum class Reach : std::uint8_t { load, store };

/// One thread's access to memory.
struct Access {
  Space space;
  Reach reach;
  const void* address;
  std::size_t bytes;
  Place place;
};

/// Where a thread stands, for recorders and reports.
struct ThreadPlace {
  unsigned block;   // linear, in the grid
  unsigned thread;  // linear, in the block; warp = thread / 32, lane = thread % 32
};

/// Is told what a launch does, in the order of the schedule. Launches with a recorder run on one OS
/// thread.
class Recorder {
 public:
  virtual ~Recorder() = default;
  virtual void begin_launch(const char* kernel, std::size_t blocks, std::size_t threads) = 0;
  virtual void access(const ThreadPlace& who, const Access& what) = 0;
  /// Floating-point operations that the thread did at a place.
  virtual void operations(const ThreadPlace& who, int count, Place place) = 0;
  /// sync_threads, sync_warp, shuffle_xor, mma, …: once for each thread.
  virtual void word(const ThreadPlace& who, const char* word, Place place) = 0;
};

/// Told about the launches of this thread; null most of the time. Every word looks at it: the model
/// makes that one load, where position-independent code would call a function.
[[gnu::tls_model("initial-exec")]] inline thread_local constinit Recorder* active_recorder =
    nullptr;

/// While it lives, the recorder is told about this thread's launches.
class RecordScope {
 public:
  explicit RecordScope(Recorder& recorder) : before_(active_recorder) {
    active_recorder = &recorder;
  }
  ~RecordScope() { active_recorder = before_; }
  RecordScope(const RecordScope&) = delete;
  RecordScope& operator=(const RecordScope&) = delete;

 private:
  Recorder* before_;
};

}  // namespace heddle::sim
