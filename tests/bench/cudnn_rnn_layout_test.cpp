#include "bench/peers/cuda/cudnn_rnn_layout.h"

#include "tests/bench/peers.h"

namespace heddle::bench {
namespace {

// Steps [T = 3, B = 3, 1], numbered 10·t + row.
Tensor numbered() { return Tensor::from<float>({0, 1, 2, 10, 11, 12, 20, 21, 22}, {3, 3, 1}); }

RnnLayout layout(bool packed) { return {numbered(), Tensor::zeros({1, 8, 2}), {1, 3, 2}, packed}; }

TEST(CudnnRnnLayout, PacksTheLongestRowFirst) {
  const RnnLayout packed = layout(true);
  EXPECT_EQ(packed.step_count(), 6);
  EXPECT_EQ(packed.ordered_lengths(), (std::vector<int>{3, 2, 1}));
  EXPECT_EQ(packed.to_cudnn(numbered()).to_vector<float>(),
            (std::vector<float>{1, 2, 0, 11, 12, 21}));
}

TEST(CudnnRnnLayout, UnpacksWithZerosBeyondALength) {
  const RnnLayout packed = layout(true);
  EXPECT_EQ(packed.steps_from_cudnn(packed.to_cudnn(numbered())).to_vector<float>(),
            (std::vector<float>{0, 1, 2, 0, 11, 12, 0, 21, 0}));
}

TEST(CudnnRnnLayout, PutsStatesBackIntoOurOrder) {
  // cuDNN's rows are ours 1, 2, 0.
  const Tensor states = Tensor::from<float>({10, 11, 20, 21, 0, 1}, {1, 3, 2});
  EXPECT_EQ(layout(true).states_from_cudnn(states).to_vector<float>(),
            (std::vector<float>{0, 1, 10, 11, 20, 21}));
}

TEST(CudnnRnnLayout, LeavesPaddedStepsWhereTheyAre) {
  const RnnLayout padded = layout(false);
  EXPECT_EQ(padded.step_count(), 9);
  EXPECT_EQ(padded.ordered_lengths(), (std::vector<int>{1, 3, 2}));
  EXPECT_TRUE(same_bits(padded.to_cudnn(numbered()), numbered()));
}

TEST(CudnnRnnLayout, RefusesALengthThatIsNone) {
  EXPECT_THROW(RnnLayout(numbered(), Tensor::zeros({1, 8, 2}), {0, 3, 2}, true), Error);
  EXPECT_THROW(RnnLayout(numbered(), Tensor::zeros({1, 8, 2}), {3, 4, 2}, true), Error);
  EXPECT_THROW(RnnLayout(numbered(), Tensor::zeros({1, 8, 2}), {3, 2}, true), Error);
}

}  // namespace
}  // namespace heddle::bench
