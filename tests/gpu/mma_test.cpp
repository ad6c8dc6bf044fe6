#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "core/random.h"
#include "core/tensor.h"
#include "kernels/gpu/sim/sanitizers.h"
#include "tests/gpu/mma_kernels.h"
#include "tests/gpu/runs.h"
#include "tests/kernels/expect_error.h"

// Where each element of a fragment is, one by one; the tables here are written down from the PTX
// ISA ("Matrix fragments for mma.m16n8k16 with floating point type", "… mma.m16n8k8", "ldmatrix"),
// by groupID = lane / 4 and threadID_in_group = lane % 4, not taken from the maps under test.

#if defined(HEDDLE_HAS_CUDA)
namespace heddle::kernels::cuda {
void run_mma(Stream&, bool, const ConstView&, const ConstView&, const ConstView&, const View&);
void run_load_tiles(Stream&, bool, const ConstView&, const View&);
void run_mma_from_shared(Stream&, const ConstView&, const ConstView&, const View&);
void run_copies(Stream&, const ConstView&, const View&);
void run_guarded_copies(Stream&, const ConstView&, const ConstView&, const View&);
}  // namespace heddle::kernels::cuda
#endif

namespace heddle::testing {
namespace {

using kernels::sim::TilePlace;
using Place = std::pair<int, int>;

Place pair_of(TilePlace place) { return {place.row, place.col}; }

TEST(MmaMaps, AreThoseOfThePtxManual) {
  for (int lane = 0; lane < 32; ++lane) {
    const int group = lane >> 2;
    const int thread = lane & 3;
    for (int i = 0; i < 8; ++i) {
      // a of m16n8k16: row = groupID for a0 a1 a4 a5, else groupID + 8; col = 2 · thread + (i & 1),
      // + 8 for a4 and later.
      const bool upper = i < 2 || (i >= 4 && i < 6);
      EXPECT_EQ(pair_of(kernels::sim::a_place_bf16(lane, i)),
                Place(upper ? group : group + 8, thread * 2 + (i & 1) + (i >= 4 ? 8 : 0)));
    }
    for (int i = 0; i < 4; ++i) {
      EXPECT_EQ(pair_of(kernels::sim::b_place_bf16(lane, i)),
                Place(thread * 2 + (i & 1) + (i >= 2 ? 8 : 0), group));
      // a of m16n8k8, tf32: row = groupID for a0 and a2; col = thread for a0 and a1, else + 4.
      EXPECT_EQ(pair_of(kernels::sim::a_place_tf32(lane, i)),
                Place(i == 0 || i == 2 ? group : group + 8, i < 2 ? thread : thread + 4));
      EXPECT_EQ(pair_of(kernels::sim::sum_place(lane, i)),
                Place(i < 2 ? group : group + 8, thread * 2 + (i & 1)));
    }
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(pair_of(kernels::sim::b_place_tf32(lane, i)),
                Place(i == 0 ? thread : thread + 4, group));
    }
  }
}

/// How many different places, and whether all are inside rows × cols.
template <typename Map>
std::size_t places(Map map, int elements, int rows, int cols) {
  std::set<Place> seen;
  for (int lane = 0; lane < 32; ++lane) {
    for (int i = 0; i < elements; ++i) {
      const Place place = pair_of(map(lane, i));
      if (place.first >= 0 && place.first < rows && place.second >= 0 && place.second < cols) {
        seen.insert(place);
      }
    }
  }
  return seen.size();
}

TEST(MmaMaps, CoverEachTileOnce) {
  EXPECT_EQ(places(kernels::sim::a_place_bf16, 8, 16, 16), 256u);
  EXPECT_EQ(places(kernels::sim::b_place_bf16, 4, 16, 8), 128u);
  EXPECT_EQ(places(kernels::sim::a_place_tf32, 4, 16, 8), 128u);
  EXPECT_EQ(places(kernels::sim::b_place_tf32, 2, 8, 8), 64u);
  EXPECT_EQ(places(kernels::sim::sum_place, 4, 16, 8), 128u);
}

// HEDDLE_RUN(run_mma, device, arguments…): in the backend of `device`.
#if defined(HEDDLE_HAS_CUDA)
#define HEDDLE_RUN(function, device, ...)                             \
  ((device).backend == Backend::cuda                                  \
       ? kernels::cuda::function(current_stream(device), __VA_ARGS__) \
       : kernels::sim::function(current_stream(device), __VA_ARGS__))
#else
#define HEDDLE_RUN(function, device, ...) \
  kernels::sim::function(current_stream(device), __VA_ARGS__)
#endif

/// One 1 at (row, col) of zeros [rows, cols].
Tensor unit(std::int64_t rows, std::int64_t cols, std::int64_t row, std::int64_t col) {
  const Tensor result = Tensor::zeros({rows, cols});
  Tensor element = result.select(0, row).select(0, col);
  element.fill_(1.0);
  return result;
}

/// The product's element (i, j) is a[i, k] · b[k, j]: each element of a, and each of b, goes where
/// it should.
TEST(Mma, EachElementOfTheFactorsReachesItsSum) {
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope schedule(run.schedule);
    for (const bool is_bf16 : {true, false}) {
      const std::int64_t depth = is_bf16 ? 16 : 8;
      // b[k, j] = 1 + 8k + j: whole numbers below 2^8, which bf16 holds.
      std::vector<float> numbers;
      for (std::int64_t i = 0; i < depth * 8; ++i) {
        numbers.push_back(static_cast<float>(i + 1));
      }
      const Tensor b = Tensor::from<float>(numbers, {depth, 8}).to(run.device);
      const Tensor zeros = Tensor::zeros({16, 8}).to(run.device);
      for (std::int64_t row = 0; row < 16; ++row) {
        for (std::int64_t k = 0; k < depth; ++k) {
          const Tensor a = unit(16, depth, row, k).to(run.device);
          const Tensor d = Tensor::full({16, 8}, -1.0).to(run.device);
          HEDDLE_RUN(run_mma, run.device, is_bf16, a.view(), b.view(), zeros.view(),
                     d.output_view());
          const std::vector<float> got = d.to(Device{}).to_vector<float>();
          for (std::int64_t i = 0; i < 16; ++i) {
            for (std::int64_t j = 0; j < 8; ++j) {
              ASSERT_EQ(got[static_cast<std::size_t>(i * 8 + j)],
                        i == row ? numbers[static_cast<std::size_t>(k * 8 + j)] : 0.0f)
                  << run.name() << ", bf16 " << is_bf16 << ": a(" << row << ", " << k << "), d("
                  << i << ", " << j << ")";
            }
          }
        }
      }
    }
  }
}

