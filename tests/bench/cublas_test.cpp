#include "bench/peers/cuda/cublas_matmul.h"
#include "bench/peers/cuda/cublaslt_linear_tanh.h"
#include "tests/bench/linear_tanh.h"
#include "tests/bench/peers.h"

namespace heddle::bench {
namespace {

TEST(CublasMatmulPeer, ComputesOurProduct) {
  HEDDLE_NEEDS_GPU();
  for (const bool turned : {false, true}) {
    const Tensor a = normal(turned ? Shape{48, 24} : Shape{24, 48}, 1).to(gpu);
    const Tensor b = normal(turned ? Shape{40, 48} : Shape{48, 40}, 2).to(gpu);
    const Tensor left = turned ? a.transpose(0, 1) : a;
    const Tensor right = turned ? b.transpose(0, 1) : b;
    const Tensor out = Tensor::empty({24, 40}, DType::f32, gpu);
    kernels_for(gpu).matmul.multiply(current_stream(gpu), left.unsqueeze(0).view(),
                                     right.unsqueeze(0).view(), false,
                                     out.unsqueeze(0).output_view());
    for (const PeerMath math : all_maths) {
      for (const auto way : {CublasMatmul::Way::heuristics, CublasMatmul::Way::best}) {
        SCOPED_TRACE(name_of(math));
        CublasMatmul peer(left, right, way, math, gpu_stream());
        expect_same(peer, false, math, {{"out", out}});
      }
    }
  }
}

TEST(CublasLtLinearTanhPeer, ComputesOurLinearTanh) {
  HEDDLE_NEEDS_GPU();
  const LinearTanhTensors in(gpu);
  const std::map<std::string, Tensor> ours = in.our_results();
  for (const PeerMath math : {PeerMath::f32, PeerMath::tf32, PeerMath::bf16}) {
    SCOPED_TRACE(name_of(math));
    CublasLtLinearTanh peer(in.x, in.weight, in.bias, in.dy, math, gpu_stream());
    expect_same(peer, true, math, ours);
  }
}

TEST(CublasMatmulPeer, SaysWhyItCannotRun) {
  const Tensor a = normal({2, 3}, 1);
  const Tensor b = normal({3, 2}, 2);
  expect_says_why([&] {
    return std::make_unique<CublasMatmul>(a, b, CublasMatmul::Way::best, PeerMath::tf32, nullptr);
  });
}

TEST(CublasLtLinearTanhPeer, SaysWhyItCannotRun) {
  const LinearTanhTensors in(Device{});
  expect_says_why([&] {
    return std::make_unique<CublasLtLinearTanh>(in.x, in.weight, in.bias, in.dy, PeerMath::f32,
                                                nullptr);
  });
}

}  // namespace
}  // namespace heddle::bench
