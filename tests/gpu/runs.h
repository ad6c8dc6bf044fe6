#pragma once

#include <string>
#include <vector>

#include "core/device.h"
#include "core/error.h"
#include "core/tensor.h"
#include "kernels/gpu/families.h"
#include "kernels/gpu/sim/schedule.h"
#include "tests/support/backends.h"

// How tests of CUDA kernels run them: under sim in three schedules, and on the GPU where there is
// one. A test that loops over `gpu_runs()` covers all of them.

namespace heddle::testing {

/// Whether a sanitizer watches: what it reports does not depend on the order in which threads run,
/// and it makes them many times slower, so one schedule does. The three are run without.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr bool one_schedule = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr bool one_schedule = true;
#else
inline constexpr bool one_schedule = false;
#endif
#else
inline constexpr bool one_schedule = false;
#endif

struct GpuRun {
  Device device;
  sim::Schedule schedule;  // sim alone

  std::string name() const {
    return device.backend == Backend::sim ? concat("sim, ", sim::to_string(schedule))
                                          : to_string(device);
  }
};

inline std::vector<GpuRun> gpu_runs() {
  const Device host{.backend = Backend::sim};
  std::vector<GpuRun> runs;
  if (tests_use(host)) {
    runs = {{host, {sim::Order::forward}},
            {host, {sim::Order::reverse}},
            {host, {sim::Order::shuffled, 7}}};
    if (one_schedule) {
      runs = {{host, {sim::Order::shuffled, 7}}};
    }
  }
  const Device card{.backend = Backend::cuda};
  if (tests_use(card)) {
    runs.push_back({card, {}});
  }
  return runs;
}

}  // namespace heddle::testing