TEST(Mma, AddsToTheSum) {
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope schedule(run.schedule);
    for (const bool is_bf16 : {true, false}) {
      const std::int64_t depth = is_bf16 ? 16 : 8;
      const Tensor a = Tensor::full({16, depth}, 2.0).to(run.device);
      const Tensor b = Tensor::full({depth, 8}, 3.0).to(run.device);
      std::vector<float> before;
      for (int i = 0; i < 128; ++i) {
        before.push_back(static_cast<float>(i));
      }
      const Tensor c = Tensor::from<float>(before, {16, 8}).to(run.device);
      const Tensor d = Tensor::zeros({16, 8}).to(run.device);
      HEDDLE_RUN(run_mma, run.device, is_bf16, a.view(), b.view(), c.view(), d.output_view());
      const std::vector<float> got = d.to(Device{}).to_vector<float>();
      for (std::size_t i = 0; i < 128; ++i) {
        EXPECT_EQ(got[i], before[i] + static_cast<float>(6 * depth)) << run.name();
      }
    }
  }
}

TEST(LoadTiles, GivesEachLaneItsTwoNeighbours) {
  std::vector<float> numbers;
  for (int i = 0; i < 256; ++i) {
    numbers.push_back(static_cast<float>(i));
  }
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope schedule(run.schedule);
    const Tensor x = Tensor::from<float>(numbers, {32, 8}).to(DType::bf16).to(run.device);
    for (const bool transposed : {false, true}) {
      const Tensor words = Tensor::zeros({32, 4}, DType::i64).to(run.device);
      HEDDLE_RUN(run_load_tiles, run.device, transposed, x.view(), words.output_view());
      const std::vector<std::int64_t> got = words.to(Device{}).to_vector<std::int64_t>();
      for (int lane = 0; lane < 32; ++lane) {
        for (int tile = 0; tile < 4; ++tile) {
          const auto word =
              static_cast<std::uint32_t>(got[static_cast<std::size_t>(lane * 4 + tile)]);
          for (int half = 0; half < 2; ++half) {
            const int line = lane / 4;
            const int place = lane % 4 * 2 + half;
            const int row = 8 * tile + (transposed ? place : line);
            const int col = transposed ? line : place;
            const std::uint32_t bits = half == 0 ? word << 16 : word & 0xFFFF0000u;
            EXPECT_EQ(std::bit_cast<float>(bits), static_cast<float>(row * 8 + col))
                << run.name() << ", transposed " << transposed << ", lane " << lane << ", tile "
                << tile << ", half " << half;
          }
        }
      }
    }
  }
}

