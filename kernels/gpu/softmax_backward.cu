// Backward of softmax, from the saved y and the gradient dy:
//
//   dx[r, c] = y[r, c] (dy[r, c] − d),   d = Σ_c y[r, c] dy[r, c],   c < length[r]
//   logarithmic: dx[r, c] = dy[r, c] − exp(y[r, c]) d,   d = Σ_c dy[r, c]
//
// and 0 beyond a row's length. One sum a row; x and the maximum are not needed. The least traffic
// is two reads and one write: 12 bytes per f32 element. Versions as in softmax.cu:
//
//   thread_per_row, block_per_row, warp_per_row   two passes over y and dy
//   online                                        one pass, both in registers (long rows: two)
//   rows_per_warp                                 8 or 16 lanes a row

#include "kernels/gpu/softmax.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

/// One call. dx may be dy: a thread writes only where it alone has read, after all have read.
template <typename T>
struct Backward {
  Matrix<const T> y;   // [rows, cols]
  Lengths lengths;     // [rows]
  Matrix<const T> dy;  // [rows, cols]
  bool logarithmic;
  Matrix<T> dx;  // [rows, cols]

  using A = accumulate_t<T>;
  /// An element's part of d.
  __device__ __forceinline__ A term(A y_element, A dy_element) const {
    return logarithmic ? dy_element : counted<1>(y_element * dy_element);
  }
  __device__ __forceinline__ A slope(A y_element, A dy_element, A d) const {
    return logarithmic ? counted<2>(dy_element - exp_of(y_element) * d)
                       : counted<2>(y_element * (dy_element - d));
  }
};

template <typename A>
struct BackwardShared {
  BlockReduceShared<A> reduce;
};

// thread_per_row
//   grid ⌈rows / 256⌉, block 256, shared 0
//   reads y and dy twice, writes dx once: 20 bytes per f32 element asked for, a 32-byte sector for
//   each load that the L1 cache has not kept
template <typename T>
__global__ void softmax_backward_thread_per_row(Backward<T> p) {
  using A = accumulate_t<T>;
  const std::int64_t r = row_of_lane<1>();
  if (r >= p.y.rows) {
    return;
  }
  const std::int64_t count = p.lengths[r];
  A d = 0;
  for (std::int64_t c = 0; c < count; ++c) {
    counted<1>(d += p.term(widen<T>(p.y(r, c)), widen<T>(p.dy(r, c))));
  }
  for (std::int64_t c = 0; c < p.y.cols; ++c) {
    p.dx(r, c) = c < count ? narrow<T>(p.slope(widen<T>(p.y(r, c)), widen<T>(p.dy(r, c)), d))
                           : narrow<T>(A{0});
  }
}

// block_per_row
//   grid rows, block 256, shared 32 numbers
//   reads y and dy twice (the second time from a cache), writes dx once
//   Gains: whole sectors are used.
//   Loses: two barriers a row; idle threads below 256 columns.
template <typename T>
__global__ void softmax_backward_block_per_row(Backward<T> p) {
  using A = accumulate_t<T>;
  auto& shared = shared_memory<BackwardShared<A>>();
  const std::int64_t r = blockIdx.x;
  const std::int64_t count = p.lengths[r];
  A d = 0;
  for (std::int64_t c = threadIdx.x; c < count; c += blockDim.x) {
    counted<1>(d += p.term(widen<T>(p.y(r, c)), widen<T>(p.dy(r, c))));
  }
  d = block_sum(d, shared.reduce);
  for (std::int64_t c = threadIdx.x; c < p.y.cols; c += blockDim.x) {
    p.dx(r, c) = c < count ? narrow<T>(p.slope(widen<T>(p.y(r, c)), widen<T>(p.dy(r, c)), d))
                           : narrow<T>(A{0});
  }
}

// warp_per_row
//   grid ⌈rows / 8⌉, block 256 (8 rows), shared 0
//   reads y and dy twice, writes dx once
//   Gains: no barrier.
//   Loses: 32 threads are too few for a long row.
template <typename T>
__global__ void softmax_backward_warp_per_row(Backward<T> p) {
  using A = accumulate_t<T>;
  const RowPlace place = place_of_lane<32>(p.y.rows);
  const std::int64_t r = place.row;
  const std::int64_t count = place.exists ? p.lengths[r] : 0;
  A d = 0;
  for (std::int64_t c = lane_in_row<32>(); c < count; c += 32) {
    counted<1>(d += p.term(widen<T>(p.y(r, c)), widen<T>(p.dy(r, c))));
  }
  d = warp_sum(d);
  const std::int64_t cols = place.exists ? p.y.cols : 0;
  for (std::int64_t c = lane_in_row<32>(); c < cols; c += 32) {
    p.dx(r, c) = c < count ? narrow<T>(p.slope(widen<T>(p.y(r, c)), widen<T>(p.dy(r, c)), d))
                           : narrow<T>(A{0});
  }
}

