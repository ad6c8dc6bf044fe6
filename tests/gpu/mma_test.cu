// Kernels of one warp over the words of mma.h and over copies: see mma_kernels.h.

#include "tests/gpu/mma_kernels.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

__device__ int lane_of() { return static_cast<int>(threadIdx.x % 32); }

template <bool is_bf16>
__global__ void one_mma(Matrix<const float> a, Matrix<const float> b, Matrix<const float> c,
                        Matrix<float> d) {
  const int lane = lane_of();
  MmaSum sum;
  for (int i = 0; i < 4; ++i) {
    const TilePlace place = sum_place(lane, i);
    sum.element[i] = c(place.row, place.col);
  }
  if constexpr (is_bf16) {
    MmaBf16::A left;
    MmaBf16::B right;
    for (int i = 0; i < 8; i += 2) {
      const TilePlace low = a_place_bf16(lane, i);
      const TilePlace high = a_place_bf16(lane, i + 1);
      left.word[i / 2] = pack(bf16(a(low.row, low.col)), bf16(a(high.row, high.col)));
    }
    for (int i = 0; i < 4; i += 2) {
      const TilePlace low = b_place_bf16(lane, i);
      const TilePlace high = b_place_bf16(lane, i + 1);
      right.word[i / 2] = pack(bf16(b(low.row, low.col)), bf16(b(high.row, high.col)));
    }
    mma(sum, left, right);
  } else {
    MmaTf32::A left;
    MmaTf32::B right;
    for (int i = 0; i < 4; ++i) {
      const TilePlace place = a_place_tf32(lane, i);
      left.word[i] = word_of(to_tf32(a(place.row, place.col)));
    }
    for (int i = 0; i < 2; ++i) {
      const TilePlace place = b_place_tf32(lane, i);
      right.word[i] = word_of(to_tf32(b(place.row, place.col)));
    }
    mma(sum, left, right);
  }
  for (int i = 0; i < 4; ++i) {
    const TilePlace place = sum_place(lane, i);
    d(place.row, place.col) = sum.element[i];
  }
}

struct TilesShared {
  SharedArray<bf16, 32, 8> tile;
};

template <bool transposed>
__global__ void one_load(Matrix<const bf16> x, Matrix<std::int64_t> words) {
  auto& shared = shared_memory<TilesShared>();
  const int lane = lane_of();
  for (int col = 0; col < 8; ++col) {
    shared.tile(lane, col) = x(lane, col);
  }
  sync_warp();
  std::uint32_t word[4];
  load_tiles<transposed>(word, shared.tile.address(lane, 0));
  for (int i = 0; i < 4; ++i) {
    words(lane, i) = static_cast<std::int64_t>(word[i]);
  }
}

template <typename T>
struct ProductShared {
  SharedArray<T, 16, 40> a;
  SharedArray<T, 8, 40> b;
};

template <typename T>
__global__ void product_from_shared(Matrix<const T> a, Matrix<const T> b_rows, Matrix<float> d) {
  using Mma = std::conditional_t<std::is_same_v<T, bf16>, MmaBf16, MmaTf32>;
  constexpr int n = widest<T>;
  auto& shared = shared_memory<ProductShared<T> >();
  const int lane = lane_of();
  for (int i = lane; i < 16 * 32; i += 32) {
    const T value = a(i / 32, i % 32);
    shared.a(i / 32, i % 32) = value;
  }
  for (int i = lane; i < 8 * 32; i += 32) {
    const T value = b_rows(i / 32, i % 32);
    shared.b(i / 32, i % 32) = value;
  }
  sync_warp();
  MmaSum sum{};
  for (int depth = 0; depth < 32; depth += 2 * Mma::depth) {
    typename Mma::A left[2];
    for (int half = 0; half < 2; ++half) {
      load_tiles(left[half].word,
                 shared.a.address(lane % 16, depth + half * Mma::depth + lane / 16 * n));
    }
    std::uint32_t word[4];
    load_tiles(word, shared.b.address(lane % 8, depth + lane / 8 * n));
    mma(sum, left[0], typename Mma::B{{word[0], word[1]}});
    mma(sum, left[1], typename Mma::B{{word[2], word[3]}});
  }
  for (int i = 0; i < 4; ++i) {
    const TilePlace place = sum_place(lane, i);
    d(place.row, place.col) = sum.element[i];
  }
}

struct CopiesShared {
  SharedArray<float, 32> value;
};

