#include "bench/peers/cuda/cudnn_linear_tanh.h"

#include "tests/bench/linear_tanh.h"
#include "tests/bench/peers.h"

namespace heddle::bench {
namespace {

TEST(CudnnLinearTanhPeer, ComputesOurLinearTanh) {
  HEDDLE_NEEDS_GPU();
  const LinearTanhTensors in(gpu);
  const std::map<std::string, Tensor> ours = in.our_results();
  int compared = 0;
  for (const PeerMath math : all_maths) {
    SCOPED_TRACE(name_of(math));
    const auto peer = made_or_refused(std::string(name_of(math)), [&] {
      return std::make_unique<CudnnLinearTanh>(in.x, in.weight, in.bias, in.dy, math, gpu_stream());
    });
    if (peer != nullptr) {
      expect_same(*peer, true, math, ours);
      ++compared;
    }
  }
  EXPECT_GE(compared, 2) << "cuDNN fuses this in tf32, bf16 and f16";
}

TEST(CudnnLinearTanhPeer, SaysWhyItCannotRun) {
  const LinearTanhTensors in(Device{});
  expect_says_why([&] {
    return std::make_unique<CudnnLinearTanh>(in.x, in.weight, in.bias, in.dy, PeerMath::tf32,
                                             nullptr);
  });
}

}  // namespace
}  // namespace heddle::bench
