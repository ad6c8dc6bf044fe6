// Layer normalisation of each row:
//
//   mean = Σ_c x_c / cols,   variance = Σ_c (x_c − mean)² / cols,   rstd = 1 / √(variance + ε)
//   y_c = (x_c − mean) · rstd · scale_c + shift_c
//
// x, y [rows, cols], scale, shift [cols], mean and rstd [rows] saved for backward; contiguous; f32,
// f64; bf16 x, y, scale and shift, with mean and rstd in f32. Ba et al., arXiv 1607.06450.
// Two sums that follow one another: the squares are taken of what is left when the mean is gone.
// Σ x² − cols · mean² would need one pass, and loses every digit where the mean is far from 0. A
// row in registers makes the second pass free, so that no version needs Welford's running update.
//
//   thread_per_row  one thread reads its row three times
//   warp_per_row    32 lanes hold the row in registers: one read, one write
//   block_per_row   up to 512 threads hold the row, or walk along it where it is longer
//
// Backward: layer_norm_backward.cu. Derivations: docs/kernels/layer_norm.md.

#include <vector>

#include "kernels/gpu/families.h"
#include "kernels/gpu/layer_norm.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

/// One call. y may be x.
template <typename T>
struct LayerNorm {
  using A = accumulate_t<T>;
  Matrix<const T> x;   // [rows, cols]
  Row<const T> scale;  // [cols]
  Row<const T> shift;  // [cols]
  A epsilon;
  Matrix<T> y;  // [rows, cols]
  Row<A> mean;  // [rows]
  Row<A> rstd;  // [rows]

  __device__ __forceinline__ A rstd_of(A squares) const {
    return counted<3>(A{1} / sqrt_of(squares / static_cast<A>(x.cols) + epsilon));
  }
  __device__ __forceinline__ void save(std::int64_t row, A of_mean, A of_rstd) const {
    mean(row) = of_mean;
    rstd(row) = of_rstd;
  }
};

// thread_per_row
//   grid ⌈rows / 256⌉, block 256, shared 0
//   reads x 3 times, writes y once: 16 bytes per f32 element asked for; neighbouring threads are a
//   row apart, so that each load brings a 32-byte sector of its own
template <typename T>
__global__ void layer_norm_thread_per_row(LayerNorm<T> p) {
  using A = accumulate_t<T>;
  const std::int64_t r = row_of_lane<1>();
  if (r >= p.x.rows) {
    return;
  }
  A sum = 0;
  for (std::int64_t c = 0; c < p.x.cols; ++c) {
    counted<1>(sum += widen<T>(p.x(r, c)));
  }
  const A mean = counted<1>(sum / static_cast<A>(p.x.cols));
  A squares = 0;
  for (std::int64_t c = 0; c < p.x.cols; ++c) {
    const A centred = counted<1>(widen<T>(p.x(r, c)) - mean);
    counted<2>(squares += centred * centred);
  }
  const A rstd = p.rstd_of(squares);
  for (std::int64_t c = 0; c < p.x.cols; ++c) {
    p.y(r, c) = narrow<T>(counted<4>((widen<T>(p.x(r, c)) - mean) * rstd * widen<T>(p.scale(c)) +
                                     widen<T>(p.shift(c))));
  }
  p.save(r, mean, rstd);
}

/// Part of a row of x, and what is done with it.
template <typename T, int N, int values>
struct RowOfX {
  using A = accumulate_t<T>;
  RowPart<T, N, values / N> x;

  __device__ __forceinline__ A sum() const {
    A sum = 0;
    HEDDLE_UNROLL
    for (int k = 0; k < values; ++k) {
      counted<1>(sum += x.value[k]);
    }
    return sum;
  }
  /// Of the columns below `cols`.
  __device__ __forceinline__ A squares(A mean, int thread, int threads, std::int64_t cols) const {
    A squares = 0;
    HEDDLE_UNROLL
    for (int k = 0; k < values; ++k) {
      const A centred = x.column(k, thread, threads) < cols ? counted<1>(x.value[k] - mean) : A{0};
      counted<2>(squares += centred * centred);
    }
    return squares;
  }
  __device__ __forceinline__ void write(A mean, A rstd, const Row<const T>& scale,
                                        const Row<const T>& shift, const Row<T>& y, int thread,
                                        int threads) const {
    for_each_vector<N, values / N>(thread, threads, y.size, [&](int v, int first) {
      const Vector<T, N> factor = load_vector<N>(scale, first);
      const Vector<T, N> term = load_vector<N>(shift, first);
      Vector<T, N> result;
      HEDDLE_UNROLL
      for (int i = 0; i < N; ++i) {
        result[i] = narrow<T>(
            counted<4>((x.value[v * N + i] - mean) * rstd * widen(factor[i]) + widen(term[i])));
      }
      store_vector<N>(y, first, result);
    });
  }
};