TEST(LoadTiles, FeedsBothKindsOfMma) {
  Generator generator(3);
  const Tensor a = random_uniform({16, 32}, -1.0, 1.0, generator, DType::f32).to(DType::bf16);
  const Tensor b = random_uniform({8, 32}, -1.0, 1.0, generator, DType::f32).to(DType::bf16);
  const std::vector<double> left = a.to(DType::f64).to_vector<double>();
  const std::vector<double> right = b.to(DType::f64).to_vector<double>();
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope schedule(run.schedule);
    for (const DType dtype : {DType::bf16, DType::f32}) {
      const Tensor d = Tensor::zeros({16, 8}).to(run.device);
      HEDDLE_RUN(run_mma_from_shared, run.device, a.to(dtype).to(run.device).view(),
                 b.to(dtype).to(run.device).view(), d.output_view());
      const std::vector<float> got = d.to(Device{}).to_vector<float>();
      for (std::size_t i = 0; i < 16; ++i) {
        for (std::size_t j = 0; j < 8; ++j) {
          double expected = 0;
          for (std::size_t k = 0; k < 32; ++k) {
            expected += left[i * 32 + k] * right[j * 32 + k];
          }
          EXPECT_NEAR(got[i * 8 + j], expected, 1e-5) << run.name() << ", " << name_of(dtype);
        }
      }
    }
  }
}

TEST(CopyAsync, ArrivesAtItsWaitAndInOrderOfGroups) {
  std::vector<float> numbers;
  for (int i = 0; i < 32; ++i) {
    numbers.push_back(static_cast<float>(i + 1));
  }
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope schedule(run.schedule);
    const Tensor x = Tensor::from<float>(numbers, {32}).to(run.device);
    const Tensor y = Tensor::zeros({4, 32}).to(run.device);
    HEDDLE_RUN(run_copies, run.device, x.view(), y.output_view());
    const std::vector<float> got = y.to(Device{}).to_vector<float>();
    for (std::size_t i = 0; i < 32; ++i) {
      EXPECT_EQ(got[i], -1.0f) << run.name();
      if (run.device.backend == Backend::sim) {
        // Nothing comes before the wait, so that a wait that was forgotten shows.
        EXPECT_EQ(got[32 + i], -1.0f) << run.name() << ", element " << i;
        EXPECT_EQ(got[64 + i], i < 16 ? numbers[i] : -1.0f) << run.name() << ", element " << i;
      } else if (i < 16) {
        EXPECT_EQ(got[64 + i], numbers[i]) << run.name() << ", element " << i;
      }
      EXPECT_EQ(got[96 + i], numbers[i]) << run.name() << ", element " << i;
    }
  }
}

TEST(CopyAsync, WritesZerosWhereItIsOutside) {
  std::vector<float> numbers;
  std::vector<float> inside;
  for (int i = 0; i < 32; ++i) {
    numbers.push_back(static_cast<float>(i + 1));
    inside.push_back(i % 3 == 0 ? 0.0f : 1.0f);
  }
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope schedule(run.schedule);
    const Tensor x = Tensor::from<float>(numbers, {32}).to(run.device);
    const Tensor flags = Tensor::from<float>(inside, {32}).to(run.device);
    const Tensor y = Tensor::full({32}, -1.0).to(run.device);
    HEDDLE_RUN(run_guarded_copies, run.device, x.view(), flags.view(), y.output_view());
    const std::vector<float> got = y.to(Device{}).to_vector<float>();
    for (std::size_t i = 0; i < 32; ++i) {
      EXPECT_EQ(got[i], inside[i] * numbers[i]) << run.name();
    }
  }
}

TEST(CopyAsync, MisuseIsNamedUnderSim) {
  const Device device{.backend = Backend::sim};
  const Tensor x = Tensor::full({32}, 1.0);
  const Tensor y = Tensor::full({32}, -1.0);
  Stream& stream = current_stream(device);
#if !defined(HEDDLE_SIM_ASAN) && !defined(HEDDLE_SIM_TSAN)
  expect_error([&] { kernels::sim::run_forgotten_wait(stream, x.view(), y.output_view()); },
               "reads shared memory that nothing has written");
#endif
  expect_error([&] { kernels::sim::run_misaligned_copy(stream, x.view(), y.output_view()); },
               "copy_async: an address is no multiple of 16");
  expect_error([&] { kernels::sim::run_half_warp(stream, y.output_view()); },
               "load_tiles: needs all 32 lanes of a warp");
}

}  // namespace
}  // namespace heddle::testing
