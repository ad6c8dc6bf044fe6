#include "bench/peers/cuda/cudnn_softmax.h"

#include "tests/bench/peers.h"

namespace heddle::bench {
namespace {

TEST(CudnnSoftmaxPeer, ComputesOurSoftmax) {
  HEDDLE_NEEDS_GPU();
  const Tensor x = normal({17, 129}, 1).to(gpu);
  const Tensor dy = normal({17, 129}, 2).to(gpu);
  for (const bool logarithmic : {false, true}) {
    const Tensor y = Tensor::empty_like(x);
    const Tensor dx = Tensor::empty_like(x);
    const SoftmaxKernels& ours = kernels_for(gpu).softmax;
    ours.forward(current_stream(gpu), x.view(), {}, logarithmic, y.output_view());
    ours.backward(current_stream(gpu), y.view(), {}, dy.view(), logarithmic, dx.output_view());
    for (const auto mode : {CUDNN_SOFTMAX_MODE_INSTANCE, CUDNN_SOFTMAX_MODE_CHANNEL}) {
      for (const PeerMath math : {PeerMath::f32, PeerMath::bf16, PeerMath::f16}) {
        CudnnSoftmax peer(x, dy, logarithmic, mode, math, gpu_stream());
        expect_same(peer, true, math, {{"y", y}, {"dx", dx}});
      }
    }
  }
}

TEST(CudnnSoftmaxPeer, SaysWhyItCannotRun) {
  const Tensor x = normal({2, 3}, 1);
  expect_says_why([&] {
    return std::make_unique<CudnnSoftmax>(x, Tensor(), false, CUDNN_SOFTMAX_MODE_INSTANCE,
                                          PeerMath::f32, nullptr);
  });
}

}  // namespace
}  // namespace heddle::bench