__global__ void watch_copies(Row<const float> x, Matrix<float> y) {
  auto& shared = shared_memory<CopiesShared>();
  const int lane = lane_of();
  shared.value(lane) = -1.0f;
  sync_warp();
  y(0, lane) = static_cast<float>(shared.value(lane));
  // Four lanes copy four elements each, twice.
  for (int group = 0; group < 2; ++group) {
    if (lane < 4) {
      const int first = 16 * group + 4 * lane;
      copy_async<16>(shared.value.address(first), x.address(first));
    }
    commit_copies();
  }
  y(1, lane) = static_cast<float>(shared.value(lane));
  sync_warp();  // all lanes have looked before the first copy arrives
  wait_copies<1>();
  sync_warp();
  y(2, lane) = static_cast<float>(shared.value(lane));
  sync_warp();
  wait_copies();
  sync_warp();
  y(3, lane) = static_cast<float>(shared.value(lane));
}

__global__ void guarded_copies(Row<const float> x, Row<const float> inside, Row<float> y) {
  auto& shared = shared_memory<CopiesShared>();
  const int lane = lane_of();
  const bool is_inside = inside(lane) != 0.0f;
  copy_async<4>(shared.value.address(lane), is_inside ? x.address(lane) : x.data, is_inside);
  commit_copies();
  wait_copies();
  y(lane) = static_cast<float>(shared.value(lane));
}

__global__ void forgotten_wait(Row<const float> x, Row<float> y) {
  auto& shared = shared_memory<CopiesShared>();
  const int lane = lane_of();
  copy_async<4>(shared.value.address(lane), x.address(lane));
  commit_copies();
  y(lane) = static_cast<float>(shared.value(lane));
}

__global__ void misaligned_copy(Row<const float> x, Row<float> y) {
  auto& shared = shared_memory<CopiesShared>();
  copy_async<16>(shared.value.address(0), x.address(1));
  wait_copies();
  y(0) = static_cast<float>(shared.value(0));
}

__global__ void half_warp(Row<float> y) {
  auto& shared = shared_memory<TilesShared>();
  std::uint32_t word[4];
  load_tiles(word, shared.tile.address(lane_of(), 0));
  y(0) = static_cast<float>(word[0]);
}

}  // namespace

void run_mma(Stream& stream, bool is_bf16, const ConstView& a, const ConstView& b,
             const ConstView& c, const View& d) {
  launch(is_bf16 ? one_mma<true> : one_mma<false>, Launch{"one_mma", stream, 1, 32},
         matrix_of<float>(a), matrix_of<float>(b), matrix_of<float>(c), matrix_of<float>(d));
}

void run_load_tiles(Stream& stream, bool transposed, const ConstView& x, const View& words) {
  launch(transposed ? one_load<true> : one_load<false>,
         Launch{"one_load", stream, 1, 32, sizeof(TilesShared)}, matrix_of<bf16>(x),
         matrix_of<std::int64_t>(words));
}

void run_mma_from_shared(Stream& stream, const ConstView& a, const ConstView& b_rows,
                         const View& d) {
  if (a.dtype == DType::bf16) {
    launch(product_from_shared<bf16>,
           Launch{"product_from_shared", stream, 1, 32, sizeof(ProductShared<bf16>)},
           matrix_of<bf16>(a), matrix_of<bf16>(b_rows), matrix_of<float>(d));
  } else {
    launch(product_from_shared<float>,
           Launch{"product_from_shared", stream, 1, 32, sizeof(ProductShared<float>)},
           matrix_of<float>(a), matrix_of<float>(b_rows), matrix_of<float>(d));
  }
}

void run_copies(Stream& stream, const ConstView& x, const View& y) {
  launch(watch_copies, Launch{"watch_copies", stream, 1, 32, sizeof(CopiesShared)},
         row_of<float>(x), matrix_of<float>(y));
}

void run_guarded_copies(Stream& stream, const ConstView& x, const ConstView& inside,
                        const View& y) {
  launch(guarded_copies, Launch{"guarded_copies", stream, 1, 32, sizeof(CopiesShared)},
         row_of<float>(x), row_of<float>(inside), row_of<float>(y));
}

void run_forgotten_wait(Stream& stream, const ConstView& x, const View& y) {
  launch(forgotten_wait, Launch{"forgotten_wait", stream, 1, 32, sizeof(CopiesShared)},
         row_of<float>(x), row_of<float>(y));
}

void run_misaligned_copy(Stream& stream, const ConstView& x, const View& y) {
  launch(misaligned_copy, Launch{"misaligned_copy", stream, 1, 1, sizeof(CopiesShared)},
         row_of<float>(x), row_of<float>(y));
}

void run_half_warp(Stream& stream, const View& y) {
  launch(half_warp, Launch{"half_warp", stream, 1, 16, sizeof(TilesShared)}, row_of<float>(y));
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
