#include "tests/core/cuda/fake_cuda.h"

#include <utility>

#include "core/error.h"
#include "tests/core/cuda/fake_cuda_state.h"

namespace heddle {
namespace fake_cuda {

State* state = nullptr;
thread_local cudaStreamCaptureMode capture_mode = cudaStreamCaptureModeThreadLocal;
thread_local FakeStream* captured_here = nullptr;

void found(const std::string& misuse) {
  if (state->misuse.empty()) {
    state->misuse = misuse;
  }
}

cudaError_t error(cudaError_t code) {
  state->last = code;
  return code;
}

cudaError_t enter(const char* call) {
  return FakeCuda::count_call(call) ? error(state->code) : cudaSuccess;
}

void run(FakeStream* stream) {
  while (!stream->queue.empty()) {
    const Step step = std::move(stream->queue.front());
    stream->queue.pop_front();
    step();
  }
}

cudaError_t give(cudaStream_t stream, Step step, const char* call) {
  FakeStream* const to = of(stream);
  if (!known(state->streams, to, call)) {
    return error(cudaErrorInvalidResourceHandle);
  }
  if (to->capturing) {
    to->captured.push_back(std::move(step));
  } else {
    to->queue.push_back(std::move(step));
  }
  return cudaSuccess;
}

}  // namespace fake_cuda

using namespace fake_cuda;

namespace {

cudaError_t peek_error() {
  HEDDLE_ENTER("cudaPeekAtLastError");
  return state->last;
}
cudaError_t last_error() { return std::exchange(state->last, cudaSuccess); }

const cuda::CudaCalls real_calls = cuda::calls();

}  // namespace

FakeCuda::FakeCuda() {
  check(state == nullptr, "FakeCuda: there is one already");
  state = new State;
  cuda::CudaCalls& calls = cuda::calls();
  calls = cuda::CudaCalls{};
  calls.cudaGetErrorName = real_calls.cudaGetErrorName;
  calls.cudaGetErrorString = real_calls.cudaGetErrorString;
  use_memory_calls(calls);
  use_stream_calls(calls);
  use_graph_calls(calls);
  calls.cudaPeekAtLastError = peek_error;
  calls.cudaGetLastError = last_error;
}

FakeCuda::~FakeCuda() {
  cuda::calls() = real_calls;
  delete state;
  state = nullptr;
}

void FakeCuda::fail_at(int n, cudaError_t code) {
  state->failing = n == 0 ? 0 : state->calls + n;
  state->code = code;
}

bool FakeCuda::count_call(const char* call) {
  ++state->counts[call];
  if (++state->calls != state->failing) {
    return false;
  }
  state->failed = call;
  return true;
}

std::string FakeCuda::failed_call() const { return state->failed; }

void FakeCuda::set_cards(int count, int major, int minor) {
  state->cards = count;
  state->major = major;
  state->minor = minor;
}

void FakeCuda::set_memory(std::size_t bytes) { state->memory = bytes; }

std::string FakeCuda::alive() const {
  std::string text;
  const auto add = [&](std::size_t count, const char* what) {
    if (count > 0) {
      text += (text.empty() ? "" : ", ") + std::to_string(count) + ' ' + what;
    }
  };
  add(state->blocks.size(), "blocks");
  add(state->host_blocks.size(), "host blocks");
  add(state->streams.size(), "streams");
  add(state->events.size(), "events");
  add(state->graphs.size(), "graphs");
  add(state->executables.size(), "executables");
  return text;
}

std::string FakeCuda::misuse() const { return state->misuse; }
int FakeCuda::kernels_started() const { return state->kernels; }
std::size_t FakeCuda::calls_of(const char* name) const { return state->counts[name]; }

void FakeCuda::do_all_work() {
  for (FakeStream* stream : state->streams) {
    run(stream);
  }
}

void FakeCuda::give(cudaStream_t stream, std::function<void()> step) {
  fake_cuda::give(stream, std::move(step), "library");
}

void FakeCuda::found_misuse(const std::string& what) { found(what); }

}  // namespace heddle