/// A row that its group holds in registers. Lanes past the last row take part without reading or
/// storing.
template <typename T, int N, int values, typename Group>
__device__ __forceinline__ void normalize_row(const LayerNorm<T>& p, const RowPlace& place,
                                              const Group& group) {
  using A = accumulate_t<T>;
  RowOfX<T, N, values> row;
  row.x.load(p.x.row(place.row), group.thread, group.threads, place.exists ? p.x.cols : 0, A{0});
  const A mean = counted<1>(group.sum(row.sum()) / static_cast<A>(p.x.cols));
  const A rstd = p.rstd_of(group.sum(row.squares(mean, group.thread, group.threads, p.x.cols)));
  if (place.exists) {
    row.write(mean, rstd, p.scale, p.shift, p.y.row(place.row), group.thread, group.threads);
    if (group.thread == 0) {
      p.save(place.row, mean, rstd);
    }
  }
}

// warp_per_row (up to 1024 columns, f64 512; beyond: block_per_row)
//   grid ⌈rows / 8⌉, block 256 (8 rows), shared 0
//   reads x once, writes y once: 8 bytes per f32 element, 16 a load; scale and shift from a cache
//   Gains: the least traffic there is, no barrier.
//   Loses: rows below 128 columns leave lanes idle.
template <typename T, int N, int values>
__global__ void layer_norm_warp_per_row(LayerNorm<T> p) {
  normalize_row<T, N, values>(p, place_of_lane<32>(p.x.rows), WarpOfRow{});
}

// block_per_row, up to 8192 columns (4096 where loads are one by one)
//   grid rows, block ⌈cols / 16⌉ (8) rounded up to whole warps, shared 96 numbers
//   reads x once, writes y once
//   Gains: rows that no warp can hold.
//   Loses: four barriers a row.
template <typename T, int N>
__global__ void __launch_bounds__(layer_norm_block_threads)
    layer_norm_block_per_row(LayerNorm<T> p) {
  using A = accumulate_t<T>;
  normalize_row<T, N, layer_norm_block_values<N>>(
      p, {std::int64_t{blockIdx.x}, true}, BlockOfRow<A>{shared_memory<BlockOfRowShared<A>>()});
}

// block_per_row, beyond
//   grid rows, block 512, shared 96 numbers
//   reads x 3 times (the second and third time from L2, as long as it holds the rows that are
//   worked on), writes y once
template <typename T, int N>
__global__ void __launch_bounds__(layer_norm_block_threads) layer_norm_in_tiles(LayerNorm<T> p) {
  using A = accumulate_t<T>;
  const BlockOfRow<A> block{shared_memory<BlockOfRowShared<A>>()};
  const std::int64_t r = blockIdx.x;
  const std::int64_t cols = p.x.cols;
  const std::int64_t tile = std::int64_t{block.threads} * layer_norm_block_values<N>;
  RowOfX<T, N, layer_norm_block_values<N>> row;
  const auto load = [&](std::int64_t first) {
    row.x.load(from_column(p.x.row(r), first), block.thread, block.threads, cols - first, A{0});
  };
  A sum = 0;
  for (std::int64_t first = 0; first < cols; first += tile) {
    load(first);
    counted<1>(sum += row.sum());
  }
  const A mean = counted<1>(block.sum(sum) / static_cast<A>(cols));
  A squares = 0;
  for (std::int64_t first = 0; first < cols; first += tile) {
    load(first);
    counted<1>(squares += row.squares(mean, block.thread, block.threads, cols - first));
  }
  const A rstd = p.rstd_of(block.sum(squares));
  for (std::int64_t first = 0; first < cols; first += tile) {
    load(first);
    row.write(mean, rstd, from_column(p.scale, first), from_column(p.shift, first),
              from_column(p.y.row(r), first), block.thread, block.threads);
  }
  if (block.thread == 0) {
    p.save(r, mean, rstd);
  }
}

// Launchers.

template <typename T>
void thread_per_row(Stream& stream, const LayerNorm<T>& p) {
  launch(layer_norm_thread_per_row<T>,
         Launch{"layer_norm.thread_per_row", stream, blocks_for(p.x.rows, layer_norm_threads),
                layer_norm_threads},
         p);
}

template <typename T>
bool is_aligned(const LayerNorm<T>& p) {
  return has_aligned_rows(p.x) && has_aligned_rows(p.y) && is_aligned_row(p.scale) &&
         is_aligned_row(p.shift);
}

