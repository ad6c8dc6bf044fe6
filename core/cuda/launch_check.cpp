#include "core/cuda/launch_check.h"

#include <atomic>

#include "core/cuda/calls.h"
#include "core/cuda/card.h"
#include "core/cuda/check.h"
#include "core/environment.h"
#include "core/recording.h"

namespace heddle::cuda {
namespace {

std::atomic<bool>& synced() {
  static std::atomic<bool> sync =
      integer_from_environment("HEDDLE_SYNC", 0, 1, "yes (1) or no (0)").value_or(0) == 1;
  return sync;
}

}  // namespace

void after_launch(const char* kernel, const Stream& stream) {
  check_cuda(calls().cudaPeekAtLastError(), kernel, stream.device.index);
  if (synced().load(std::memory_order_relaxed) && !is_capturing(stream.device)) {
    check_cuda(calls().cudaStreamSynchronize(native(stream)), kernel, stream.device.index);
    call_after_wait(stream.device.index);
  }
}

void set_sync(bool sync) { synced() = sync; }

}  // namespace heddle::cuda
