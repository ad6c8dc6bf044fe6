#pragma once

// What the executor tells AddressSanitizer and ThreadSanitizer. Under TSan every thread of a kernel
// is a fiber of its own identity, barriers are stated by hand, and the executor's own bookkeeping,
// which all fibers touch in turn, is hidden.

#if defined(__SANITIZE_ADDRESS__)
#define HEDDLE_SIM_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HEDDLE_SIM_ASAN 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define HEDDLE_SIM_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HEDDLE_SIM_TSAN 1
#endif
#endif

#ifdef HEDDLE_SIM_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#ifdef HEDDLE_SIM_TSAN
#include <sanitizer/tsan_interface.h>
extern "C" {
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
void AnnotateIgnoreWritesBegin(const char* file, int line);
void AnnotateIgnoreWritesEnd(const char* file, int line);
}
#define HEDDLE_SIM_NO_TSAN __attribute__((no_sanitize("thread"), noinline))
#else
#define HEDDLE_SIM_NO_TSAN
#endif

namespace heddle::sim {

#ifdef HEDDLE_SIM_TSAN
/// How many begins of the fiber that runs have no end yet (Fiber keeps those of the others).
// Changed only where hidden: fibers of one OS thread share it, which TSan would call a race.
inline thread_local int hide_depth = 0;
#endif

/// What the running thread does from here on is not watched; calls nest.
inline void hide_begin() {
#ifdef HEDDLE_SIM_TSAN
  AnnotateIgnoreReadsBegin("", 0);
  AnnotateIgnoreWritesBegin("", 0);
  ++hide_depth;
#endif
}

inline void hide_end() {
#ifdef HEDDLE_SIM_TSAN
  --hide_depth;
  AnnotateIgnoreWritesEnd("", 0);
  AnnotateIgnoreReadsEnd("", 0);
#endif
}

class HideScope {
 public:
  HideScope() { hide_begin(); }
  ~HideScope() { hide_end(); }
  HideScope(const HideScope&) = delete;
  HideScope& operator=(const HideScope&) = delete;
};

inline void order_release([[maybe_unused]] void* identity) {
#ifdef HEDDLE_SIM_TSAN
  __tsan_release(identity);
#endif
}

inline void order_acquire([[maybe_unused]] void* identity) {
#ifdef HEDDLE_SIM_TSAN
  __tsan_acquire(identity);
#endif
}

#ifdef HEDDLE_SIM_TSAN
inline constexpr bool fiber_for_each_thread = true;
#else
inline constexpr bool fiber_for_each_thread = false;
#endif

}  // namespace heddle::sim
