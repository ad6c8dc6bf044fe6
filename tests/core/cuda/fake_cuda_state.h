#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "core/cuda/calls.h"

// What the files of the fake CUDA (fake_cuda.h) share: everything it has made, and the words its
// calls are written in.

namespace heddle::fake_cuda {

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

/// Of the one FakeCuda that lives.
extern State* state;
extern thread_local cudaStreamCaptureMode capture_mode;
extern thread_local FakeStream* captured_here;

inline FakeStream* of(cudaStream_t stream) { return reinterpret_cast<FakeStream*>(stream); }
inline FakeEvent* of(cudaEvent_t event) { return reinterpret_cast<FakeEvent*>(event); }
inline FakeGraph* of(cudaGraph_t graph) { return reinterpret_cast<FakeGraph*>(graph); }
inline FakeGraph* of(cudaGraphExec_t graph) { return reinterpret_cast<FakeGraph*>(graph); }

/// Keeps the first misuse.
void found(const std::string& misuse);
/// Makes it CUDA's last error, and gives it back.
cudaError_t error(cudaError_t code);
/// cudaSuccess, or the error that this call was told to have.
cudaError_t enter(const char* call);

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

/// Does all work of the stream.
void run(FakeStream* stream);
/// Work for later; part of the graph where the stream is being captured.
cudaError_t give(cudaStream_t stream, Step step, const char* call);

// Each of these puts its calls into the table.
void use_memory_calls(cuda::CudaCalls& calls);  // and those about cards
void use_stream_calls(cuda::CudaCalls& calls);  // events and kernels too
void use_graph_calls(cuda::CudaCalls& calls);

}  // namespace heddle::fake_cuda
