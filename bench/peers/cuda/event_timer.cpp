#include "bench/peers/cuda/event_timer.h"

#include <algorithm>
#include <limits>
#include <memory>

#include "core/cuda/check.h"

namespace heddle::bench {
namespace {

using cuda::check_cuda;

constexpr int timed_calls = 5;

std::shared_ptr<CUevent_st> make_event() {
  cudaEvent_t event = nullptr;
  check_cuda(cudaEventCreate(&event), "cudaEventCreate", 0);
  return {event, [](cudaEvent_t done) { cuda::ignore_error(cudaEventDestroy(done)); }};
}

}  // namespace

float best_milliseconds(cudaStream_t stream, const std::function<void()>& call) {
  const auto begin = make_event();
  const auto end = make_event();
  call();
  float best = std::numeric_limits<float>::infinity();
  for (int i = 0; i < timed_calls; ++i) {
    check_cuda(cudaEventRecord(begin.get(), stream), "cudaEventRecord", 0);
    call();
    check_cuda(cudaEventRecord(end.get(), stream), "cudaEventRecord", 0);
    check_cuda(cudaEventSynchronize(end.get()), "cudaEventSynchronize", 0);
    float taken = 0.0f;
    check_cuda(cudaEventElapsedTime(&taken, begin.get(), end.get()), "cudaEventElapsedTime", 0);
    best = std::min(best, taken);
  }
  return best;
}

}  // namespace heddle::bench
