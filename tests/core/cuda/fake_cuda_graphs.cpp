// Capture and graphs of the fake CUDA: lists of the work that a stream was given.

#include <utility>

#include "tests/core/cuda/fake_cuda_state.h"

namespace heddle::fake_cuda {
namespace {

cudaError_t begin_capture(cudaStream_t stream, cudaStreamCaptureMode) {
  HEDDLE_ENTER("cudaStreamBeginCapture");
  of(stream)->capturing = true;
  captured_here = of(stream);
  return cudaSuccess;
}
cudaError_t end_capture(cudaStream_t stream, cudaGraph_t* graph) {
  HEDDLE_ENTER("cudaStreamEndCapture");
  auto* const made = new FakeGraph{std::move(of(stream)->captured)};
  of(stream)->capturing = false;
  captured_here = nullptr;
  state->graphs.insert(made);
  *graph = reinterpret_cast<cudaGraph_t>(made);
  return cudaSuccess;
}
cudaError_t exchange_mode(cudaStreamCaptureMode* mode) {
  HEDDLE_ENTER("cudaThreadExchangeStreamCaptureMode");
  std::swap(*mode, capture_mode);
  return cudaSuccess;
}
cudaError_t instantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  HEDDLE_ENTER("cudaGraphInstantiateWithFlags");
  auto* const made = new FakeGraph{of(graph)->steps};
  state->executables.insert(made);
  *executable = reinterpret_cast<cudaGraphExec_t>(made);
  return cudaSuccess;
}
cudaError_t launch_graph(cudaGraphExec_t executable, cudaStream_t stream) {
  HEDDLE_ENTER("cudaGraphLaunch");
  for (const Step& step : of(executable)->steps) {
    give(stream, step, "cudaGraphLaunch");
  }
  return cudaSuccess;
}
cudaError_t destroy_graph(cudaGraph_t graph) {
  const std::lock_guard lock(state->mutex);
  const cudaError_t told = enter("cudaGraphDestroy");
  if (known(state->graphs, of(graph), "cudaGraphDestroy")) {
    state->graphs.erase(of(graph));
    delete of(graph);
  }
  return told;
}
cudaError_t destroy_executable(cudaGraphExec_t executable) {
  const std::lock_guard lock(state->mutex);
  const cudaError_t told = enter("cudaGraphExecDestroy");
  if (known(state->executables, of(executable), "cudaGraphExecDestroy")) {
    state->executables.erase(of(executable));
    delete of(executable);
  }
  return told;
}

}  // namespace

void use_graph_calls(cuda::CudaCalls& calls) {
  calls.cudaStreamBeginCapture = begin_capture;
  calls.cudaStreamEndCapture = end_capture;
  calls.cudaThreadExchangeStreamCaptureMode = exchange_mode;
  calls.cudaGraphInstantiateWithFlags = instantiate;
  calls.cudaGraphLaunch = launch_graph;
  calls.cudaGraphDestroy = destroy_graph;
  calls.cudaGraphExecDestroy = destroy_executable;
}

}  // namespace heddle::fake_cuda
