// Backward of layer normalisation, from x, scale and the saved mean and rstd. With n = (x − mean)
// rstd, the normalised row, and g = dy · scale, what reaches it:
//
//   dx_c = rstd (g_c − Σ g / cols − n_c Σ g n / cols)      along each row
//   dscale_c = Σ_r dy n,   dshift_c = Σ_r dy               along each column
//
// Two sums that cross, so two kernels, each reading x and dy once: 12 bytes per f32 element for dx,
// 8 for the parameters. Columns are summed in two stages, groups of 64 rows and then the groups
// (column_sums.h), always in the same order. dx, dscale and dshift may each be not given.
//
//   thread_per_row, warp_per_row, block_per_row   dx, as forward; the columns are the same in all

#include "kernels/gpu/column_sums.h"
#include "kernels/gpu/layer_norm.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

/// One call. dx may be dy: the parameters come first.
template <typename T>
struct Backward {
  using A = accumulate_t<T>;
  Matrix<const T> x;   // [rows, cols]
  Row<const T> scale;  // [cols]
  Row<const A> mean;   // [rows]
  Row<const A> rstd;   // [rows]
  Matrix<const T> dy;  // [rows, cols]
  Matrix<T> dx;        // [rows, cols]
};

/// What is needed of a row: its moments, and then its two sums by the number of columns.
template <typename A>
struct RowMoments {
  A mean, rstd;
  A mean_g = 0;   // Σ g / cols
  A mean_gn = 0;  // Σ g n / cols

  __device__ __forceinline__ A normalized(A x) const { return counted<2>((x - mean) * rstd); }
  __device__ __forceinline__ A slope(A x, A g) const {
    return counted<4>(rstd * (g - mean_g - normalized(x) * mean_gn));
  }
};

// thread_per_row
//   grid ⌈rows / 256⌉, block 256, shared 0
//   reads x and dy twice, writes dx once, in 32-byte sectors of a row each
template <typename T>
__global__ void layer_norm_backward_thread_per_row(Backward<T> p) {
  using A = accumulate_t<T>;
  const std::int64_t r = row_of_lane<1>();
  if (r >= p.x.rows) {
    return;
  }
  RowMoments<A> row{p.mean(r), p.rstd(r)};
  A sum = 0;
  A dot = 0;
  for (std::int64_t c = 0; c < p.x.cols; ++c) {
    const A g = counted<1>(widen<T>(p.dy(r, c)) * widen<T>(p.scale(c)));
    counted<1>(sum += g);
    counted<2>(dot += g * row.normalized(widen<T>(p.x(r, c))));
  }
  row.mean_g = counted<1>(sum / static_cast<A>(p.x.cols));
  row.mean_gn = counted<1>(dot / static_cast<A>(p.x.cols));
  for (std::int64_t c = 0; c < p.x.cols; ++c) {
    const A g = counted<1>(widen<T>(p.dy(r, c)) * widen<T>(p.scale(c)));
    p.dx(r, c) = narrow<T>(row.slope(widen<T>(p.x(r, c)), g));
  }
}

/// Parts of x and g; from `count` on g is 0 and adds nothing.
template <typename T, int N, int values>
struct Parts {
  using A = accumulate_t<T>;
  RowPart<T, N, values / N> x, g;

