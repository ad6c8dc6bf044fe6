// Tiles that the copy engine brings, and the barriers they complete on, under the executor: kernels
// that are right, and what it says of wrong ones.

#include "kernels/gpu/device/tile_copy.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/tensor.h"
#include "kernels/gpu/sim/schedule.h"

namespace heddle::kernels::sim {
namespace {

constexpr int lines = 16;  // of a tile

struct TileShared {
  SharedArray<bf16, 2, lines * 64> tile;
  SharedArray<TransactionBarrier, 2> full;
  SharedArray<TransactionBarrier, 2> empty;
};
constexpr int tile_bytes = lines * tile_line_bytes;

void make_barriers(TileShared& shared, int consumers) {
  if (threadIdx.x == 0) {
    for (int stage = 0; stage < 2; ++stage) {
      init_barrier(shared.full.address(stage), 1);
      init_barrier(shared.empty.address(stage), consumers);
    }
    fence_barriers();
  }
  sync_threads();
}

/// Brings one tile and writes it out, line by line.
__global__ void bring(const __grid_constant__ TensorMap map, int along, int line, int matrix,
                      Row<bf16> out) {
  auto& shared = tile_memory<TileShared>();
  make_barriers(shared, 1);
  if (threadIdx.x == 0) {
    arrive_expecting(shared.full.address(0), tile_bytes);
    copy_tile_async(shared.tile.address(0, 0), map, along, line, matrix, shared.full.address(0));
  }
  wait_barrier(shared.full.address(0), 0);
  for (int i = static_cast<int>(threadIdx.x); i < lines * 64; i += 32) {
    out(i) = shared.tile(0, static_cast<int>(swizzled(static_cast<std::uint32_t>(i * 2)) / 2));
  }
}

/// The same for f32: 32 elements a line.
__global__ void bring_f32(const __grid_constant__ TensorMap map, Row<float> out) {
  struct Shared {
    SharedArray<float, lines * 32> tile;
    SharedArray<TransactionBarrier, 1> full;
  };
  auto& shared = tile_memory<Shared>();
  if (threadIdx.x == 0) {
    init_barrier(shared.full.address(0), 1);
    fence_barriers();
  }
  sync_threads();
  if (threadIdx.x == 0) {
    arrive_expecting(shared.full.address(0), tile_bytes);
    copy_tile_async(shared.tile.address(0), map, 0, 0, 0, shared.full.address(0));
  }
  wait_barrier(shared.full.address(0), 0);
  for (int i = static_cast<int>(threadIdx.x); i < lines * 32; i += 32) {
    out(i) = shared.tile(static_cast<int>(swizzled(static_cast<std::uint32_t>(i * 4)) / 4));
  }
}

/// Warp 2 brings a matrix of `tiles` tiles through two stages; warps 0 and 1 add them up.
__global__ void add_tiles(const __grid_constant__ TensorMap map, int tiles, Row<float> sums) {
  auto& shared = tile_memory<TileShared>();
  make_barriers(shared, 2);
  const int warp = static_cast<int>(threadIdx.x) / 32;
  if (warp == 2) {
    for (int tile = 0; threadIdx.x % 32 == 0 && tile < tiles; ++tile) {
      wait_barrier(shared.empty.address(tile % 2), 1 - tile / 2 % 2);
      arrive_expecting(shared.full.address(tile % 2), tile_bytes);
      copy_tile_async(shared.tile.address(tile % 2, 0), map, 0, tile * lines, 0,
                      shared.full.address(tile % 2));
    }
    return;
  }
  const int line = static_cast<int>(threadIdx.x) / 4;
  float sum = 0;
  for (int tile = 0; tile < tiles; ++tile) {
    wait_barrier(shared.full.address(tile % 2), tile / 2 % 2);
    for (int i = static_cast<int>(threadIdx.x) % 4; i < 64; i += 4) {
      const auto byte = static_cast<std::uint32_t>(line * tile_line_bytes + i * 2);
      sum += static_cast<float>(
          static_cast<bf16>(shared.tile(tile % 2, static_cast<int>(swizzled(byte) / 2))));
    }
    sync_warp();
    if (threadIdx.x % 32 == 0) {
      arrive(shared.empty.address(tile % 2));
    }
  }
  sums(threadIdx.x) = sum;
}

enum class Mistake : std::uint8_t {
  none,
  no_init,
  no_wait,
  nobody_waits,
  too_few_announced,
  too_many_announced,
  nobody_announces,
  arrives_twice,
  misaligned,
  outside,
  twice,
};

__global__ void brings_wrongly(const __grid_constant__ TensorMap map, Mistake mistake,
                               Row<float> out) {
  auto& shared = tile_memory<TileShared>();
  if (mistake != Mistake::no_init) {
    make_barriers(shared, 1);
  }
  TransactionBarrier* const full = shared.full.address(0);
  if (threadIdx.x == 0) {
    if (mistake != Mistake::nobody_announces) {
      arrive_expecting(full, mistake == Mistake::too_few_announced    ? tile_bytes / 2
                             : mistake == Mistake::too_many_announced ? 2 * tile_bytes
                                                                      : tile_bytes);
    }
    if (mistake == Mistake::arrives_twice) {
      arrive(full);
    }
    bf16* to = shared.tile.address(0, mistake == Mistake::misaligned ? 256 : 0);
    if (mistake == Mistake::outside) {
      to = reinterpret_cast<bf16*>(reinterpret_cast<unsigned char*>(&shared) + 4 * 1024);
    }
    if (mistake == Mistake::twice) {
      copy_tile_async(to, map, 0, 0, 0, shared.full.address(1));
    }
    copy_tile_async(to, map, 0, 0, 0, full);
  }
  if (mistake != Mistake::no_wait && mistake != Mistake::nobody_waits) {
    wait_barrier(full, 0);
  }
  if (mistake != Mistake::nobody_waits) {
    out(threadIdx.x) =
        static_cast<float>(static_cast<bf16>(shared.tile(0, static_cast<int>(threadIdx.x))));
  }
}

Stream& stream() { return current_stream(Device{.backend = Backend::sim}); }

Launch with_tiles(const char* kernel, unsigned threads) {
  return {.kernel = kernel,
          .stream = stream(),
          .grid = 1,
          .block = threads,
          .shared_bytes = sizeof(TileShared)};
}

std::vector<::heddle::sim::Schedule> schedules() {
  return {{::heddle::sim::Order::forward},
          {::heddle::sim::Order::reverse},
          {::heddle::sim::Order::shuffled, 3}};
}

TileSource source_of(const Tensor& matrices, TileElement element) {
  return {.data = matrices.view().data,
          .element = element,
          .length = matrices.size(2),
          .lines = matrices.size(1),
          .matrices = matrices.size(0),
          .line_stride = matrices.size(2) * bytes_of(element),
          .matrix_stride = matrices.size(1) * matrices.size(2) * bytes_of(element),
          .tile_lines = lines};
}

TEST(TileCopy, TheSwizzleIsAPermutationThatSpreadsEightLines) {
  std::vector<int> times(1024);
  for (std::uint32_t byte = 0; byte < 1024; ++byte) {
    ++times[swizzled(byte)];
    EXPECT_EQ(swizzled(byte) / 128, byte / 128);  // a line stays itself
    EXPECT_EQ(swizzled(byte) % 16, byte % 16);    // and a piece of 16 bytes
    EXPECT_EQ(swizzled(byte + 4096), swizzled(byte) + 4096);
  }
  EXPECT_EQ(times, std::vector<int>(1024, 1));
  for (std::uint32_t piece = 0; piece < 8; ++piece) {
    std::vector<int> pieces(8);
    for (std::uint32_t line = 0; line < 8; ++line) {
      ++pieces[swizzled(line * 128 + piece * 16) % 128 / 16];
    }
    EXPECT_EQ(pieces, std::vector<int>(8, 1));
  }
}

TEST(TileCopy, BringsWhatIsInsideAndZerosForTheRest) {
  const Tensor matrices = Tensor::arange(3 * 20 * 72).to(DType::bf16).reshape({3, 20, 72});
  const std::vector<double> values = matrices.to_vector<double>();
  for (const ::heddle::sim::Schedule& schedule : schedules()) {
    const ::heddle::sim::ScheduleScope scope(schedule);
    for (const auto& [along, line, matrix] : std::vector<std::array<int, 3>>{{0, 0, 0},
                                                                             {0, 0, 2},
                                                                             {64, 0, 1},
                                                                             {0, 16, 1},
                                                                             {64, 16, 2},
                                                                             {128, 0, 0},
                                                                             {0, 32, 0},
                                                                             {0, 0, 3}}) {
      const Tensor out = Tensor::full({lines * 64}, -1, DType::bf16);
      launch(bring, with_tiles("bring", 32),
             tensor_map_of(stream(), "bring", source_of(matrices, TileElement::bf16)), along, line,
             matrix, flat_of<bf16>(out.output_view()));
      for (int l = 0; l < lines; ++l) {
        for (int i = 0; i < 64; ++i) {
          const bool is_inside = along + i < 72 && line + l < 20 && matrix < 3;
          const double expected =
              is_inside
                  ? values[static_cast<std::size_t>((matrix * 20 + line + l) * 72 + along + i)]
                  : 0.0;
          ASSERT_EQ(static_cast<double>(static_cast<float>(out.data<bf16>()[l * 64 + i])), expected)
              << to_string(schedule) << ", line " << l << ", element " << i;
        }
      }
    }
  }
}

TEST(TileCopy, RoundsF32To11Bits) {
  std::vector<float> values;
  for (int i = 0; i < lines * 32; ++i) {
    values.push_back(1.0f + static_cast<float>(i) / 3000.0f);
  }
  const Tensor matrix = Tensor::from<float>(values, {1, lines, 32});
  const Tensor out = Tensor::zeros({lines * 32});
  launch(bring_f32, with_tiles("bring_f32", 32),
         tensor_map_of(stream(), "bring_f32", source_of(matrix, TileElement::tf32)),
         flat_of<float>(out.output_view()));
  for (int i = 0; i < lines * 32; ++i) {
    EXPECT_EQ(out.data<float>()[i], to_tf32(values[static_cast<std::size_t>(i)]));
    EXPECT_NEAR(out.data<float>()[i], values[static_cast<std::size_t>(i)], 0x1p-11);
  }
}

TEST(TileCopy, StagesPassFromProducerToConsumersAndBack) {
  std::vector<float> values;
  for (int l = 0; l < 9 * lines; ++l) {
    for (int i = 0; i < 64; ++i) {
      values.push_back(static_cast<float>((l * 7 + i) % 16));
    }
  }
  const Tensor matrix = Tensor::from<float>(values, {1, 9 * lines, 64}).to(DType::bf16);
  for (const ::heddle::sim::Schedule& schedule : schedules()) {
    const ::heddle::sim::ScheduleScope scope(schedule);
    for (const int tiles : {0, 1, 2, 5, 9}) {
      const Tensor sums = Tensor::full({64}, -1);
      launch(add_tiles, with_tiles("add_tiles", 96),
             tensor_map_of(stream(), "add_tiles", source_of(matrix, TileElement::bf16)), tiles,
             flat_of<float>(sums.output_view()));
      for (int t = 0; t < 64; ++t) {
        float expected = 0;
        for (int tile = 0; tile < tiles; ++tile) {
          for (int i = t % 4; i < 64; i += 4) {
            expected += static_cast<float>(((tile * lines + t / 4) * 7 + i) % 16);
          }
        }
        EXPECT_EQ(sums.data<float>()[t], expected) << to_string(schedule) << ", " << tiles;
      }
    }
  }
}

void expect_message(Mistake mistake, const std::vector<std::string>& parts) {
  const Tensor matrix = Tensor::full({1, lines, 64}, 1, DType::bf16);
  const Tensor out = Tensor::zeros({32});
  for (const ::heddle::sim::Schedule& schedule : schedules()) {
    const ::heddle::sim::ScheduleScope scope(schedule);
    std::string message = "nothing thrown";
    try {
      launch(brings_wrongly, with_tiles("wrong", 32),
             tensor_map_of(stream(), "wrong", source_of(matrix, TileElement::bf16)), mistake,
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

TEST(TileCopyDiagnosis, BarriersThatDoNotComeToTheirEnd) {
  expect_message(Mistake::none, {"nothing thrown"});
  expect_message(Mistake::no_init,
                 {"wrong, block (0, 0, 0), thread (", "tile_copy_test.cpp:",
                  ": nothing has made this a barrier yet; expected init_barrier, fence_barriers "
                  "and sync_threads before its first use"});
  expect_message(Mistake::too_few_announced,
                 {"copies bring 2048 bytes, but arrive_expecting announced 1024"});
  expect_message(Mistake::too_many_announced,
                 {"wrong: block (0, 0, 0) of 32 threads is stuck: 32 threads (first 0, last 31) "
                  "wait at wait_barrier (tile_copy_test.cpp:",
                  "; the barrier at byte 4096 lacks 0 arrivals and 2048 bytes"});
  expect_message(Mistake::nobody_announces, {"the barrier at byte 4096 lacks 1 arrivals and "});
  expect_message(Mistake::arrives_twice,
                 {"arrive: the barrier at byte 4096 has its 1 arrivals already, and lacks 2048 "
                  "bytes of copies"});
}

TEST(TileCopyDiagnosis, TilesThatLieOrComeWrong) {
  expect_message(Mistake::misaligned,
                 {"copy_tile_async: the tile begins at byte 512 of shared memory; expected a "
                  "multiple of 1024"});
  expect_message(Mistake::outside,
                 {"copy_tile_async: the tile is outside of the block's shared memory"});
  expect_message(Mistake::twice, {"copy_tile_async: another copy, on its way, writes the tile at "
                                  "byte 0 too"});
  expect_message(Mistake::nobody_waits,
                 {"thread (0, 0, 0), tile_copy_test.cpp:",
                  "copy_tile_async: the block ended without a wait_barrier for this copy"});
#if !defined(HEDDLE_SIM_ASAN) && !defined(HEDDLE_SIM_TSAN)
  expect_message(Mistake::no_wait, {"reads shared memory that nothing has written, byte "});
#endif
}

TEST(TileCopyDiagnosis, MatricesTheCopyEngineCannotRead) {
  const Tensor matrix = Tensor::full({1, lines, 64}, 1, DType::bf16);
  const TileSource good = source_of(matrix, TileElement::bf16);
  EXPECT_TRUE(fits_tensor_map(good));
  const auto changed = [&](auto change) {
    TileSource source = good;
    change(source);
    return source;
  };
  for (const TileSource& source :
       {changed([](TileSource& s) { s.data = static_cast<const bf16*>(s.data) + 1; }),
        changed([](TileSource& s) { s.line_stride = 120; }),
        changed([](TileSource& s) { s.line_stride = 0; }),
        changed([](TileSource& s) { s.matrix_stride = 8; }),
        changed([](TileSource& s) { s.length = 0; }), changed([](TileSource& s) { s.lines = 0; }),
        changed([](TileSource& s) { s.lines = std::int64_t{1} << 31; })}) {
    EXPECT_FALSE(fits_tensor_map(source));
    EXPECT_THROW(tensor_map_of(stream(), "wrong", source), Error);
  }
}

}  // namespace
}  // namespace heddle::kernels::sim
