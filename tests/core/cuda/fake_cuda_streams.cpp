// Streams, events and kernels of the fake CUDA. Work is done when something waits for it.

#include <utility>

#include "tests/core/cuda/fake_cuda_state.h"

namespace heddle::fake_cuda {
namespace {

cudaError_t stream_create(cudaStream_t* stream, unsigned) {
  HEDDLE_ENTER("cudaStreamCreateWithFlags");
  auto* const made = new FakeStream;
  state->streams.insert(made);
  *stream = reinterpret_cast<cudaStream_t>(made);
  return cudaSuccess;
}
cudaError_t stream_destroy(cudaStream_t stream) {
  const std::lock_guard lock(state->mutex);
  const cudaError_t told = enter("cudaStreamDestroy");
  if (known(state->streams, of(stream), "cudaStreamDestroy")) {
    run(of(stream));
    for (FakeEvent* event : state->events) {
      if (event->stream == of(stream)) {
        event->stream = nullptr;
      }
    }
    if (captured_here == of(stream)) {
      captured_here = nullptr;
    }
    state->streams.erase(of(stream));
    delete of(stream);
  }
  return told;
}
cudaError_t stream_synchronize(cudaStream_t stream) {
  HEDDLE_ENTER("cudaStreamSynchronize");
  if (!known(state->streams, of(stream), "cudaStreamSynchronize")) {
    return error(cudaErrorInvalidResourceHandle);
  }
  if (of(stream)->capturing) {
    return error(cudaErrorStreamCaptureUnsupported);
  }
  run(of(stream));
  return cudaSuccess;
}

cudaError_t event_create(cudaEvent_t* event, unsigned) {
  HEDDLE_ENTER("cudaEventCreateWithFlags");
  auto* const made = new FakeEvent;
  state->events.insert(made);
  *event = reinterpret_cast<cudaEvent_t>(made);
  return cudaSuccess;
}
cudaError_t event_destroy(cudaEvent_t event) {
  const std::lock_guard lock(state->mutex);
  const cudaError_t told = enter("cudaEventDestroy");
  if (known(state->events, of(event), "cudaEventDestroy")) {
    state->events.erase(of(event));
    delete of(event);
  }
  return told;
}
cudaError_t event_record(cudaEvent_t event, cudaStream_t stream) {
  HEDDLE_ENTER("cudaEventRecord");
  if (!known(state->events, of(event), "cudaEventRecord") ||
      !known(state->streams, of(stream), "cudaEventRecord")) {
    return error(cudaErrorInvalidResourceHandle);
  }
  of(event)->stream = of(stream);
  return cudaSuccess;
}
cudaError_t event_synchronize(cudaEvent_t event) {
  HEDDLE_ENTER("cudaEventSynchronize");
  if (!known(state->events, of(event), "cudaEventSynchronize")) {
    return error(cudaErrorInvalidResourceHandle);
  }
  if (FakeStream* const stream = std::exchange(of(event)->stream, nullptr)) {
    run(stream);  // more than CUDA promises, and less than a wait for all
  }
  return cudaSuccess;
}
cudaError_t event_elapsed_time(float* milliseconds, cudaEvent_t, cudaEvent_t) {
  HEDDLE_ENTER("cudaEventElapsedTime");
  *milliseconds = 1.5f;
  return cudaSuccess;
}
cudaError_t stream_wait_event(cudaStream_t, cudaEvent_t event, unsigned) {
  HEDDLE_ENTER("cudaStreamWaitEvent");
  if (of(event)->stream != nullptr) {
    run(of(event)->stream);
  }
  return cudaSuccess;
}

cudaError_t launch_kernel(const cudaLaunchConfig_t* config, const void*, void**) {
  HEDDLE_ENTER("cudaLaunchKernelExC");
  return give(
      config->stream, [] { ++state->kernels; }, "cudaLaunchKernelExC");
}
cudaError_t set_attribute(const void*, cudaFuncAttribute, int) {
  HEDDLE_ENTER("cudaFuncSetAttribute");
  return cudaSuccess;
}

cudaError_t driver_entry_point(const char*, void** function, unsigned long long,
                               cudaDriverEntryPointQueryResult* status) {
  HEDDLE_ENTER("cudaGetDriverEntryPoint");
  *function = nullptr;
  *status = cudaDriverEntryPointSymbolNotFound;  // there is no driver
  return cudaSuccess;
}

}  // namespace

void use_stream_calls(cuda::CudaCalls& calls) {
  calls.cudaStreamCreateWithFlags = stream_create;
  calls.cudaStreamDestroy = stream_destroy;
  calls.cudaStreamSynchronize = stream_synchronize;
  calls.cudaEventCreateWithFlags = event_create;
  calls.cudaEventDestroy = event_destroy;
  calls.cudaEventRecord = event_record;
  calls.cudaEventSynchronize = event_synchronize;
  calls.cudaEventElapsedTime = event_elapsed_time;
  calls.cudaStreamWaitEvent = stream_wait_event;
  calls.cudaLaunchKernelExC = launch_kernel;
  calls.cudaFuncSetAttribute = set_attribute;
  calls.cudaGetDriverEntryPoint = driver_entry_point;
}

}  // namespace heddle::fake_cuda
