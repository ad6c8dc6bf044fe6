#include <optional>

#include "core/captured_work.h"
#include "core/cuda/calls.h"
#include "core/cuda/card.h"
#include "core/cuda/check.h"
#include "core/cuda/event.h"
#include "core/error.h"
#include "core/recording.h"

namespace heddle {
namespace {

using cuda::calls;
using cuda::check_cuda;

/// A CUDA graph. It is captured on a stream of its own, on which nothing is ever done, so that
/// other threads go on with the shared one. ThreadLocal mode, so that they may take memory
/// meanwhile.
class CudaCapture : public CapturedWork {
 public:
  explicit CudaCapture(Stream& stream) : stream_(stream), index_(stream.device.index) {
    shared_stream_ = cuda::card(index_).stream;
    done_.emplace(stream.device);
    scope_.emplace(stream.device, nullptr);
    check_cuda(calls().cudaStreamCreateWithFlags(&capture_stream_, cudaStreamNonBlocking),
               "cudaStreamCreateWithFlags", index_);
    const cudaError_t code =
        calls().cudaStreamBeginCapture(capture_stream_, cudaStreamCaptureModeThreadLocal);
    if (code != cudaSuccess) {
      cuda::ignore_error(calls().cudaStreamDestroy(capture_stream_));
      check_cuda(code, "cudaStreamBeginCapture", index_);
    }
    cuda::set_capturing_stream(index_, capture_stream_);
    stream.native = capture_stream_;
  }

  ~CudaCapture() override {
    if (capture_stream_ != nullptr) {
      cudaGraph_t abandoned = nullptr;
      cuda::ignore_error(leave(abandoned));
      if (abandoned != nullptr) {
        cuda::ignore_error(calls().cudaGraphDestroy(abandoned));
      }
    }
    if (executable_ != nullptr) {
      try {
        done_->synchronize();
      } catch (const Error&) {
        // The device is lost, and what ran on it has ended.
      }
      cuda::ignore_error(calls().cudaGraphExecDestroy(executable_));
    }
  }

  void end() override {
    cudaGraph_t graph = nullptr;
    cudaError_t code = leave(graph);
    const char* call = "cudaStreamEndCapture";
    if (code == cudaSuccess) {
      call = "cudaGraphInstantiateWithFlags";
      code = calls().cudaGraphInstantiateWithFlags(&executable_, graph, 0);
      if (code != cudaSuccess) {
        executable_ = nullptr;
      }
    }
    if (graph != nullptr) {
      cuda::ignore_error(calls().cudaGraphDestroy(graph));
    }
    check_cuda(code, call, index_);
  }

  void replay(Stream& stream) override {
    cuda::select(index_);
    check_cuda(calls().cudaGraphLaunch(executable_, cuda::native(stream)), "cudaGraphLaunch",
               index_);
    done_->record(stream);
  }

 private:
  /// Ends the capture, whatever comes of it.
  cudaError_t leave(cudaGraph_t& graph) noexcept {
    const cudaError_t code = calls().cudaStreamEndCapture(capture_stream_, &graph);
    cuda::ignore_error(calls().cudaStreamDestroy(capture_stream_));
    capture_stream_ = nullptr;
    cuda::set_capturing_stream(-1, nullptr);
    scope_.reset();
    stream_.native = shared_stream_;
    return code;
  }

  Stream& stream_;
  int index_;
  std::optional<cuda::Event> done_;  // the last replay
  std::optional<CaptureScope> scope_;
  cudaStream_t shared_stream_ = nullptr;
  cudaStream_t capture_stream_ = nullptr;
  cudaGraphExec_t executable_ = nullptr;
};

}  // namespace

std::unique_ptr<CapturedWork> capture_on_cuda(Stream& stream) {
  return std::make_unique<CudaCapture>(stream);
}

}  // namespace heddle