/// A thread's parts of y and dy; elements beyond the length are 0 and add nothing to d.
template <typename T, int N, int values>
struct Parts {
  using A = accumulate_t<T>;
  RowPart<T, N, values / N> y, dy;

  __device__ __forceinline__ void load(const Row<const T>& y_row, const Row<const T>& dy_row,
                                       int thread, int threads, std::int64_t count) {
    y.load(y_row, thread, threads, count, A{0});
    dy.load(dy_row, thread, threads, count, A{0});
  }
  __device__ __forceinline__ A sum_of_terms(const Backward<T>& p) const {
    A d = 0;
    HEDDLE_UNROLL
    for (int k = 0; k < values; ++k) {
      counted<1>(d += p.term(y.value[k], dy.value[k]));
    }
    return d;
  }
  __device__ __forceinline__ void store(const Backward<T>& p, A d, const Row<T>& dx_row, int thread,
                                        int threads, std::int64_t count) {
    HEDDLE_UNROLL
    for (int k = 0; k < values; ++k) {
      dy.value[k] = p.slope(y.value[k], dy.value[k], d);
    }
    dy.store(dx_row, thread, threads, count, A{0});
  }
};

// online (lanes = 32, up to 1024 columns) and rows_per_warp (lanes = 8 or 16, up to 128)
//   grid ⌈rows · lanes / 256⌉, block 256, shared 0
//   reads y and dy once, writes dx once: 12 bytes per f32 element, the least there is
//   Gains: one pass, 16-byte loads, all on their way at once.
//   Loses: 64 registers for the numbers of a row of 1024, so fewer warps than forward.
template <typename T, int N, int values, int lanes>
__global__ void softmax_backward_in_warp(Backward<T> p) {
  const RowPlace place = place_of_lane<lanes>(p.y.rows);
  const int lane = lane_in_row<lanes>();
  const std::int64_t count = place.exists ? p.lengths[place.row] : 0;
  Parts<T, N, values> parts;
  parts.load(p.y.row(place.row), p.dy.row(place.row), lane, lanes, count);
  const accumulate_t<T> d = warp_sum<lanes>(parts.sum_of_terms(p));
  if (place.exists) {
    parts.store(p, d, p.dx.row(place.row), lane, lanes, count);
  }
}

// online, 1025 to 16384 columns (8192 where loads are one by one: f64, odd strides)
//   grid rows, block ⌈cols / 16⌉ (8 where one by one) rounded up to whole warps, shared 32 numbers
//   reads y and dy once, writes dx once
//   Gains: rows that no warp can hold.
//   Loses: two barriers a row, between which nothing is loaded.
template <typename T, int N>
__global__ void __launch_bounds__(1024) softmax_backward_in_block(Backward<T> p) {
  auto& shared = shared_memory<BackwardShared<accumulate_t<T>>>();
  const int thread = static_cast<int>(threadIdx.x);
  const int threads = static_cast<int>(blockDim.x);
  const std::int64_t r = blockIdx.x;
  const std::int64_t count = p.lengths[r];
  Parts<T, N, softmax_block_values<N>> parts;
  parts.load(p.y.row(r), p.dy.row(r), thread, threads, count);
  const accumulate_t<T> d = block_sum(parts.sum_of_terms(p), shared.reduce);
  parts.store(p, d, p.dx.row(r), thread, threads, count);
}

// online, beyond
//   grid rows, block 512, shared 32 numbers
//   reads y and dy twice (the second time from L2, as long as it holds the rows that are worked
//   on), writes dx once
template <typename T, int N>
__global__ void __launch_bounds__(softmax_tile_threads) softmax_backward_in_tiles(Backward<T> p) {
  using A = accumulate_t<T>;
  auto& shared = shared_memory<BackwardShared<A>>();
  const int thread = static_cast<int>(threadIdx.x);
  const int threads = static_cast<int>(blockDim.x);
  const std::int64_t r = blockIdx.x;
  const std::int64_t count = p.lengths[r];
  const std::int64_t tile = std::int64_t{threads} * softmax_tile_values<N>;
  Parts<T, N, softmax_tile_values<N>> parts;
  const auto load = [&](std::int64_t first) {
    parts.load(from_column(p.y.row(r), first), from_column(p.dy.row(r), first), thread, threads,
               count - first);
  };
  A d = 0;
  for (std::int64_t first = 0; first < count; first += tile) {
    load(first);
    counted<1>(d += parts.sum_of_terms(p));
  }
  d = block_sum(d, shared.reduce);
  for (std::int64_t first = 0; first < p.y.cols; first += tile) {
    load(first);
    parts.store(p, d, from_column(p.dx.row(r), first), thread, threads, count - first);
  }
}

