// Softmax over the columns of each row, with an optional number of columns that count per row:
//
//   m = max_c x[r, c],   s = Σ_c exp(x[r, c] − m)          over c < length[r]
//   y[r, c] = exp(x[r, c] − m) / s                         beyond the length: 0
//   logarithmic: y[r, c] = (x[r, c] − m) − log s           beyond the length: −∞
//
// x, y [rows, cols], columns contiguous, any row stride; f32, f64, bf16 (computed in f32).
// One exponential and few sums per element: memory is the limit, and each version brings the bytes
// moved, or the threads that move them, closer to one read and one write.
//
//   thread_per_row  one thread walks along its row, three times
//   block_per_row   256 threads share a row: neighbours read neighbouring columns
//   warp_per_row    32 threads share a row: shuffles in place of barriers and shared memory
//   online          the row is read once, 16 bytes a load, and stays in registers: of a warp, of a
//                   block, or, for rows that no registers hold, pairs (m, s) in two readings
//   rows_per_warp   8 or 16 lanes a row, so that short rows fill the warp too
//
// Backward has the same versions: softmax_backward.cu. Derivations: docs/kernels/softmax.md.

#include <vector>

#include "kernels/gpu/families.h"
#include "kernels/gpu/softmax.h"
#include "kernels/gpu/softmax_pair.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

/// One call. y may be x: a thread writes only where it alone has read, after all have read.
template <typename T>
struct Softmax {
  Matrix<const T> x;  // [rows, cols]
  Lengths lengths;    // [rows]
  bool logarithmic;
  Matrix<T> y;  // [rows, cols]
};

/// What is left to do for each element once its row's m and s are known.
template <typename A>
struct LastStep {
  A shift;   // m
  A factor;  // 1 / s, or log s
  bool logarithmic;

  __device__ LastStep(const SoftmaxPair<A>& row, bool of_logarithm)
      : shift(shift_of(row.largest)),
        factor(of_logarithm ? log_of(row.sum) : counted<1>(A{1} / row.sum)),
        logarithmic(of_logarithm) {}

  __device__ A operator()(A x) const {
    return logarithmic ? counted<2>((x - shift) - factor) : counted<2>(exp_of(x - shift) * factor);
  }
};

template <typename A>
__device__ __forceinline__ A beyond_length(bool logarithmic) {
  return logarithmic ? -infinity_of<A>() : A{0};
}

template <typename A>
struct SoftmaxShared {
  BlockReduceShared<A> reduce;
};

// thread_per_row
//   grid ⌈rows / 256⌉, block 256, shared 0
//   reads x 3 times, writes y once: 16 bytes per f32 element asked for
//   Neighbouring threads are a whole row apart, so each 4-byte load brings a 32-byte sector of its
//   own: up to 8 times the bytes where the L1 cache does not keep the sector until the next column.
//   What it has: no words between threads, and it is plainly right.
template <typename T>
__global__ void softmax_thread_per_row(Softmax<T> p) {
  using A = accumulate_t<T>;
  const std::int64_t r = row_of_lane<1>();
  if (r >= p.x.rows) {
    return;
  }
  const std::int64_t count = p.lengths[r];
  A largest = -infinity_of<A>();
  for (std::int64_t c = 0; c < count; ++c) {
    largest = larger_of(largest, widen<T>(p.x(r, c)));
  }
  A sum = 0;
  for (std::int64_t c = 0; c < count; ++c) {
    counted<2>(sum += exp_of(widen<T>(p.x(r, c)) - shift_of(largest)));
  }
  const LastStep<A> last({largest, sum}, p.logarithmic);
  for (std::int64_t c = 0; c < p.x.cols; ++c) {
    p.y(r, c) = narrow<T>(c < count ? last(widen<T>(p.x(r, c))) : beyond_length<A>(p.logarithmic));
  }
}