  __device__ __forceinline__ void load(const Row<const T>& x_row, const Row<const T>& dy_row,
                                       const Row<const T>& scale, int thread, int threads,
                                       std::int64_t count) {
    x.load(x_row, thread, threads, count, A{0});
    g.load(dy_row, thread, threads, count, A{0});
    for_each_vector<N, values / N>(thread, threads, count, [&](int v, int first) {
      const Vector<T, N> factor = load_vector<N>(scale, first);
      HEDDLE_UNROLL
      for (int i = 0; i < N; ++i) {
        counted<1>(g.value[v * N + i] *= widen(factor[i]));
      }
    });
  }
  __device__ __forceinline__ void add_sums(const RowMoments<A>& row, A& sum, A& dot) const {
    HEDDLE_UNROLL
    for (int k = 0; k < values; ++k) {
      counted<1>(sum += g.value[k]);
      counted<2>(dot += g.value[k] * row.normalized(x.value[k]));
    }
  }
  __device__ __forceinline__ void store(const RowMoments<A>& row, const Row<T>& dx, int thread,
                                        int threads) {
    HEDDLE_UNROLL
    for (int k = 0; k < values; ++k) {
      x.value[k] = row.slope(x.value[k], g.value[k]);
    }
    x.store(dx, thread, threads, dx.size, A{0});
  }
};

/// A row that its group holds in registers. Lanes past the last row take part without reading (dx
/// may be dy, which the lanes of that row are overwriting) or storing.
template <typename T, int N, int values, typename Group>
__device__ __forceinline__ void slope_of_row(const Backward<T>& p, const RowPlace& place,
                                             const Group& group) {
  using A = accumulate_t<T>;
  const std::int64_t r = place.row;
  RowMoments<A> row{p.mean(r), p.rstd(r)};
  Parts<T, N, values> parts;
  parts.load(p.x.row(r), p.dy.row(r), p.scale, group.thread, group.threads,
             place.exists ? p.x.cols : 0);
  A sum = 0;
  A dot = 0;
  parts.add_sums(row, sum, dot);
  row.mean_g = counted<1>(group.sum(sum) / static_cast<A>(p.x.cols));
  row.mean_gn = counted<1>(group.sum(dot) / static_cast<A>(p.x.cols));
  if (place.exists) {
    parts.store(row, p.dx.row(r), group.thread, group.threads);
  }
}

// warp_per_row (up to 1024 columns, f64 512; beyond: block_per_row)
//   grid ⌈rows / 8⌉, block 256 (8 rows), shared 0
//   reads x and dy once, writes dx once: 12 bytes per f32 element
//   Gains: one pass, 16-byte loads, no barrier.
//   Loses: 64 registers for the numbers of a row of 1024.
template <typename T, int N, int values>
__global__ void layer_norm_backward_warp_per_row(Backward<T> p) {
  slope_of_row<T, N, values>(p, place_of_lane<32>(p.x.rows), WarpOfRow{});
}

// block_per_row, up to 8192 columns (4096 where loads are one by one)
//   grid rows, block ⌈cols / 16⌉ (8) rounded up to whole warps, shared 96 numbers
//   reads x and dy once, writes dx once
template <typename T, int N>
__global__ void __launch_bounds__(layer_norm_block_threads)
    layer_norm_backward_block_per_row(Backward<T> p) {
  using A = accumulate_t<T>;
  slope_of_row<T, N, layer_norm_block_values<N>>(
      p, {std::int64_t{blockIdx.x}, true}, BlockOfRow<A>{shared_memory<BlockOfRowShared<A>>()});
}

// block_per_row, beyond
//   grid rows, block 512, shared 96 numbers
//   reads x and dy twice (the second time from L2, as long as it holds the rows that are worked on)
template <typename T, int N>
__global__ void __launch_bounds__(layer_norm_block_threads)
    layer_norm_backward_in_tiles(Backward<T> p) {
  using A = accumulate_t<T>;
  const BlockOfRow<A> block{shared_memory<BlockOfRowShared<A>>()};
  const std::int64_t r = blockIdx.x;
  const std::int64_t cols = p.x.cols;
  const std::int64_t tile = std::int64_t{block.threads} * layer_norm_block_values<N>;
  RowMoments<A> row{p.mean(r), p.rstd(r)};
  Parts<T, N, layer_norm_block_values<N>> parts;
  const auto load = [&](std::int64_t first) {
    parts.load(from_column(p.x.row(r), first), from_column(p.dy.row(r), first),
               from_column(p.scale, first), block.thread, block.threads, cols - first);
  };
  A sum = 0;
  A dot = 0;
  for (std::int64_t first = 0; first < cols; first += tile) {
    load(first);
    parts.add_sums(row, sum, dot);
  }
  row.mean_g = counted<1>(block.sum(sum) / static_cast<A>(cols));
  row.mean_gn = counted<1>(block.sum(dot) / static_cast<A>(cols));
  for (std::int64_t first = 0; first < cols; first += tile) {
    load(first);
    parts.store(row, from_column(p.dx.row(r), first), block.thread, block.threads);
  }
}

