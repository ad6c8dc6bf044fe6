// Thread-block clusters under the executor: kernels that are right, and what it says of wrong ones.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/tensor.h"
#include "kernels/gpu/device/device.h"
#include "kernels/gpu/sim/sanitizers.h"
#include "kernels/gpu/sim/schedule.h"

namespace heddle::kernels::sim {
namespace {

struct RingShared {
  SharedArray<float, 2, 64> value;
};

/// Each block passes its numbers to the next of its cluster, `steps` times.
__global__ void pass_round(Row<float> x, int steps) {
  auto& shared = shared_memory<RingShared>();
  const int i = static_cast<int>(threadIdx.x);
  const int next = (cluster_rank() + 1) % cluster_size();
  const unsigned at = (blockIdx.y * gridDim.x + blockIdx.x) * 64 + threadIdx.x;
  shared.value(0, i) = x(at);
  sync_cluster();
  for (int step = 0; step < steps; ++step) {
    const float value = shared.value(step % 2, i);
    store_peer(next, shared.value.address(1 - step % 2, i), Vector<float, 1>{{value + 1.0f}});
    sync_cluster();
  }
  x(at) = shared.value(steps % 2, i);
}

/// Each block adds up what all blocks of its cluster hold, in the order of their ranks.
__global__ void add_peers(Row<const float> x, Row<float> y) {
  auto& shared = shared_memory<RingShared>();
  const int i = static_cast<int>(threadIdx.x);
  shared.value(0, i) = x(blockIdx.x * 64 + threadIdx.x);
  sync_cluster();
  if (i % 4 == 0) {
    Vector<float, 4> sum{};
    for (int rank = 0; rank < cluster_size(); ++rank) {
      const Vector<float, 4> of_peer = load_peer<4>(rank, shared.value.address(0, i));
      for (int e = 0; e < 4; ++e) {
        sum[e] += of_peer[e];
      }
    }
    store_vector(y, blockIdx.x * 64 + threadIdx.x, sum);
  }
  sync_cluster();
}

/// Blocks and threads that ended are not waited for.
__global__ void some_leave(Row<float> y) {
  if (cluster_rank() == 1 || threadIdx.x % 2 == 0) {
    return;
  }
  sync_cluster();
  y(blockIdx.x * 64 + threadIdx.x) = 1.0f;
}

/// Barriers of cluster and grid together.
__global__ void cluster_then_grid(Row<float> x) {
  auto& shared = shared_memory<RingShared>();
  sync_cluster();
  if (threadIdx.x == 0) {
    const float mine = x(blockIdx.x);
    store_peer(1 - cluster_rank(), shared.value.address(0, 0), Vector<float, 1>{{mine}});
  }
  sync_cluster();
  const float of_peer = shared.value(0, 0);
  sync_grid();
  if (threadIdx.x == 0) {
    x((blockIdx.x + 2) % gridDim.x) = of_peer;
  }
}

__global__ void two_barriers_of_a_cluster() {
  if (cluster_rank() == 0) {
    sync_cluster();
  } else {
    sync_cluster();
  }
}

__global__ void waits_in_two_words() {
  if (threadIdx.x < 8) {
    sync_cluster();
  } else {
    sync_threads();
  }
}

__global__ void one_waits_for_the_grid() {
  if (blockIdx.x == 0) {
    sync_grid();
  } else {
    sync_cluster();
  }
}

/// Rank 0 reaches rank 1, with the barriers asked for.
__global__ void reaches(bool sync_before, bool sync_after, int rank) {
  auto& shared = shared_memory<RingShared>();
  if (sync_before) {
    sync_cluster();
  }
  if (cluster_rank() == 0 && threadIdx.x == 3) {
    store_peer(rank, shared.value.address(1, 4), Vector<float, 2>{});
  }
  if (sync_after) {
    sync_cluster();
  }
}

[[maybe_unused]] __global__ void reads_unwritten_of_a_peer(Row<float> y) {
  auto& shared = shared_memory<RingShared>();
  const int i = static_cast<int>(threadIdx.x);
  sync_cluster();
  if (cluster_rank() == 0) {
    shared.value(0, i) = 1.0f;
    y(i) = load_peer<1>(1, shared.value.address(0, i))[0];
  }
  sync_cluster();
}

[[maybe_unused]] __global__ void reads_unwritten_of_its_own(Row<float> y) {
  auto& shared = shared_memory<RingShared>();
  sync_cluster();
  if (cluster_rank() == 0) {
    store_peer(1, shared.value.address(0, 0), Vector<float, 1>{});
  }
  sync_cluster();
  y(cluster_rank()) = shared.value(0, 0);
}

__global__ void stores_from_elsewhere(Row<float> y) {
  sync_cluster();
  store_peer(0, y.address(0), Vector<float, 1>{});
  sync_cluster();
}

__global__ void stores_crookedly() {
  auto& shared = shared_memory<RingShared>();
  sync_cluster();
  store_peer(0, shared.value.address(0, 1), Vector<float, 4>{});
  sync_cluster();
}

__global__ void asks_for_its_rank(Row<float> y) { y(0) = static_cast<float>(cluster_rank()); }

Stream& stream() { return current_stream(Device{.backend = Backend::sim}); }

Launch in_clusters(const char* kernel, int cluster, dim3 grid, bool cooperative = false) {
  return {.kernel = kernel,
          .stream = stream(),
          .grid = grid,
          .block = 64,
          .shared_bytes = sizeof(RingShared),
          .cooperative = cooperative,
          .cluster = cluster};
}

std::vector<::heddle::sim::Schedule> schedules() {
  return {{::heddle::sim::Order::forward},
          {::heddle::sim::Order::reverse},
          {::heddle::sim::Order::shuffled, 3}};
}

TEST(ClusterExecutor, BlocksPassNumbersOnThroughSharedMemory) {
  for (const ::heddle::sim::Schedule& schedule : schedules()) {
    const ::heddle::sim::ScheduleScope scope(schedule);
    for (const int cluster : {2, 3, 8}) {
      const unsigned blocks = 2 * static_cast<unsigned>(cluster);
      const Tensor x = Tensor::arange(2 * blocks * 64).to(DType::f32);
      launch(pass_round, in_clusters("pass_round", cluster, {blocks, 2}),
             flat_of<float>(x.output_view()), 5);
      for (std::int64_t i = 0; i < x.elements(); ++i) {
        const std::int64_t block = i / 64;
        const std::int64_t first = block / cluster * cluster;
        const std::int64_t from = first + (block - first + 7 * cluster - 5) % cluster;
        ASSERT_EQ(x.data<float>()[i], static_cast<float>(from * 64 + i % 64 + 5))
            << to_string(schedule) << ", clusters of " << cluster;
      }
    }
  }
}

TEST(ClusterExecutor, BlocksReadEachOthersSharedMemory) {
  for (const ::heddle::sim::Schedule& schedule : schedules()) {
    const ::heddle::sim::ScheduleScope scope(schedule);
    const Tensor x = Tensor::arange(8 * 64).to(DType::f32);
    const Tensor y = Tensor::full({8 * 64}, -1);
    launch(add_peers, in_clusters("add_peers", 4, 8), flat_of<float>(x.view()),
           flat_of<float>(y.output_view()));
    for (std::int64_t i = 0; i < y.elements(); ++i) {
      const std::int64_t first = i / 256 * 256 + i % 64;
      ASSERT_EQ(y.data<float>()[i], static_cast<float>(4 * first + 64 * 6)) << to_string(schedule);
    }
  }
}

TEST(ClusterExecutor, BlocksThatEndedAreNotWaitedFor) {
  for (const ::heddle::sim::Schedule& schedule : schedules()) {
    const ::heddle::sim::ScheduleScope scope(schedule);
    const Tensor y = Tensor::zeros({4 * 64});
    launch(some_leave, in_clusters("some_leave", 2, 4), flat_of<float>(y.output_view()));
    for (std::int64_t i = 0; i < y.elements(); ++i) {
      EXPECT_EQ(y.data<float>()[i], i / 64 % 2 == 0 && i % 2 == 1 ? 1.0f : 0.0f);
    }
  }
}

TEST(ClusterExecutor, CooperativeLaunchesMayHaveClusters) {
  for (const ::heddle::sim::Schedule& schedule : schedules()) {
    const ::heddle::sim::ScheduleScope scope(schedule);
    const Tensor x = Tensor::arange(6).to(DType::f32);
    launch(cluster_then_grid, in_clusters("cluster_then_grid", 2, 6, true),
           flat_of<float>(x.output_view()));
    for (std::int64_t i = 0; i < 6; ++i) {
      const std::int64_t from = (i + 4) % 6;
      EXPECT_EQ(x.data<float>()[i], static_cast<float>(from ^ 1)) << to_string(schedule);
    }
  }
}

TEST(ClusterExecutor, TheDeviceSaysThatItHasClusters) { EXPECT_EQ(limits_of(stream()).cluster, 8); }

/// What the launch of `run` throws contains all of `parts`, in every schedule; afterwards the
/// executor goes on.
template <typename Run>
void expect_message(const Run& run, const std::vector<std::string>& parts) {
  for (const ::heddle::sim::Schedule& schedule : schedules()) {
    const ::heddle::sim::ScheduleScope scope(schedule);
    std::string message = "nothing thrown";
    try {
      run();
    } catch (const ::heddle::sim::KernelError& error) {
      message = error.what();
    }
    for (const std::string& part : parts) {
      EXPECT_NE(message.find(part), std::string::npos)
          << to_string(schedule) << ": the message is\n  " << message << "\nexpected in it\n  "
          << part;
    }
    const Tensor x = Tensor::zeros({4 * 64});
    launch(pass_round, in_clusters("pass_round", 4, 4), flat_of<float>(x.output_view()), 2);
    EXPECT_EQ(x.data<float>()[17], 2.0f);
  }
}

TEST(ClusterDiagnosis, ThreadsThatWaitInDifferentPlaces) {
  expect_message(
      [] { launch(two_barriers_of_a_cluster, in_clusters("two_barriers", 2, 4)); },
      {"two_barriers: the cluster of 2 blocks diverged: its threads wait in different barriers: "
       "block (",
       ", 0, 0): 64 threads (first 0, last 63) wait at sync_cluster (cluster_test.cpp:",
       "; 0 have ended; block ("});
  expect_message([] { launch(waits_in_two_words, in_clusters("two_words", 2, 2)); },
                 {" of 64 threads is stuck:",
                  "8 threads (first 0, last 7) wait at sync_cluster (cluster_test.cpp:",
                  "56 threads (first 8, last 63) wait at sync_threads (cluster_test.cpp:"});
  expect_message(
      [] { launch(one_waits_for_the_grid, in_clusters("one_waits", 2, 4, true)); },
      {"one_waits: the grid is stuck: 1 blocks wait at sync_grid, 1 at sync_cluster, 0 for flags "
       "that no block sets, 2 have ended"});
}

TEST(ClusterDiagnosis, PeersThatMayNotHaveBegunOrMayHaveEnded) {
  expect_message([] { launch(reaches, in_clusters("early", 2, 2), false, true, 1); },
                 {"early, block (0, 0, 0), thread (3, 0, 0), cluster_test.cpp:",
                  "store_peer: reaches the shared memory of block (1, 0, 0), which may not have "
                  "begun; expected a sync_cluster before the first access to a peer"});
  expect_message([] { launch(reaches, in_clusters("late", 2, 2), true, false, 1); },
                 {"late, block (0, 0, 0), thread (3, 0, 0), cluster_test.cpp:",
                  "store_peer: reaches the shared memory of block (1, 0, 0), which may have ended; "
                  "expected a sync_cluster between the access and the end of that block"});
  // Its own memory a block may reach as it likes.
  launch(reaches, in_clusters("own", 2, 2), false, false, 0);
}

TEST(ClusterDiagnosis, PlacesOutside) {
  expect_message([] { launch(reaches, in_clusters("rank", 2, 2), true, true, 2); },
                 {"rank, block (0, 0, 0), thread (3, 0, 0), cluster_test.cpp:",
                  "store_peer: rank 2 is outside; expected 0 … 1"});
  const Tensor y = Tensor::zeros({64});
  expect_message(
      [&] {
        launch(stores_from_elsewhere, in_clusters("elsewhere", 2, 2),
               flat_of<float>(y.output_view()));
      },
      {"store_peer: the address is outside of this block's shared memory; expected the place in it "
       "that is meant in the peer's"});
  expect_message([] { launch(stores_crookedly, in_clusters("crooked", 2, 2)); },
                 {"a vector of 4 begins at no multiple of its 16 bytes"});
}

#if !defined(HEDDLE_SIM_ASAN) && !defined(HEDDLE_SIM_TSAN)
TEST(ClusterDiagnosis, MemoryThatNothingHasWritten) {
  const Tensor y = Tensor::zeros({64});
  expect_message(
      [&] {
        launch(reads_unwritten_of_a_peer, in_clusters("unwritten", 2, 2),
               flat_of<float>(y.output_view()));
      },
      {"reads shared memory that nothing has written, byte ", " of 512 of block (1, 0, 0)"});
  expect_message(
      [&] {
        launch(reads_unwritten_of_its_own, in_clusters("unwritten", 2, 2),
               flat_of<float>(y.output_view()));
      },
      {"unwritten, block (0, 0, 0), thread (",
       "reads shared memory that nothing has written, byte 0 of 512"});
}
#endif

TEST(ClusterDiagnosis, LaunchesThatDoNotFit) {
  expect_message(
      [] { launch(two_barriers_of_a_cluster, in_clusters("odd", 2, 3)); },
      {"odd: cluster is 2 and the grid has 3 blocks along x; expected 1 to 8 blocks of a "
       "cluster, and a multiple of them along x"});
  expect_message([] { launch(two_barriers_of_a_cluster, in_clusters("large", 16, 16)); },
                 {"large: cluster is 16 and the grid has 16 blocks along x; expected 1 to 8"});
  const Tensor y = Tensor::zeros({64});
  expect_message(
      [&] {
        launch(asks_for_its_rank, in_clusters("alone", 1, 2), flat_of<float>(y.output_view()));
      },
      {"cluster_rank: the launch has no clusters; expected Launch{.cluster = 2}, or more"});
}

}  // namespace
}  // namespace heddle::kernels::sim