// block_per_row
//   grid rows, block 256, shared 32 numbers
//   reads x 3 times (twice from a cache, as long as the row fits), writes y once
//   Gains: neighbours read neighbouring columns, so that every byte of a sector is used.
//   Loses: four barriers a row, and rows below 256 columns leave threads idle.
template <typename T>
__global__ void softmax_block_per_row(Softmax<T> p) {
  using A = accumulate_t<T>;
  auto& shared = shared_memory<SoftmaxShared<A>>();
  const std::int64_t r = blockIdx.x;
  const std::int64_t count = p.lengths[r];
  A largest = -infinity_of<A>();
  for (std::int64_t c = threadIdx.x; c < count; c += blockDim.x) {
    largest = larger_of(largest, widen<T>(p.x(r, c)));
  }
  largest = block_max(largest, shared.reduce);
  A sum = 0;
  for (std::int64_t c = threadIdx.x; c < count; c += blockDim.x) {
    counted<2>(sum += exp_of(widen<T>(p.x(r, c)) - shift_of(largest)));
  }
  sum = block_sum(sum, shared.reduce);
  const LastStep<A> last({largest, sum}, p.logarithmic);
  for (std::int64_t c = threadIdx.x; c < p.x.cols; c += blockDim.x) {
    p.y(r, c) = narrow<T>(c < count ? last(widen<T>(p.x(r, c))) : beyond_length<A>(p.logarithmic));
  }
}

// warp_per_row
//   grid ⌈rows / 8⌉, block 256 (8 rows), shared 0
//   reads x 3 times, writes y once, as before
//   Gains: five shuffles end a sum, no warp waits for another, and rows from 32 columns on keep
//   every lane busy.
//   Loses: a long row has 32 threads only, too few loads on their way to fill the memory's pipe.
template <typename T>
__global__ void softmax_warp_per_row(Softmax<T> p) {
  using A = accumulate_t<T>;
  const RowPlace place = place_of_lane<32>(p.x.rows);
  const std::int64_t r = place.row;
  const std::int64_t count = place.exists ? p.lengths[r] : 0;
  A largest = -infinity_of<A>();
  for (std::int64_t c = lane_in_row<32>(); c < count; c += 32) {
    largest = larger_of(largest, widen<T>(p.x(r, c)));
  }
  largest = warp_max(largest);
  A sum = 0;
  for (std::int64_t c = lane_in_row<32>(); c < count; c += 32) {
    counted<2>(sum += exp_of(widen<T>(p.x(r, c)) - shift_of(largest)));
  }
  sum = warp_sum(sum);
  const LastStep<A> last({largest, sum}, p.logarithmic);
  const std::int64_t cols = place.exists ? p.x.cols : 0;
  for (std::int64_t c = lane_in_row<32>(); c < cols; c += 32) {
    p.y(r, c) = narrow<T>(c < count ? last(widen<T>(p.x(r, c))) : beyond_length<A>(p.logarithmic));
  }
}

// online (lanes = 32, up to 1024 columns) and rows_per_warp (lanes = 8 or 16, up to 128)
//   grid ⌈rows · lanes / 256⌉, block 256, shared 0
//   reads x once, writes y once: 8 bytes per f32 element, the least there is
//   Gains: the row stays in registers between the passes, loads are 16 bytes, all of a lane's loads
//   are on their way at once; with fewer lanes a row, short rows fill the warp and a sum takes 3 or
//   4 shuffles in place of 5.
//   Loses: compiled per row length; a lane holds 8 or 32 numbers whether the row has them or not.
template <typename T, int N, int values, int lanes>
__global__ void softmax_in_warp(Softmax<T> p) {
  using A = accumulate_t<T>;
  const RowPlace place = place_of_lane<lanes>(p.x.rows);
  const int lane = lane_in_row<lanes>();
  const std::int64_t count = place.exists ? p.lengths[place.row] : 0;
  RowPart<T, N, values / N> part;
  part.load(p.x.row(place.row), lane, lanes, count, -infinity_of<A>());

  A largest = part.value[0];
  HEDDLE_UNROLL
  for (int k = 1; k < values; ++k) {
    largest = larger_of(largest, part.value[k]);
  }
  const A shift = shift_of(warp_max<lanes>(largest));
  A sum = 0;
  HEDDLE_UNROLL
  for (int k = 0; k < values; ++k) {
    const A centred = counted<1>(part.value[k] - shift);
    const A exponential = exp_of(centred);
    counted<1>(sum += exponential);
    part.value[k] = p.logarithmic ? centred : exponential;
  }
  sum = warp_sum<lanes>(sum);
  const A factor = p.logarithmic ? log_of(sum) : counted<1>(A{1} / sum);
  HEDDLE_UNROLL
  for (int k = 0; k < values; ++k) {
    part.value[k] =
        p.logarithmic ? counted<1>(part.value[k] - factor) : counted<1>(part.value[k] * factor);
  }
  if (place.exists) {
    part.store(p.y.row(place.row), lane, lanes, count, beyond_length<A>(p.logarithmic));
  }
}