constexpr int rows_per_group = 64;  // of the first stage of column sums

template <typename A>
struct ParameterShared {
  SharedArray<A, column_sum_groups, 32> dscale;
  SharedArray<A, column_sum_groups, 32> dshift;
};

// parameters, first stage: parts [⌈rows / 64⌉, cols] of dscale and of dshift
//   grid ⌈rows / 64⌉ × ⌈cols / 32⌉, shared 512 numbers
//   block 256: 32 columns and 8 warps that take every eighth row of 64
//   reads x and dy once, 128 bytes a warp; writes a 64th of it
template <typename T>
__global__ void layer_norm_parameter_parts(Backward<T> p, Matrix<accumulate_t<T>> dscale,
                                           Matrix<accumulate_t<T>> dshift) {
  using A = accumulate_t<T>;
  auto& shared = shared_memory<ParameterShared<A>>();
  const int lane = static_cast<int>(threadIdx.x % 32);
  const int warp = static_cast<int>(threadIdx.x / 32);
  const std::int64_t c = std::int64_t{blockIdx.y} * 32 + lane;
  const std::int64_t group = blockIdx.x;
  A of_scale = 0;
  A of_shift = 0;
  if (c < p.x.cols) {
    HEDDLE_UNROLL
    for (int i = 0; i < rows_per_group; i += column_sum_groups) {
      const std::int64_t r = group * rows_per_group + i + warp;
      if (r < p.x.rows) {
        const A dy = widen<T>(p.dy(r, c));
        counted<4>(of_scale += dy * ((widen<T>(p.x(r, c)) - p.mean(r)) * p.rstd(r)));
        counted<1>(of_shift += dy);
      }
    }
  }
  shared.dscale(warp, lane) = of_scale;
  shared.dshift(warp, lane) = of_shift;
  sync_threads();
  if (warp == 0 && c < p.x.cols) {
    for (int w = 1; w < column_sum_groups; ++w) {
      counted<1>(of_scale += shared.dscale(w, lane));
      counted<1>(of_shift += shared.dshift(w, lane));
    }
    dscale(group, c) = of_scale;
    dshift(group, c) = of_shift;
  }
}

// Launchers.

template <typename T>
void thread_per_row(Stream& stream, const Backward<T>& p) {
  launch(layer_norm_backward_thread_per_row<T>,
         Launch{"layer_norm_backward.thread_per_row", stream,
                blocks_for(p.x.rows, layer_norm_threads), layer_norm_threads},
         p);
}

template <typename T>
bool is_aligned(const Backward<T>& p) {
  return has_aligned_rows(p.x) && has_aligned_rows(p.dy) && has_aligned_rows(p.dx) &&
         is_aligned_row(p.scale);
}

template <typename T>
void block_per_row(Stream& stream, const Backward<T>& p) {
  with_row_vector<T>(is_aligned(p), [&](auto vector) {
    constexpr int N = decltype(vector)::value;
    const bool in_registers = p.x.cols <= layer_norm_block_columns<N>;
    launch(
        in_registers ? layer_norm_backward_block_per_row<T, N> : layer_norm_backward_in_tiles<T, N>,
        Launch{in_registers ? "layer_norm_backward.block_per_row"
                            : "layer_norm_backward.block_per_row (tiles)",
               stream, static_cast<unsigned>(p.x.rows), layer_norm_threads_for<N>(p.x.cols),
               sizeof(BlockOfRowShared<accumulate_t<T>>)},
        p);
  });
}