// Launchers.

template <typename T>
void thread_per_row(Stream& stream, const Backward<T>& p) {
  launch(softmax_backward_thread_per_row<T>,
         Launch{"softmax_backward.thread_per_row", stream, blocks_for(p.y.rows, softmax_threads),
                softmax_threads},
         p);
}

template <typename T>
void block_per_row(Stream& stream, const Backward<T>& p) {
  launch(softmax_backward_block_per_row<T>,
         Launch{"softmax_backward.block_per_row", stream, static_cast<unsigned>(p.y.rows),
                softmax_threads, sizeof(BackwardShared<accumulate_t<T>>)},
         p);
}

template <typename T>
void warp_per_row(Stream& stream, const Backward<T>& p) {
  launch(softmax_backward_warp_per_row<T>,
         Launch{"softmax_backward.warp_per_row", stream, blocks_for(p.y.rows * 32, softmax_threads),
                softmax_threads},
         p);
}

template <typename T>
bool is_aligned(const Backward<T>& p) {
  return has_aligned_rows(p.y) && has_aligned_rows(p.dy) && has_aligned_rows(p.dx);
}

template <typename T>
void in_warp(Stream& stream, const Backward<T>& p, const char* name, bool whole_warps) {
  with_row_vector<T>(is_aligned(p), [&](auto vector) {
    with_lanes(p.y.cols, whole_warps, [&](auto lanes, auto values) {
      constexpr int N = decltype(vector)::value;
      constexpr int per_row = decltype(lanes)::value;
      launch(softmax_backward_in_warp<T, N, decltype(values)::value, per_row>,
             Launch{name, stream, blocks_for(p.y.rows * per_row, softmax_threads), softmax_threads},
             p);
    });
  });
}

template <typename T>
void online(Stream& stream, const Backward<T>& p) {
  if (p.y.cols <= softmax_warp_columns) {
    in_warp(stream, p, "softmax_backward.online", true);
    return;
  }
  with_row_vector<T>(is_aligned(p), [&](auto vector) {
    constexpr int N = decltype(vector)::value;
    const bool in_registers = p.y.cols <= softmax_block_columns<N>;
    launch(
        in_registers ? softmax_backward_in_block<T, N> : softmax_backward_in_tiles<T, N>,
        Launch{in_registers ? "softmax_backward.online (block)" : "softmax_backward.online (tiles)",
               stream, static_cast<unsigned>(p.y.rows),
               in_registers ? softmax_block_threads<N>(p.y.cols) : softmax_tile_threads,
               sizeof(BackwardShared<accumulate_t<T>>)},
        p);
  });
}

/// Rows beyond 128 columns: as `online`.
template <typename T>
void rows_per_warp(Stream& stream, const Backward<T>& p) {
  if (p.y.cols <= 128) {
    in_warp(stream, p, "softmax_backward.rows_per_warp", false);
  } else {
    online(stream, p);
  }
}

}  // namespace

void softmax_backward(SoftmaxVersion version, Stream& stream, const ConstView& y,
                      const ConstView& lengths, const ConstView& dy, bool logarithmic,
                      const View& dx) {
  constexpr const char* kernel = "softmax_backward";
  check_softmax_views(kernel, {"y", y}, {{"dy", dy}, {"dx", dx}});
  const Lengths counts = lengths_of(stream, kernel, lengths, y.size(0), y.size(1));
  dispatch_storage(y.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    if (y.elements() == 0) {
      return;
    }
    const Backward<T> p{matrix_of<T>(y), counts, matrix_of<T>(dy), logarithmic, matrix_of<T>(dx)};
    switch (version) {
      case SoftmaxVersion::thread_per_row:
        return thread_per_row(stream, p);
      case SoftmaxVersion::block_per_row:
        return block_per_row(stream, p);
      case SoftmaxVersion::warp_per_row:
        return warp_per_row(stream, p);
      case SoftmaxVersion::online:
        return online(stream, p);
      case SoftmaxVersion::rows_per_warp:
        return rows_per_warp(stream, p);
    }
  });
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
