#include "core/cuda/event.h"

#include "core/cuda/calls.h"
#include "core/cuda/card.h"
#include "core/cuda/check.h"

namespace heddle::cuda {

Event::Event(Device device, bool timed) : device_(device) {
  select(device.index);
  const unsigned flags = timed ? cudaEventDefault : cudaEventDisableTiming;
  check_cuda(calls().cudaEventCreateWithFlags(&event_, flags), "cudaEventCreateWithFlags",
             device.index);
}

Event::~Event() {
  if (event_ != nullptr) {
    ignore_error(calls().cudaEventDestroy(event_));
  }
}

void Event::record(const Stream& stream) {
  check_cuda(calls().cudaEventRecord(event_, native(stream)), "cudaEventRecord", device_.index);
}

void Event::synchronize() const {
  check_cuda(calls().cudaEventSynchronize(event_), "cudaEventSynchronize", device_.index);
}

void Event::hold_back(const Stream& stream) const {
  check_cuda(calls().cudaStreamWaitEvent(native(stream), event_, cudaEventWaitDefault),
             "cudaStreamWaitEvent", device_.index);
}

float milliseconds_between(const Event& first, const Event& last) {
  float milliseconds = 0;
  check_cuda(calls().cudaEventElapsedTime(&milliseconds, first.event_, last.event_),
             "cudaEventElapsedTime", first.device_.index);
  return milliseconds;
}

}  // namespace heddle::cuda
