// The executor on kernels that are right: the same values in every schedule.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "kernels/gpu/device/device.h"
#include "kernels/gpu/sim/schedule.h"

namespace heddle::kernels::sim {
namespace {

struct ReverseShared {
  SharedArray<float, 64> value;
};

__global__ void reverse_block(Row<const float> x, Row<float> y) {
  auto& shared = shared_memory<ReverseShared>();
  const int i = static_cast<int>(threadIdx.x);
  shared.value(i) = x(blockIdx.x * 64 + threadIdx.x);
  sync_threads();
  y(blockIdx.x * 64 + threadIdx.x) = shared.value(63 - i);
}

/// Threads that end early do not count at barriers.
__global__ void some_leave(Row<float> y) {
  if (threadIdx.x % 3 == 0) {
    return;
  }
  sync_threads();
  y(threadIdx.x) = 1.0f;
}

__global__ void add_coordinates(Row<std::int64_t> y) {
  const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  const unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
  y(block * blockDim.x * blockDim.y * blockDim.z + thread) = block * 1000 + thread;
}

__global__ void count_threads(std::int64_t* counter) { atomic_add<std::int64_t>(counter, 1); }

/// Each block takes its right neighbour's number and adds one, `steps` times.
__global__ void pass_round(Row<float> x, int steps) {
  for (int step = 0; step < steps; ++step) {
    const float right = x((blockIdx.x + 1) % gridDim.x);
    sync_grid();
    if (threadIdx.x == 0) {
      x(blockIdx.x) = right + 1.0f;
    }
    sync_grid();
  }
}

/// A chain: block b goes on once block b − 1 has posted its flag.
__global__ void chain(Row<float> x, std::uint32_t* flags) {
  if (threadIdx.x == 0 && blockIdx.x > 0) {
    wait_flag(flags + blockIdx.x - 1, 1);
  }
  sync_threads();
  if (threadIdx.x == 0) {
    const float before = blockIdx.x > 0 ? static_cast<float>(x(blockIdx.x - 1)) : 1.0f;
    x(blockIdx.x) = 2.0f * before;
    post_flag(flags + blockIdx.x, 1);
  }
}

struct CopyShared {
  SharedArray<float, 128> value;
};

__global__ void copy_behind(Row<const float> x, Row<float> y) {
  auto& shared = shared_memory<CopyShared>();
  const int i = static_cast<int>(threadIdx.x);
  copy_async<16>(shared.value.address(4 * i), x.address(4 * i), i < 24);
  commit_copies();
  wait_copies<0>();
  sync_threads();
  const Vector<float, 4> four = load_shared<4>(shared.value.address(4 * (31 - i)));
  store_vector<4>(y, 4 * i, four);
}

Stream& stream() { return current_stream(Device{.backend = Backend::sim}); }

class ScheduledExecutor : public ::testing::TestWithParam<::heddle::sim::Schedule> {
 protected:
  void SetUp() override { scope_.emplace(GetParam()); }
  std::optional<::heddle::sim::ScheduleScope> scope_;
};

TEST_P(ScheduledExecutor, BarriersOrderSharedMemory) {
  const Tensor x = Tensor::arange(640).to(DType::f32);
  const Tensor y = Tensor::full({640}, -1);
  launch(reverse_block, Launch{"reverse_block", stream(), 10, 64, sizeof(ReverseShared)},
         flat_of<float>(x.view()), flat_of<float>(y.output_view()));
  for (std::int64_t i = 0; i < 640; ++i) {
    EXPECT_EQ(y.data<float>()[i], static_cast<float>(i / 64 * 64 + 63 - i % 64));
  }
}

TEST_P(ScheduledExecutor, ThreadsThatEndedAreNotWaitedFor) {
  const Tensor y = Tensor::zeros({100});
  launch(some_leave, Launch{"some_leave", stream(), 1, 100}, flat_of<float>(y.output_view()));
  for (std::int64_t i = 0; i < 100; ++i) {
    EXPECT_EQ(y.data<float>()[i], i % 3 == 0 ? 0.0f : 1.0f);
  }
}

TEST_P(ScheduledExecutor, GivesEveryThreadItsCoordinates) {
  const Tensor y = Tensor::full({2 * 3 * 4 * 5 * 2 * 3}, -1, DType::i64);
  launch(add_coordinates, Launch{"add_coordinates", stream(), {2, 3, 4}, {5, 2, 3}},
         flat_of<std::int64_t>(y.output_view()));
  for (std::int64_t i = 0; i < y.elements(); ++i) {
    EXPECT_EQ(y.data<std::int64_t>()[i], i / 30 * 1000 + i % 30);
  }
}

TEST_P(ScheduledExecutor, CountsWithAtomics) {
  std::int64_t counter = 0;
  launch(count_threads, Launch{"count_threads", stream(), {7, 5}, 33}, &counter);
  EXPECT_EQ(counter, 7 * 5 * 33);
}

TEST_P(ScheduledExecutor, AnEmptyGridDoesNothing) {
  std::int64_t counter = 0;
  launch(count_threads, Launch{"count_threads", stream(), 0, 32}, &counter);
  EXPECT_EQ(counter, 0);
}

TEST_P(ScheduledExecutor, BlocksWaitForEachOtherAtTheGridsBarrier) {
  const Tensor x = Tensor::arange(6).to(DType::f32);
  launch(
      pass_round,
      Launch{
          .kernel = "pass_round", .stream = stream(), .grid = 6, .block = 64, .cooperative = true},
      flat_of<float>(x.output_view()), 4);
  for (std::int64_t i = 0; i < 6; ++i) {
    EXPECT_EQ(x.data<float>()[i], static_cast<float>((i + 4) % 6 + 4));
  }
}

TEST_P(ScheduledExecutor, BlocksWaitForFlags) {
  const Tensor x = Tensor::zeros({8});
  std::vector<std::uint32_t> flags(8, 0);
  launch(chain,
         Launch{.kernel = "chain", .stream = stream(), .grid = 8, .block = 32, .cooperative = true},
         flat_of<float>(x.output_view()), flags.data());
  for (std::int64_t i = 0; i < 8; ++i) {
    EXPECT_EQ(x.data<float>()[i], static_cast<float>(2 << i));
  }
}

TEST_P(ScheduledExecutor, AsynchronousCopiesArriveAtTheWait) {
  const Tensor x = Tensor::arange(128).to(DType::f32);
  const Tensor y = Tensor::full({128}, -1);
  launch(copy_behind, Launch{"copy_behind", stream(), 1, 32, sizeof(CopyShared)},
         flat_of<float>(x.view()), flat_of<float>(y.output_view()));
  for (std::int64_t i = 0; i < 128; ++i) {
    const std::int64_t from = (31 - i / 4) * 4 + i % 4;
    EXPECT_EQ(y.data<float>()[i], from < 96 ? static_cast<float>(from) : 0.0f);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Schedule, ScheduledExecutor,
    ::testing::Values(::heddle::sim::Schedule{::heddle::sim::Order::forward},
                      ::heddle::sim::Schedule{::heddle::sim::Order::reverse},
                      ::heddle::sim::Schedule{::heddle::sim::Order::shuffled, 1},
                      ::heddle::sim::Schedule{::heddle::sim::Order::shuffled, 2}),
    [](const auto& schedule) {
      std::string name = to_string(schedule.param);
      std::replace(name.begin(), name.end(), ':', '_');
      return name;
    });

}  // namespace
}  // namespace heddle::kernels::sim
