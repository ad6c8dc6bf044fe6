// Products by warp groups under the executor: against plain loops, and what it says of wrong ones.

#include "kernels/gpu/device/warpgroup.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "kernels/gpu/sim/schedule.h"
#include "tests/kernels/samples.h"

namespace heddle::kernels::sim {
namespace {

/// One slab of both factors: `depth` steps of k in 128 bytes.
template <typename Kind, int cols>
struct ProductShared {
  SharedArray<unsigned char, warpgroup_rows * tile_line_bytes> left;
  SharedArray<unsigned char, cols * tile_line_bytes> right;
  SharedArray<TransactionBarrier, 1> full;
};

template <typename Kind>
constexpr int slab_depth = tile_line_bytes / static_cast<int>(sizeof(typename Kind::Element));

template <bool along_depth, int side>
void bring(unsigned char* to, const TensorMap& map, int depth, TransactionBarrier* full) {
  if constexpr (along_depth) {
    copy_tile_async(to, map, depth, 0, 0, full);
  } else {
    for (int s = 0; s < side; s += 64) {
      copy_tile_async(to + s * tile_line_bytes, map, s, depth, 0, full);
    }
  }
}

/// out[64, cols] = left · right by one warp group, slab after slab.
template <typename Kind, bool left_along_depth, bool right_along_depth, int cols>
__global__ void multiply(const __grid_constant__ TensorMap left,
                         const __grid_constant__ TensorMap right, int slabs, Matrix<float> out) {
  auto& shared = tile_memory<ProductShared<Kind, cols>>();
  TransactionBarrier* const full = shared.full.address(0);
  if (threadIdx.x == 0) {
    init_barrier(full, 1);
    fence_barriers();
  }
  sync_threads();
  WarpgroupSums<cols> sums;
  for (int slab = 0; slab < slabs; ++slab) {
    const int first = slab * slab_depth<Kind>;
    if (threadIdx.x == 0) {
      arrive_expecting(full, (warpgroup_rows + cols) * tile_line_bytes);
      bring<left_along_depth, warpgroup_rows>(shared.left.address(0), left, first, full);
      bring<right_along_depth, cols>(shared.right.address(0), right, first, full);
    }
    wait_barrier(full, slab % 2);
    fence_products(sums);
    for (int depth = 0; depth < slab_depth<Kind>; depth += Kind::depth) {
      wgmma<Kind, left_along_depth, right_along_depth>(
          sums,
          factor_of_tile<Kind, left_along_depth>(shared.left.address(0), depth, slab_depth<Kind>),
          factor_of_tile<Kind, right_along_depth>(shared.right.address(0), depth,
                                                  slab_depth<Kind>));
    }
    commit_products();
    wait_products(sums);
    sync_threads();
  }
  for (int i = 0; i < cols / 2; ++i) {
    const TilePlace place = warpgroup_sum_place(static_cast<int>(threadIdx.x), i);
    out(place.row, place.col) = sums(i);
  }
}

enum class Mistake : std::uint8_t {
  none,
  a_warp_ends,
  a_warp_stays_away,
  two_words,
  no_fence,
  no_commit,
  reads_before_wait,
  no_wait,
  one_ends_early,
  no_copy_wait,
  unwritten,
  ordinary_stores,
  misaligned,
  different_factors,
  frees_too_early,
};

__global__ void multiplies_wrongly(const __grid_constant__ TensorMap map, Mistake mistake,
                                   Row<float> out) {
  using Kind = WarpgroupBf16;
  auto& shared = tile_memory<ProductShared<Kind, 128>>();
  TransactionBarrier* const full = shared.full.address(0);
  if (threadIdx.x == 0) {
    init_barrier(full, 1);
    fence_barriers();
  }
  sync_threads();
  if (threadIdx.x == 0 && mistake != Mistake::unwritten && mistake != Mistake::ordinary_stores) {
    arrive_expecting(full, 128 * tile_line_bytes);
    copy_tile_async(shared.right.address(0), map, 0, 0, 0, full);
  }
  if (mistake == Mistake::ordinary_stores) {
    for (int i = static_cast<int>(threadIdx.x); i < 128 * tile_line_bytes; i += 128) {
      shared.right(i) = 0;
    }
    sync_threads();
  } else if (mistake != Mistake::no_copy_wait && mistake != Mistake::unwritten) {
    wait_barrier(full, 0);
  }
  const int warp = static_cast<int>(threadIdx.x) / 32;
  if (warp == 2 && mistake == Mistake::a_warp_ends) {
    return;
  }
  if (warp == 2 && mistake == Mistake::a_warp_stays_away) {
    sync_threads();
  }
  WarpgroupSums<128> sums;
  if (mistake != Mistake::no_fence) {
    fence_products(sums);
  }
  const unsigned char* const tile = shared.right.address(mistake == Mistake::misaligned ? 128 : 0);
  // 64 of the tile's 128 lines are the rows of a, all are the columns of b.
  const std::uint64_t left = factor_of_tile<Kind, true>(
      tile, mistake == Mistake::different_factors && warp == 3 ? 16 : 0, 64);
  const std::uint64_t right = factor_of_tile<Kind, true>(tile, 0, 64);
  if (warp == 1 && mistake == Mistake::two_words) {
    wgmma<Kind, true, true>(sums, left, right);
  } else {
    wgmma<Kind, true, true>(sums, left, right);
  }
  if (mistake == Mistake::frees_too_early && threadIdx.x == 0) {
    arrive_expecting(full, 128 * tile_line_bytes);
    copy_tile_async(shared.right.address(0), map, 0, 0, 0, full);
  }
  if (mistake == Mistake::frees_too_early) {
    sync_threads();
  }
  if (threadIdx.x == 5 && mistake == Mistake::one_ends_early) {
    return;
  }
  if (mistake == Mistake::one_ends_early) {
    sync_threads();
  }
  if (mistake != Mistake::no_commit) {
    commit_products();
  }
  if (mistake == Mistake::no_wait) {
    return;
  }
  if (mistake != Mistake::reads_before_wait) {
    wait_products(sums);
  }
  out(threadIdx.x) = sums(0);
}

Stream& stream() { return current_stream(Device{.backend = Backend::sim}); }

std::vector<::heddle::sim::Schedule> schedules() {
  return {{::heddle::sim::Order::forward},
          {::heddle::sim::Order::reverse},
          {::heddle::sim::Order::shuffled, 3}};
}

/// A factor [side, k] that is contiguous along k, or along the side.
TensorMap map_of(const Tensor& factor, TileElement element, bool along_depth, int side, int depth) {
  return tensor_map_of(
      stream(), "multiply",
      {.data = factor.view().data,
       .element = element,
       .length = along_depth ? factor.size(1) : factor.size(0),
       .lines = along_depth ? factor.size(0) : factor.size(1),
       .matrices = 1,
       .line_stride =
           (along_depth ? factor.view().stride(0) : factor.view().stride(1)) * bytes_of(element),
       .matrix_stride = 16,
       .tile_lines = along_depth ? side : depth});
}

template <typename Kind, bool left_along_depth, bool right_along_depth, int cols>
void expect_product(std::int64_t rows, std::int64_t k) {
  const DType dtype = sizeof(typename Kind::Element) == 2 ? DType::bf16 : DType::f32;
  const auto factor = [&](std::int64_t side, bool along_depth, std::uint64_t seed) {
    return along_depth ? testing::sample({side, k}, dtype, seed)
                       : testing::sample({k, side}, dtype, seed).transpose(0, 1);
  };
  const Tensor a = factor(rows, left_along_depth, 1);
  const Tensor b = factor(cols - 8, right_along_depth, 2);
  const auto rounded = [](double value) {
    return sizeof(typename Kind::Element) == 2
               ? value
               : static_cast<double>(to_tf32(static_cast<float>(value)));
  };
  const std::vector<double> a_values = a.to_vector<double>();
  const std::vector<double> b_values = b.to_vector<double>();
  const int slabs = static_cast<int>((k + slab_depth<Kind> - 1) / slab_depth<Kind>);
  for (const ::heddle::sim::Schedule& schedule : schedules()) {
    const ::heddle::sim::ScheduleScope scope(schedule);
    const Tensor out = Tensor::full({warpgroup_rows, cols}, -1);
    launch(multiply<Kind, left_along_depth, right_along_depth, cols>,
           Launch{.kernel = "multiply",
                  .stream = stream(),
                  .grid = 1,
                  .block = warpgroup_threads,
                  .shared_bytes = sizeof(ProductShared<Kind, cols>)},
           map_of(a, Kind::tile_element, left_along_depth, warpgroup_rows, slab_depth<Kind>),
           map_of(b, Kind::tile_element, right_along_depth, cols, slab_depth<Kind>), slabs,
           matrix_of<float>(out.output_view()));
    double worst = 0;
    for (std::int64_t row = 0; row < warpgroup_rows; ++row) {
      for (std::int64_t col = 0; col < cols; ++col) {
        double expected = 0;
        for (std::int64_t p = 0; row < rows && col < cols - 8 && p < k; ++p) {
          expected += rounded(a_values[static_cast<std::size_t>(row * k + p)]) *
                      rounded(b_values[static_cast<std::size_t>(col * k + p)]);
        }
        worst = std::max(
            worst, std::abs(expected - static_cast<double>(out.data<float>()[row * cols + col])));
      }
    }
    EXPECT_LT(worst, 2e-5) << to_string(schedule) << ", " << left_along_depth << right_along_depth
                           << ", " << cols << " columns, " << rows << " × " << k;
  }
}

TEST(Warpgroup, EverySumHasOnePlace) {
  for (const int cols : {128, 256}) {
    std::vector<int> times(static_cast<std::size_t>(warpgroup_rows * cols));
    for (int t = 0; t < warpgroup_threads; ++t) {
      for (int i = 0; i < cols / 2; ++i) {
        const TilePlace place = warpgroup_sum_place(t, i);
        ++times[static_cast<std::size_t>(place.row * cols + place.col)];
      }
    }
    EXPECT_EQ(times, std::vector<int>(times.size(), 1));
  }
  // PTX ISA, figure "WGMMA .m64nNk16 register fragment layout for accumulator matrix D".
  EXPECT_EQ(warpgroup_sum_place(0, 1).col, 1);
  EXPECT_EQ(warpgroup_sum_place(0, 2).row, 8);
  EXPECT_EQ(warpgroup_sum_place(0, 4).col, 8);
  EXPECT_EQ(warpgroup_sum_place(5, 0).row, 1);
  EXPECT_EQ(warpgroup_sum_place(5, 0).col, 2);
  EXPECT_EQ(warpgroup_sum_place(127, 127).row, 63);
  EXPECT_EQ(warpgroup_sum_place(127, 127).col, 255);
}

TEST(Warpgroup, DescriptorsSayWhereElementsLie) {
  // Along k: rows are lines; 16 elements further on in the same line; rows 8 … 15 are 1024 on.
  const std::uint64_t along = factor_descriptor(4096 + 32, 16);
  EXPECT_EQ(along, 0x4000'0040'0001'0102u);
  EXPECT_EQ(byte_of_factor(along, true, 2, 0, 0), 4096u + 32);
  EXPECT_EQ(byte_of_factor(along, true, 2, 1, 0), 4096u + 128 + (32 ^ 16));
  EXPECT_EQ(byte_of_factor(along, true, 2, 7, 9), 4096u + 7 * 128 + ((32 + 16) ^ 112) + 2);
  EXPECT_EQ(byte_of_factor(along, true, 2, 13, 0), 4096u + 1024 + 5 * 128 + (32 ^ 80));
  // Along the side: steps of k are lines; 64 elements of the side further on is the next tile.
  const std::uint64_t side = factor_descriptor(2048, 8192);
  EXPECT_EQ(byte_of_factor(side, false, 2, 3, 0), 2048u + 6);
  EXPECT_EQ(byte_of_factor(side, false, 2, 3, 2), 2048u + 2 * 128 + 32 + 6);
  EXPECT_EQ(byte_of_factor(side, false, 2, 67, 10), 2048u + 8192 + 1024 + 2 * 128 + 32 + 6);
}

TEST(Warpgroup, ProductsAgreeWithDoubles) {
  expect_product<WarpgroupBf16, true, true, 128>(64, 64);
  expect_product<WarpgroupBf16, true, true, 128>(57, 200);
  expect_product<WarpgroupBf16, true, true, 256>(64, 72);
  expect_product<WarpgroupBf16, true, false, 128>(64, 136);
  expect_product<WarpgroupBf16, true, false, 256>(61, 64);
  expect_product<WarpgroupBf16, false, true, 128>(64, 136);
  expect_product<WarpgroupBf16, false, true, 256>(56, 64);
  expect_product<WarpgroupBf16, false, false, 128>(48, 72);
  expect_product<WarpgroupBf16, false, false, 256>(64, 200);
  expect_product<WarpgroupTf32, true, true, 128>(64, 32);
  expect_product<WarpgroupTf32, true, true, 128>(1, 100);
  expect_product<WarpgroupTf32, true, true, 256>(64, 68);
}

void expect_message(Mistake mistake, const std::vector<std::string>& parts,
                    unsigned threads = warpgroup_threads) {
  const Tensor factor = Tensor::full({128, 64}, 1, DType::bf16);
  const Tensor out = Tensor::zeros({warpgroup_threads});
  for (const ::heddle::sim::Schedule& schedule : schedules()) {
    const ::heddle::sim::ScheduleScope scope(schedule);
    std::string message = "nothing thrown";
    try {
      launch(multiplies_wrongly,
             Launch{.kernel = "wrong",
                    .stream = stream(),
                    .grid = 1,
                    .block = threads,
                    .shared_bytes = sizeof(ProductShared<WarpgroupBf16, 128>)},
             map_of(factor, TileElement::bf16, true, 128, 64), mistake,
             flat_of<float>(out.output_view()));
    } catch (const ::heddle::sim::KernelError& error) {
      message = error.what();
    }
    for (const std::string& part : parts) {
      EXPECT_NE(message.find(part), std::string::npos)
          << to_string(schedule) << ": the message is\n  " << message << "\nexpected in it\n  "
          << part;
    }
  }
}

TEST(WarpgroupDiagnosis, ThreadsThatDoNotMeet) {
  expect_message(Mistake::none, {"nothing thrown"});
  expect_message(Mistake::none,
                 {"wrong, block (0, 0, 0), thread (", "warpgroup_test.cpp:",
                  "wgmma bf16 n128: needs all 128 threads of a warp group, from a multiple of 128 "
                  "on; the block has 96"},
                 96);
  expect_message(Mistake::a_warp_ends,
                 {"of 128 threads is stuck: 96 threads (first 0, last 127) wait at wgmma bf16 n128 "
                  "(warpgroup_test.cpp:",
                  "; 96 of the 128 threads of warp group 0 came to wgmma bf16 n128"});
  expect_message(Mistake::a_warp_stays_away,
                 {"32 threads (first 64, last 95) wait at sync_threads (warpgroup_test.cpp:",
                  "; 96 of the 128 threads of warp group 0 came to wgmma bf16 n128"});
  expect_message(Mistake::two_words,
                 {"wgmma bf16 n128: another thread of the warp group is in wgmma bf16 n128 of line",
                  "; expected all 128 in the same word"});
  expect_message(Mistake::different_factors,
                 {"wgmma bf16 n128: the threads of the warp group name different factors"});
}

TEST(WarpgroupDiagnosis, SumsBetweenProducts) {
  expect_message(Mistake::no_fence,
                 {"wgmma bf16 n128: the sums were made or read after the last fence_products; "
                  "expected one between"});
  for (const Mistake mistake : {Mistake::reads_before_wait, Mistake::no_commit}) {
    expect_message(mistake, {"reads a sum that products on their way still change; expected "
                             "commit_products and wait_products before"});
  }
  expect_message(Mistake::no_wait,
                 {"wgmma bf16 n128: the block ended without a wait_products for it"});
  expect_message(
      Mistake::one_ends_early,
      {"thread (5, 0, 0), ", "wgmma bf16 n128: the thread ended without a wait_products"});
}

TEST(WarpgroupDiagnosis, TilesThatAreNotThere) {
  expect_message(Mistake::no_copy_wait,
                 {"wgmma bf16 n128: a copy that nobody has waited for brings byte 8192 …; expected "
                  "wait_barrier before"});
  expect_message(Mistake::misaligned,
                 {"factor_of_tile: the tile begins at byte 8320 of shared memory; expected a "
                  "multiple of 1024"});
  expect_message(Mistake::frees_too_early,
                 {"copy_tile_async: products on their way still read the tile at byte 8192; "
                  "expected wait_products before the barrier that frees it"});
#if !defined(HEDDLE_SIM_ASAN) && !defined(HEDDLE_SIM_TSAN)
  expect_message(Mistake::unwritten,
                 {"wgmma bf16 n128: reads shared memory that nothing has written, byte 8192"});
  expect_message(Mistake::ordinary_stores,
                 {"wgmma bf16 n128: reads what ordinary stores have written, byte 8192; expected "
                  "tiles that copy_tile_async brought"});
#endif
}

}  // namespace
}  // namespace heddle::kernels::sim