// online, 1025 to 16384 columns (8192 where loads are one by one: f64, odd strides)
//   grid rows, block ⌈cols / 16⌉ (8 where one by one) rounded up to whole warps, shared 64 numbers
//   reads x once, writes y once
//   Each thread folds its registers into a pair (m, s), and the block merges pairs: one tree and
//   two barriers where maximum and sum took two trees and four. The exponentials are computed again
//   at the end: the arithmetic units wait for memory anyway.
//   Loses: with one row a block, nothing is loaded while the row is finished, unless several blocks
//   fit on a multiprocessor.
template <typename T, int N>
__global__ void __launch_bounds__(1024) softmax_in_block(Softmax<T> p) {
  using A = accumulate_t<T>;
  auto& shared = shared_memory<SoftmaxPairShared<A>>();
  const int thread = static_cast<int>(threadIdx.x);
  const int threads = static_cast<int>(blockDim.x);
  const std::int64_t r = blockIdx.x;
  const std::int64_t count = p.lengths[r];
  RowPart<T, N, softmax_block_values<N> / N> part;
  part.load(p.x.row(r), thread, threads, count, -infinity_of<A>());
  const LastStep<A> last(block_merge(pair_of(part.value), shared), p.logarithmic);
  HEDDLE_UNROLL
  for (A& value : part.value) {
    value = last(value);
  }
  part.store(p.y.row(r), thread, threads, count, beyond_length<A>(p.logarithmic));
}

// online, beyond
//   grid rows, block 512, shared 64 numbers
//   reads x twice (the second time from L2, as long as the rows that are worked on fit there),
//   writes y once
//   The pair (m, s) is what makes two readings enough: maximum and sum come from the same one.
template <typename T, int N>
__global__ void __launch_bounds__(softmax_tile_threads) softmax_in_tiles(Softmax<T> p) {
  using A = accumulate_t<T>;
  auto& shared = shared_memory<SoftmaxPairShared<A>>();
  const int thread = static_cast<int>(threadIdx.x);
  const int threads = static_cast<int>(blockDim.x);
  const std::int64_t r = blockIdx.x;
  const std::int64_t count = p.lengths[r];
  const std::int64_t tile = std::int64_t{threads} * softmax_tile_values<N>;
  RowPart<T, N, softmax_tile_values<N> / N> part;
  SoftmaxPair<A> pair = empty_pair<A>();
  for (std::int64_t first = 0; first < count; first += tile) {
    part.load(from_column(p.x.row(r), first), thread, threads, count - first, -infinity_of<A>());
    pair = merge(pair, pair_of(part.value));
  }
  const LastStep<A> last(block_merge(pair, shared), p.logarithmic);
  for (std::int64_t first = 0; first < p.x.cols; first += tile) {
    part.load(from_column(p.x.row(r), first), thread, threads, count - first, A{0});
    HEDDLE_UNROLL
    for (A& value : part.value) {
      value = last(value);
    }
    part.store(from_column(p.y.row(r), first), thread, threads, count - first,
               beyond_length<A>(p.logarithmic));
  }
}

// Launchers.

template <typename T>
void thread_per_row(Stream& stream, const Softmax<T>& p) {
  launch(softmax_thread_per_row<T>,
         Launch{"softmax.thread_per_row", stream, blocks_for(p.x.rows, softmax_threads),
                softmax_threads},
         p);
}

template <typename T>
void block_per_row(Stream& stream, const Softmax<T>& p) {
  launch(softmax_block_per_row<T>,
         Launch{"softmax.block_per_row", stream, static_cast<unsigned>(p.x.rows), softmax_threads,
                sizeof(SoftmaxShared<accumulate_t<T>>)},
         p);
}

template <typename T>
void warp_per_row(Stream& stream, const Softmax<T>& p) {
  launch(softmax_warp_per_row<T>,
         Launch{"softmax.warp_per_row", stream, blocks_for(p.x.rows * 32, softmax_threads),
                softmax_threads},
         p);
}

