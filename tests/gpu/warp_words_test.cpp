// Shuffles, votes and reductions of a warp.

#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <vector>

#include "core/tensor.h"
#include "kernels/gpu/device/device.h"

namespace heddle::kernels::sim {
namespace {

Stream& stream() { return current_stream(Device{.backend = Backend::sim}); }

__global__ void all_shuffles(Row<float> out) {
  const auto lane = static_cast<float>(threadIdx.x);
  out(threadIdx.x) = shuffle(full_mask, lane, 5);
  out(32 + threadIdx.x) = shuffle_xor(full_mask, lane, 3);
  out(64 + threadIdx.x) = shuffle_down(full_mask, lane, 4);
  out(96 + threadIdx.x) = shuffle_up(full_mask, lane, 4);
}

/// The halves of a warp go separate ways and meet again.
__global__ void halves(Row<std::int64_t> out) {
  const unsigned lane = threadIdx.x;
  std::int64_t sum = lane;
  if (lane < 16) {
    for (int step = 8; step > 0; step /= 2) {
      sum += shuffle_xor(0x0000FFFFu, sum, step);
    }
  } else {
    sum = shuffle_xor(0xFFFF0000u, sum, 1);
  }
  sync_warp();
  out(lane) = sum + shuffle(full_mask, sum, 31);
}

__global__ void votes(Row<std::int64_t> out) {
  const unsigned lane = threadIdx.x;
  const std::int64_t found[] = {ballot(full_mask, lane % 3 == 0), any(full_mask, lane == 31),
                                any(full_mask, false), all(full_mask, lane < 32),
                                all(full_mask, lane != 7)};
  if (lane < 5) {
    out(lane) = found[lane];
  }
}

struct SumShared {
  BlockReduceShared<double> reduce;
};

__global__ void block_sums(Row<const double> x, Row<double> out) {
  auto& shared = shared_memory<SumShared>();
  const double value = x(threadIdx.x);
  const double sum = block_sum(value, shared.reduce);
  const double most = block_max(value, shared.reduce);
  out(threadIdx.x) = sum;
  out(blockDim.x + threadIdx.x) = most;
}

__global__ void group_sums(Row<float> out) {
  out(threadIdx.x) = warp_sum<8>(static_cast<float>(threadIdx.x));
}

TEST(WarpWords, ShufflesReadTheLaneTheyName) {
  const Tensor out = Tensor::full({128}, -1);
  launch(all_shuffles, Launch{"all_shuffles", stream(), 1, 32}, flat_of<float>(out.output_view()));
  const float* const found = out.data<float>();
  for (int lane = 0; lane < 32; ++lane) {
    EXPECT_EQ(found[lane], 5.0f);
    EXPECT_EQ(found[32 + lane], static_cast<float>(lane ^ 3));
    EXPECT_EQ(found[64 + lane], static_cast<float>(lane + 4 < 32 ? lane + 4 : lane));
    EXPECT_EQ(found[96 + lane], static_cast<float>(lane >= 4 ? lane - 4 : lane));
  }
}

TEST(WarpWords, PartsOfAWarpMayGoSeparateWays) {
  const Tensor out = Tensor::full({32}, -1, DType::i64);
  launch(halves, Launch{"halves", stream(), 1, 32}, flat_of<std::int64_t>(out.output_view()));
  for (std::int64_t lane = 0; lane < 32; ++lane) {
    EXPECT_EQ(out.data<std::int64_t>()[lane], (lane < 16 ? 120 : lane ^ 1) + 30);
  }
}

TEST(WarpWords, VotesCountLanes) {
  const Tensor out = Tensor::full({5}, -1, DType::i64);
  launch(votes, Launch{"votes", stream(), 1, 32}, flat_of<std::int64_t>(out.output_view()));
  const std::vector<std::int64_t> found = out.to_vector<std::int64_t>();
  EXPECT_EQ(found, (std::vector<std::int64_t>{0x49249249, 1, 0, 1, 0}));
}

TEST(WarpWords, BlocksReduceToTheSameInEveryThread) {
  const Tensor x = Tensor::arange(160).to(DType::f64);
  const Tensor out = Tensor::full({320}, -1, DType::f64);
  launch(block_sums, Launch{"block_sums", stream(), 1, 160, sizeof(SumShared)},
         flat_of<double>(x.view()), flat_of<double>(out.output_view()));
  for (std::int64_t i = 0; i < 160; ++i) {
    EXPECT_EQ(out.data<double>()[i], 160 * 159 / 2);
    EXPECT_EQ(out.data<double>()[160 + i], 159);
  }
}

TEST(WarpWords, GroupsOfLanesReduceByThemselves) {
  const Tensor out = Tensor::full({32}, -1);
  launch(group_sums, Launch{"group_sums", stream(), 1, 32}, flat_of<float>(out.output_view()));
  for (int lane = 0; lane < 32; ++lane) {
    EXPECT_EQ(out.data<float>()[lane], static_cast<float>(lane / 8 * 64 + 28));
  }
}

}  // namespace
}  // namespace heddle::kernels::sim
