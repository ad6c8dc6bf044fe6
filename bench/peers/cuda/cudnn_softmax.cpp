#include "bench/peers/cuda/cudnn_softmax.h"

#include "core/error.h"

namespace heddle::bench {
namespace {

constexpr float one = 1.0f;
constexpr float zero = 0.0f;

CudnnTensor rows_of(const Tensor& x, Element element) {
  const int sizes[] = {static_cast<int>(x.size(0)), static_cast<int>(x.size(1)), 1, 1};
  return {element, sizes};
}

}  // namespace

CudnnSoftmax::CudnnSoftmax(const Tensor& x, const Tensor& dy, bool logarithmic,
                           cudnnSoftmaxMode_t mode, PeerMath math, cudaStream_t stream)
    : CudaPeer(stream),
      x_(x, element_of(math)),
      dy_(dy, element_of(math)),
      algorithm_(logarithmic ? CUDNN_SOFTMAX_LOG : CUDNN_SOFTMAX_ACCURATE),
      mode_(mode),
      rows_(rows_of(x, element_of(math))),
      y_(output("y", x.shape(), element_of(math))) {
  if (dy.defined()) {
    dx_ = output("dx", x.shape(), element_of(math));
  }
}

void CudnnSoftmax::forward() {
  check_cudnn(cudnnSoftmaxForward(cudnn_on(stream()), algorithm_, mode_, &one, rows_.get(),
                                  x_.data(), &zero, rows_.get(), y_),
              "cudnnSoftmaxForward");
}

void CudnnSoftmax::backward() {
  check(dx_ != nullptr, "cudnn_softmax: backward without dy; give it to the constructor");
  check_cudnn(cudnnSoftmaxBackward(cudnn_on(stream()), algorithm_, mode_, &one, rows_.get(), y_,
                                   rows_.get(), dy_.data(), &zero, rows_.get(), dx_),
              "cudnnSoftmaxBackward");
}

}  // namespace heddle::bench