template <typename T>
void block_per_row(Stream& stream, const LayerNorm<T>& p) {
  with_row_vector<T>(is_aligned(p), [&](auto vector) {
    constexpr int N = decltype(vector)::value;
    const bool in_registers = p.x.cols <= layer_norm_block_columns<N>;
    launch(in_registers ? layer_norm_block_per_row<T, N> : layer_norm_in_tiles<T, N>,
           Launch{in_registers ? "layer_norm.block_per_row" : "layer_norm.block_per_row (tiles)",
                  stream, static_cast<unsigned>(p.x.rows), layer_norm_threads_for<N>(p.x.cols),
                  sizeof(BlockOfRowShared<accumulate_t<T>>)},
           p);
  });
}

template <typename T>
void warp_per_row(Stream& stream, const LayerNorm<T>& p) {
  if (p.x.cols > layer_norm_warp_columns<T>) {
    block_per_row(stream, p);
    return;
  }
  with_row_vector<T>(is_aligned(p), [&](auto vector) {
    with_warp_values<T>(p.x.cols, [&](auto values) {
      launch(layer_norm_warp_per_row<T, decltype(vector)::value, decltype(values)::value>,
             Launch{"layer_norm.warp_per_row", stream,
                    blocks_for(p.x.rows * 32, layer_norm_threads), layer_norm_threads},
             p);
    });
  });
}

void layer_norm(LayerNormVersion version, Stream& stream, double epsilon, const ConstView& x,
                const ConstView& scale, const ConstView& shift, const View& y, const View& mean,
                const View& rstd) {
  constexpr const char* kernel = "layer_norm";
  check_rank(kernel, {"x", x}, 2);
  const std::int64_t rows = x.size(0);
  const std::int64_t cols = x.size(1);
  check_dense(kernel, {"x", x}, x.shape, x.dtype);
  check_dense(kernel, {"scale", scale}, {cols}, x.dtype);
  check_dense(kernel, {"shift", shift}, {cols}, x.dtype);
  check_dense(kernel, {"y", y}, x.shape, x.dtype);
  check_dense(kernel, {"mean", mean}, {rows}, moments_type(x.dtype));
  check_dense(kernel, {"rstd", rstd}, {rows}, moments_type(x.dtype));
  dispatch_storage(x.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    using A = accumulate_t<T>;
    if (rows == 0) {
      return;
    }
    const LayerNorm<T> p{matrix_of<T>(x),         row_of<T>(scale), row_of<T>(shift),
                         static_cast<A>(epsilon), matrix_of<T>(y),  row_of<A>(mean),
                         row_of<A>(rstd)};
    switch (version) {
      case LayerNormVersion::thread_per_row:
        return thread_per_row(stream, p);
      case LayerNormVersion::warp_per_row:
        return warp_per_row(stream, p);
      case LayerNormVersion::block_per_row:
        return block_per_row(stream, p);
    }
  });
}

/// `chosen(cols)` says which version runs.
template <auto chosen>
constexpr LayerNormKernels table_of() {
  return {.forward =
              [](Stream& stream, double epsilon, const ConstView& x, const ConstView& scale,
                 const ConstView& shift, const View& y, const View& mean, const View& rstd) {
                check_rank("layer_norm", {"x", x}, 2);
                layer_norm(chosen(x.size(1)), stream, epsilon, x, scale, shift, y, mean, rstd);
              },
          .backward =
              [](Stream& stream, const ConstView& x, const ConstView& scale, const ConstView& mean,
                 const ConstView& rstd, const ConstView& dy, const View& dx, const View& dscale,
                 const View& dshift) {
                check_rank("layer_norm_backward", {"x", x}, 2);
                layer_norm_backward(chosen(x.size(1)), stream, x, scale, mean, rstd, dy, dx, dscale,
                                    dshift);
              }};
}

template <LayerNormVersion version>
constexpr LayerNormVersion always(std::int64_t) {
  return version;
}

}  // namespace

LayerNormKernels layer_norm_kernels() { return table_of<layer_norm_default>(); }

const std::vector<KernelVersion<LayerNormKernels>>& layer_norm_versions() {
  using enum LayerNormVersion;
  static const std::vector<KernelVersion<LayerNormKernels>> versions{
      {"thread_per_row", "f32", table_of<always<thread_per_row>>()},
      {"warp_per_row", "f32", table_of<always<warp_per_row>>()},
      {"block_per_row", "f32", table_of<always<block_per_row>>()},
  };
  return versions;
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