template <typename T>
void warp_per_row(Stream& stream, const Backward<T>& p) {
  if (p.x.cols > layer_norm_warp_columns<T>) {
    block_per_row(stream, p);
    return;
  }
  with_row_vector<T>(is_aligned(p), [&](auto vector) {
    with_warp_values<T>(p.x.cols, [&](auto values) {
      launch(layer_norm_backward_warp_per_row<T, decltype(vector)::value, decltype(values)::value>,
             Launch{"layer_norm_backward.warp_per_row", stream,
                    blocks_for(p.x.rows * 32, layer_norm_threads), layer_norm_threads},
             p);
    });
  });
}

template <typename T>
void parameters(Stream& stream, const Backward<T>& p, const View& dscale, const View& dshift) {
  using A = accumulate_t<T>;
  const std::int64_t cols = p.x.cols;
  const std::int64_t groups = (p.x.rows + rows_per_group - 1) / rows_per_group;
  const Scratch<A> memory(stream, 2 * groups * cols);
  const Matrix<A> of_scale = memory.matrix(groups, cols);
  const Matrix<A> of_shift{of_scale.data + groups * cols, groups, cols, cols, 1};
  launch(layer_norm_parameter_parts<T>,
         Launch{"layer_norm_backward.parameter_parts", stream,
                dim3(static_cast<unsigned>(groups), blocks_for(cols, 32)), 32 * column_sum_groups,
                sizeof(ParameterShared<A>)},
         p, of_scale, of_shift);
  const auto finish = [&](const char* name, const Matrix<A>& parts, const View& sums) {
    if (sums.given) {
      launch_sum_columns<T>(stream, name,
                            Matrix<const A>{parts.data, parts.rows, parts.cols, cols, 1},
                            row_of<T>(sums));
    }
  };
  finish("layer_norm_backward.dscale", of_scale, dscale);
  finish("layer_norm_backward.dshift", of_shift, dshift);
}

}  // namespace

void layer_norm_backward(LayerNormVersion version, Stream& stream, const ConstView& x,
                         const ConstView& scale, const ConstView& mean, const ConstView& rstd,
                         const ConstView& dy, const View& dx, const View& dscale,
                         const View& dshift) {
  constexpr const char* kernel = "layer_norm_backward";
  check_rank(kernel, {"x", x}, 2);
  const std::int64_t rows = x.size(0);
  const std::int64_t cols = x.size(1);
  check_dense(kernel, {"x", x}, x.shape, x.dtype);
  check_dense(kernel, {"scale", scale}, {cols}, x.dtype);
  check_dense(kernel, {"mean", mean}, {rows}, moments_type(x.dtype));
  check_dense(kernel, {"rstd", rstd}, {rows}, moments_type(x.dtype));
  check_dense(kernel, {"dy", dy}, x.shape, x.dtype);
  if (dx.given) {
    check_dense(kernel, {"dx", dx}, x.shape, x.dtype);
  }
  for (const NamedView& view : {NamedView{"dscale", dscale}, NamedView{"dshift", dshift}}) {
    if (view.view.given) {
      check_dense(kernel, view, {cols}, x.dtype);
    }
  }
  dispatch_storage(x.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    using A = accumulate_t<T>;
    const Backward<T> p{matrix_of<T>(x), row_of<T>(scale), row_of<A>(mean),
                        row_of<A>(rstd), matrix_of<T>(dy), matrix_of<T>(dx)};
    if (dscale.given || dshift.given) {
      parameters(stream, p, dscale, dshift);
    }
    if (!dx.given || x.elements() == 0) {
      return;
    }
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

}  // namespace heddle::kernels::HEDDLE_BACKEND
