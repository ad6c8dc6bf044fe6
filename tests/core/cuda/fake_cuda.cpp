#include "tests/core/cuda/fake_cuda.h"

#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "core/cuda/calls.h"
#include "core/error.h"
#include "core/host_copy.h"

namespace heddle {
namespace {

using Step = std::function<void()>;

struct FakeStream {
  std::deque<Step> queue;
  bool capturing = false;
  std::vector<Step> captured;
};

struct FakeEvent {
  FakeStream* stream = nullptr;  // with a mark that has not been passed
};

struct FakeGraph {
  std::vector<Step> steps;
};

struct State {
  std::recursive_mutex mutex;
  int calls = 0;
  int failing = 0;
  cudaError_t code = cudaSuccess;
  cudaError_t last = cudaSuccess;
  std::string failed;
  std::string misuse;
  std::map<std::string, std::size_t> counts;
  int cards = 1;
  int major = 9;
  int minor = 0;
  std::size_t memory = 0;  // 0: no limit
  std::size_t taken = 0;
  int kernels = 0;
  std::map<void*, std::size_t> blocks;
  std::map<void*, std::size_t> host_blocks;
  std::set<FakeStream*> streams;
  std::set<FakeEvent*> events;
  std::set<FakeGraph*> graphs;
  std::set<FakeGraph*> executables;
};

State* state = nullptr;
thread_local cudaStreamCaptureMode capture_mode = cudaStreamCaptureModeThreadLocal;
thread_local FakeStream* captured_here = nullptr;

FakeStream* of(cudaStream_t stream) { return reinterpret_cast<FakeStream*>(stream); }
FakeEvent* of(cudaEvent_t event) { return reinterpret_cast<FakeEvent*>(event); }
FakeGraph* of(cudaGraph_t graph) { return reinterpret_cast<FakeGraph*>(graph); }
FakeGraph* of(cudaGraphExec_t graph) { return reinterpret_cast<FakeGraph*>(graph); }

void found(const std::string& misuse) {
  if (state->misuse.empty()) {
    state->misuse = misuse;
  }
}

cudaError_t error(cudaError_t code) {
  state->last = code;
  return code;
}

/// cudaSuccess, or the error that this call was told to have.
cudaError_t enter(const char* call) {
  return FakeCuda::count_call(call) ? error(state->code) : cudaSuccess;
}

#define HEDDLE_ENTER(call)                                         \
  const std::lock_guard lock(state->mutex);                        \
  if (const cudaError_t told = enter(call); told != cudaSuccess) { \
    return told;                                                   \
  }

template <typename Thing>
bool known(const std::set<Thing*>& all, Thing* thing, const char* call) {
  if (all.count(thing) == 0) {
    found(std::string(call) + " of what was not made, or was destroyed");
    return false;
  }
  return true;
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

bool inside(const void* address, std::size_t bytes) {
  const auto* const at = static_cast<const std::byte*>(address);
  for (const auto* blocks : {&state->blocks, &state->host_blocks}) {
    for (const auto& [block, size] : *blocks) {
      const auto* const begin = static_cast<const std::byte*>(block);
      if (at >= begin && at + bytes <= begin + size) {
        return true;
      }
    }
  }
  return false;
}

cudaError_t get_device_count(int* count) {
  HEDDLE_ENTER("cudaGetDeviceCount");
  *count = state->cards;
  return state->cards == 0 ? error(cudaErrorNoDevice) : cudaSuccess;
}
cudaError_t get_device_properties(cudaDeviceProp* properties, int) {
  HEDDLE_ENTER("cudaGetDeviceProperties");
  std::strcpy(properties->name, "Fake H100");
  properties->major = state->major;
  properties->minor = state->minor;
  properties->multiProcessorCount = 132;
  properties->sharedMemPerBlockOptin = std::size_t{227} << 10;
  return cudaSuccess;
}
cudaError_t set_device(int device) {
  HEDDLE_ENTER("cudaSetDevice");
  return device < state->cards ? cudaSuccess : error(cudaErrorInvalidDevice);
}
cudaError_t mem_get_info(std::size_t* free_bytes, std::size_t* total) {
  HEDDLE_ENTER("cudaMemGetInfo");
  *total = state->memory;
  *free_bytes = state->memory - state->taken;
  return cudaSuccess;
}

cudaError_t malloc_device(void** block, std::size_t bytes) {
  HEDDLE_ENTER("cudaMalloc");
  if (captured_here != nullptr && capture_mode != cudaStreamCaptureModeRelaxed) {
    return error(cudaErrorStreamCaptureUnsupported);
  }
  if (state->memory > 0 && state->taken + bytes > state->memory) {
    return error(cudaErrorMemoryAllocation);
  }
  *block = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  std::memset(*block, 0xA5, bytes);
  state->blocks[*block] = bytes;
  state->taken += bytes;
  return cudaSuccess;
}
cudaError_t free_device(void* block) {
  const std::lock_guard lock(state->mutex);
  const cudaError_t told = enter("cudaFree");
  if (state->blocks.count(block) == 0) {
    found("cudaFree of what was not allocated");
    return error(cudaErrorInvalidValue);
  }
  FakeCuda::do_all_work();
  state->taken -= state->blocks[block];
  state->blocks.erase(block);
  std::free(block);
  return told;
}
cudaError_t malloc_host(void** block, std::size_t bytes) {
  HEDDLE_ENTER("cudaMallocHost");
  *block = std::aligned_alloc(256, bytes);
  state->host_blocks[*block] = bytes;
  return cudaSuccess;
}
cudaError_t free_host(void* block) {
  const std::lock_guard lock(state->mutex);
  const cudaError_t told = enter("cudaFreeHost");
  if (state->host_blocks.erase(block) == 0) {
    found("cudaFreeHost of what was not allocated");
    return error(cudaErrorInvalidValue);
  }
  std::free(block);
  return told;
}
cudaError_t memcpy_async(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                         cudaStream_t stream) {
  HEDDLE_ENTER("cudaMemcpyAsync");
  const auto copy = [=] {
    if (!inside(to, bytes) || !inside(from, bytes)) {
      found("cudaMemcpyAsync outside of memory, kind " + std::to_string(kind));
      return;
    }
    std::memcpy(to, from, bytes);
  };
  return give(stream, copy, "cudaMemcpyAsync");
}
cudaError_t memset_async(void* to, int value, std::size_t bytes, cudaStream_t stream) {
  HEDDLE_ENTER("cudaMemsetAsync");
  const auto fill = [=] {
    if (inside(to, bytes)) {
      std::memset(to, value, bytes);
    } else {
      found("cudaMemsetAsync outside of memory");
    }
  };
  return give(stream, fill, "cudaMemsetAsync");
}

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

cudaError_t launch_kernel(const cudaLaunchConfig_t* config, const void*, void**) {
  HEDDLE_ENTER("cudaLaunchKernelExC");
  return give(
      config->stream, [] { ++state->kernels; }, "cudaLaunchKernelExC");
}
cudaError_t set_attribute(const void*, cudaFuncAttribute, int) {
  HEDDLE_ENTER("cudaFuncSetAttribute");
  return cudaSuccess;
}
cudaError_t peek_error() {
  HEDDLE_ENTER("cudaPeekAtLastError");
  return state->last;
}
cudaError_t last_error() { return std::exchange(state->last, cudaSuccess); }

void strided_copy(Stream& stream, const View& destination, const ConstView& source) {
  give(
      static_cast<cudaStream_t>(stream.native), [=] { host_copy(destination, source); },
      "strided_copy");
}
void strided_fill(Stream& stream, const View& destination, double value) {
  give(
      static_cast<cudaStream_t>(stream.native), [=] { host_fill(destination, value); },
      "strided_fill");
}

cuda::CudaCalls fakes(const cuda::CudaCalls& real) {
  return {.cudaGetDeviceCount = get_device_count,
          .cudaGetDeviceProperties = get_device_properties,
          .cudaSetDevice = set_device,
          .cudaMemGetInfo = mem_get_info,
          .cudaMalloc = malloc_device,
          .cudaFree = free_device,
          .cudaMallocHost = malloc_host,
          .cudaFreeHost = free_host,
          .cudaMemcpyAsync = memcpy_async,
          .cudaMemsetAsync = memset_async,
          .cudaStreamCreateWithFlags = stream_create,
          .cudaStreamDestroy = stream_destroy,
          .cudaStreamSynchronize = stream_synchronize,
          .cudaEventCreateWithFlags = event_create,
          .cudaEventDestroy = event_destroy,
          .cudaEventRecord = event_record,
          .cudaEventSynchronize = event_synchronize,
          .cudaEventElapsedTime = event_elapsed_time,
          .cudaStreamWaitEvent = stream_wait_event,
          .cudaStreamBeginCapture = begin_capture,
          .cudaStreamEndCapture = end_capture,
          .cudaThreadExchangeStreamCaptureMode = exchange_mode,
          .cudaGraphInstantiateWithFlags = instantiate,
          .cudaGraphLaunch = launch_graph,
          .cudaGraphDestroy = destroy_graph,
          .cudaGraphExecDestroy = destroy_executable,
          .cudaLaunchKernelExC = launch_kernel,
          .cudaFuncSetAttribute = set_attribute,
          .cudaPeekAtLastError = peek_error,
          .cudaGetLastError = last_error,
          .cudaGetErrorName = real.cudaGetErrorName,
          .cudaGetErrorString = real.cudaGetErrorString,
          .strided_copy = strided_copy,
          .strided_fill = strided_fill};
}

const cuda::CudaCalls real_calls = cuda::calls();

}  // namespace

FakeCuda::FakeCuda() {
  check(state == nullptr, "FakeCuda: there is one already");
  state = new State;
  cuda::calls() = fakes(real_calls);
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
  heddle::give(stream, std::move(step), "library");
}

void FakeCuda::found_misuse(const std::string& what) { found(what); }

}  // namespace heddle