template <typename T>
void in_warp(Stream& stream, const Softmax<T>& p, const char* name, bool whole_warps) {
  with_row_vector<T>(has_aligned_rows(p.x) && has_aligned_rows(p.y), [&](auto vector) {
    with_lanes(p.x.cols, whole_warps, [&](auto lanes, auto values) {
      constexpr int N = decltype(vector)::value;
      constexpr int per_row = decltype(lanes)::value;
      launch(softmax_in_warp<T, N, decltype(values)::value, per_row>,
             Launch{name, stream, blocks_for(p.x.rows * per_row, softmax_threads), softmax_threads},
             p);
    });
  });
}

template <typename T>
void online(Stream& stream, const Softmax<T>& p) {
  if (p.x.cols <= softmax_warp_columns) {
    in_warp(stream, p, "softmax.online", true);
    return;
  }
  with_row_vector<T>(has_aligned_rows(p.x) && has_aligned_rows(p.y), [&](auto vector) {
    constexpr int N = decltype(vector)::value;
    const bool in_registers = p.x.cols <= softmax_block_columns<N>;
    launch(in_registers ? softmax_in_block<T, N> : softmax_in_tiles<T, N>,
           Launch{in_registers ? "softmax.online (block)" : "softmax.online (tiles)", stream,
                  static_cast<unsigned>(p.x.rows),
                  in_registers ? softmax_block_threads<N>(p.x.cols) : softmax_tile_threads,
                  sizeof(SoftmaxPairShared<accumulate_t<T>>)},
           p);
  });
}

/// Rows beyond 128 columns: as `online`.
template <typename T>
void rows_per_warp(Stream& stream, const Softmax<T>& p) {
  if (p.x.cols <= 128) {
    in_warp(stream, p, "softmax.rows_per_warp", false);
  } else {
    online(stream, p);
  }
}

void softmax(SoftmaxVersion version, Stream& stream, const ConstView& x, const ConstView& lengths,
             bool logarithmic, const View& y) {
  check_softmax_views("softmax", {"x", x}, {{"y", y}});
  const Lengths counts = lengths_of(stream, "softmax", lengths, x.size(0), x.size(1));
  dispatch_storage(x.dtype, "softmax", [&]<typename T>(TypeTag<T>) {
    if (x.elements() == 0) {
      return;
    }
    const Softmax<T> p{matrix_of<T>(x), counts, logarithmic, matrix_of<T>(y)};
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

/// `chosen(cols)` says which version runs.
template <auto chosen>
constexpr SoftmaxKernels table_of() {
  return {.forward =
              [](Stream& stream, const ConstView& x, const ConstView& lengths, bool logarithmic,
                 const View& y) {
                check_rank("softmax", {"x", x}, 2);
                softmax(chosen(x.size(1)), stream, x, lengths, logarithmic, y);
              },
          .backward =
              [](Stream& stream, const ConstView& y, const ConstView& lengths, const ConstView& dy,
                 bool logarithmic, const View& dx) {
                check_rank("softmax_backward", {"y", y}, 2);
                softmax_backward(chosen(y.size(1)), stream, y, lengths, dy, logarithmic, dx);
              }};
}

template <SoftmaxVersion version>
constexpr SoftmaxVersion always(std::int64_t) {
  return version;
}

}  // namespace

void check_softmax_views(const char* kernel, const NamedView& first,
                         std::initializer_list<NamedView> others) {
  const auto check_columns = [&](const NamedView& view) {
    check(view.view.size(1) <= 1 || view.view.stride(1) == 1, kernel, ": ", view.name,
          " has strides ", view.view.strides,
          "; expected neighbouring columns (a last stride of 1)");
  };
  check_rank(kernel, first, 2);
  for (const NamedView& view : others) {
    check_shape(kernel, view, first.view.shape);
    check_dtype(kernel, view, first.view.dtype);
  }
  check_columns(first);
  for (const NamedView& view : others) {
    check_columns(view);
  }
}

SoftmaxKernels softmax_kernels() { return table_of<softmax_default>(); }

const std::vector<KernelVersion<SoftmaxKernels>>& softmax_versions() {
  using enum SoftmaxVersion;
  static const std::vector<KernelVersion<SoftmaxKernels>> versions{
      {"thread_per_row", "f32", table_of<always<thread_per_row>>()},
      {"block_per_row", "f32", table_of<always<block_per_row>>()},
      {"warp_per_row", "f32", table_of<always<warp_per_row>>()},
      {"online", "f32", table_of<always<online>>()},
      {"rows_per_warp", "f32", table_of<always<rows_per_warp>>()},
  };
  return versions;
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
