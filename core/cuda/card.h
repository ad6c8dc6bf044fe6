#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <string>

#include "core/cuda/staging.h"
#include "core/stream.h"

namespace heddle::cuda {

/// What the runtime keeps of one GPU, made when it is first used.
struct Card {
  explicit Card(int card_index) : index(card_index), staging(Device{Backend::cuda, card_index}) {}
  /// Waits for its work.
  ~Card();
  Card(const Card&) = delete;
  Card& operator=(const Card&) = delete;

  int index;
  std::string name;
  int major = 0;  // compute capability
  int minor = 0;
  int multiprocessors = 0;
  std::size_t shared_bytes = 0;   // the most one block can have
  cudaStream_t stream = nullptr;  // the one all threads give their work to
  Staging staging;
};

/// Number of GPUs. Errors: Unavailable without a driver or a GPU; says which.
int card_count();
/// Also makes it the calling thread's current device. Errors: Unavailable where there is no such
/// GPU, or the build has no code for it (the message has the cmake command that makes some).
Card& card(int index);
/// Makes a GPU the calling thread's current device; it need not be in use yet.
void select(int index);

inline cudaStream_t native(const Stream& stream) {
  return static_cast<cudaStream_t>(stream.native);
}

/// The stream of this thread's capture on the GPU; null outside a capture.
cudaStream_t capturing_stream(int index);
void set_capturing_stream(int index, cudaStream_t stream);

/// Where a thread is capturing, what takes memory from the device must be let through, since it is
/// no part of the captured work.
class CapturePause {
 public:
  explicit CapturePause(int index);
  ~CapturePause();
  CapturePause(const CapturePause&) = delete;
  CapturePause& operator=(const CapturePause&) = delete;

 private:
  bool active_;
  cudaStreamCaptureMode mode_ = cudaStreamCaptureModeRelaxed;
};

/// Gives back what the runtime holds of all GPUs (streams, page-locked memory), once their work is
/// done; the next use makes it anew. Tensors stay. What else is kept for a GPU (cuBLAS) goes first.
/// No other thread may be using a GPU, no stream obtained before may be used afterwards, and no
/// graph may be left.
void shut_down() noexcept;

/// `hook(index)` is called whenever the host has waited for a GPU's work, and may throw: for errors
/// that kernels leave behind. Null for none.
void set_after_wait(void (*hook)(int index));
void call_after_wait(int index);

}  // namespace heddle::cuda
