// Max and average pooling over windows of pictures, forward and backward.
//
//   max      y[p, i, j] = the largest of window (i, j) of plane p; places: the first place it has
//   average  y[p, i, j] = the mean of the part of the window inside the picture
//   x [batch, channels, rows, cols], y [batch, channels, out_rows, out_cols]; a plane is one
//   picture of one channel. Window (i, j) begins at row i · stride − padding.
//
// All of it moves memory: a 2 by 2 window reads 16 and writes 12 bytes (f32; 8 of them are the
// place) for 3 comparisons. Windows overlap where the stride is smaller than the kernel; backward
// therefore asks, for each pixel, which windows cover it (a gather), so that no two threads write
// to one place.
//
//   forward   thread_per_window    the definition
//             two_windows          2 by 2 windows side by side: 16-byte reads and writes
//   backward  scan_all             each pixel looks at all windows of its plane
//             covering_windows     and only at those that cover it

#include <algorithm>
#include <vector>

#include "kernels/gpu/device/device.h"
#include "kernels/gpu/families.h"
#include "kernels/pool_sizes.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

enum class PoolVersion : std::uint8_t {
  thread_per_window,
  two_windows,
  scan_all,
  covering_windows
};
enum class PoolKind : std::uint8_t { max, average };

constexpr unsigned threads = 256;

/// One dimension of a plane and of its windows.
struct PoolAxis {
  int size, windows, kernel, stride, padding;

  __device__ __forceinline__ int first_of(int window) const {
    const int first = window * stride - padding;
    return first > 0 ? first : 0;
  }
  __device__ __forceinline__ int end_of(int window) const {
    const int end = window * stride - padding + kernel;
    return end < size ? end : size;
  }
  // The windows that cover a pixel, `end` exclusive.
  __device__ __forceinline__ int first_covering(int pixel) const {
    const int late = pixel + padding - kernel;  // the window at the next multiple of the stride
    return late < 0 ? 0 : late / stride + 1;
  }
  __device__ __forceinline__ int end_covering(int pixel) const {
    const int end = (pixel + padding) / stride + 1;
    return end < windows ? end : windows;
  }
};

/// Which plane and which element of it a thread has: blocks of one plane stand side by side.
struct PlanePlace {
  std::int64_t plane;
  int element;

  __device__ __forceinline__ explicit PlanePlace(unsigned blocks_of_plane)
      : plane(static_cast<std::int64_t>(blockIdx.x / blocks_of_plane)),
        element(static_cast<int>(blockIdx.x % blocks_of_plane * threads + threadIdx.x)) {}
};

/// Whether `value` takes the place of `best`: a NaN wins and stays, a later equal value does not.
template <typename A>
__device__ __forceinline__ bool wins(A value, A best) {
  return value > best || (value != value && best == best);
}

// ---- forward -----------------------------------------------------------------------------------

// Grid planes · ⌈windows / 256⌉, block 256. Reads kernel_rows · kernel_cols elements per window,
// neighbours of a warp stride_cols apart; writes one element and its place.
template <typename T, PoolKind kind>
__global__ void pool_windows(Matrix<const T> x, PoolAxis rows, PoolAxis cols, Matrix<T> y,
                             Matrix<std::int64_t> places, unsigned blocks_of_plane) {
  using A = accumulate_t<T>;
  const PlanePlace place(blocks_of_plane);
  if (place.element >= y.cols) {
    return;
  }
  const Row<const T> plane = x.row(place.plane);
  const int i = place.element / cols.windows;
  const int j = place.element % cols.windows;
  const int first_row = rows.first_of(i);
  const int end_row = rows.end_of(i);
  const int first_col = cols.first_of(j);
  const int end_col = cols.end_of(j);
  if constexpr (kind == PoolKind::max) {
    int at = first_row * cols.size + first_col;
    A best = widen<T>(plane(at));
    for (int r = first_row; r < end_row; ++r) {
      for (int c = first_col; c < end_col; ++c) {
        const A value = widen<T>(plane(r * cols.size + c));
        if (wins(value, best)) {
          best = value;
          at = r * cols.size + c;
        }
      }
    }
    y(place.plane, place.element) = narrow<T>(best);
    places(place.plane, place.element) = static_cast<std::int64_t>(at);
  } else {
    A sum = 0;
    for (int r = first_row; r < end_row; ++r) {
      for (int c = first_col; c < end_col; ++c) {
        counted<1>(sum += widen<T>(plane(r * cols.size + c)));
      }
    }
    const int inside = (end_row - first_row) * (end_col - first_col);
    y(place.plane, place.element) = narrow<T>(counted<1>(sum / static_cast<A>(inside)));
  }
}

// Windows of 2 by 2, stride 2, no padding, an even number of them in a row, cols a multiple of 4.
// Grid planes · ⌈windows / 2 / 256⌉, block 256. Each thread has two windows side by side: 4
// elements from either row at once (16 bytes, f32), 2 results and 2 places (16 bytes). Loses all
// other shapes, which pool_windows has.
template <typename T, PoolKind kind>
__global__ void pool_two_windows(Matrix<const T> x, int cols, int out_cols, Matrix<T> y,
                                 Matrix<std::int64_t> places, unsigned blocks_of_plane) {
  using A = accumulate_t<T>;
  constexpr int half = widest<T> < 4 ? widest<T> : 4;  // f64: two loads of two
  const PlanePlace place(blocks_of_plane);
  const int first = place.element * 2;  // window
  if (first >= y.cols) {
    return;
  }
  const Row<const T> plane = x.row(place.plane);
  const int corner = first / out_cols * 2 * cols + first % out_cols * 2;
  A value[2][4];
  HEDDLE_UNROLL
  for (int r = 0; r < 2; ++r) {
    HEDDLE_UNROLL
    for (int c = 0; c < 4; c += half) {
      const Vector<T, half> part = load_vector<half>(plane, corner + r * cols + c);
      HEDDLE_UNROLL
      for (int k = 0; k < half; ++k) {
        value[r][c + k] = widen<T>(part[k]);
      }
    }
  }
  Vector<T, 2> result;
  Vector<std::int64_t, 2> at;
  HEDDLE_UNROLL
  for (int w = 0; w < 2; ++w) {
    if constexpr (kind == PoolKind::max) {
      A best = value[0][2 * w];
      int best_at = 0;
      HEDDLE_UNROLL
      for (int k = 1; k < 4; ++k) {
        const A candidate = value[k / 2][2 * w + k % 2];
        if (wins(candidate, best)) {
          best = candidate;
          best_at = k / 2 * cols + k % 2;
        }
      }
      result[w] = narrow<T>(best);
      at[w] = std::int64_t{corner} + 2 * w + best_at;
    } else {
      const A sum =
          counted<3>(value[0][2 * w] + value[0][2 * w + 1] + value[1][2 * w] + value[1][2 * w + 1]);
      result[w] = narrow<T>(counted<1>(sum / A{4}));
    }
  }
  store_vector<2>(y.row(place.plane), first, result);
  if constexpr (kind == PoolKind::max) {
    store_vector<2>(places.row(place.plane), first, at);
  }
}

// ---- backward ----------------------------------------------------------------------------------

// Grid planes · ⌈pixels / 256⌉, block 256. Writes each pixel once, so nothing need be cleared.
// all_windows: reads every window of the plane for each pixel, out_rows · out_cols reads.
// Otherwise: the ⌈kernel / stride⌉² windows that cover it; one, where windows do not overlap.
template <typename T, PoolKind kind, bool all_windows>
__global__ void pool_pixels(Matrix<const std::int64_t> places, Matrix<const T> dy, PoolAxis rows,
                            PoolAxis cols, Matrix<T> dx, unsigned blocks_of_plane) {
  using A = accumulate_t<T>;
  const PlanePlace place(blocks_of_plane);
  if (place.element >= dx.cols) {
    return;
  }
  const Row<const T> slope = dy.row(place.plane);
  const int row = place.element / cols.size;
  const int col = place.element % cols.size;
  const int first_row = all_windows ? 0 : rows.first_covering(row);
  const int end_row = all_windows ? rows.windows : rows.end_covering(row);
  const int first_col = all_windows ? 0 : cols.first_covering(col);
  const int end_col = all_windows ? cols.windows : cols.end_covering(col);
  A sum = 0;
  for (int i = first_row; i < end_row; ++i) {
    for (int j = first_col; j < end_col; ++j) {
      const int window = i * cols.windows + j;
      if constexpr (kind == PoolKind::max) {
        if (places(place.plane, window) == place.element) {
          counted<1>(sum += widen<T>(slope(window)));
        }
      } else {
        const int top = rows.first_of(i);
        const int bottom = rows.end_of(i);
        const int left = cols.first_of(j);
        const int right = cols.end_of(j);
        if (row >= top && row < bottom && col >= left && col < right) {
          counted<2>(sum +=
                     widen<T>(slope(window)) / static_cast<A>((bottom - top) * (right - left)));
        }
      }
    }
  }
  dx(place.plane, place.element) = narrow<T>(sum);
}

// ---- launchers ---------------------------------------------------------------------------------

struct PoolPlan {
  PoolSizes sizes;
  PoolAxis rows, cols;

  /// Errors: as pool_sizes; a plane of more than 2²⁹ elements.
  PoolPlan(const PoolOptions& options, const ConstView& x, const ConstView& y)
      : sizes(pool_sizes(options, x, y)) {
    constexpr std::int64_t most = std::int64_t{1} << 29;
    check(std::max({sizes.rows, sizes.cols, sizes.rows * sizes.cols, options.kernel_rows,
                    options.kernel_cols, options.stride_rows, options.stride_cols}) <= most,
          "pool: a plane of ", sizes.rows, " by ", sizes.cols, " is too large for the GPU kernels");
    const auto axis = [](std::int64_t size, std::int64_t windows, std::int64_t kernel,
                         std::int64_t stride, std::int64_t padding) {
      return PoolAxis{static_cast<int>(size), static_cast<int>(windows), static_cast<int>(kernel),
                      static_cast<int>(stride), static_cast<int>(padding)};
    };
    rows = axis(sizes.rows, sizes.out_rows, options.kernel_rows, options.stride_rows,
                options.padding_rows);
    cols = axis(sizes.cols, sizes.out_cols, options.kernel_cols, options.stride_cols,
                options.padding_cols);
  }
  bool is_two_by_two() const {
    const auto plain = [](const PoolAxis& axis) {
      return axis.kernel == 2 && axis.stride == 2 && axis.padding == 0;
    };
    return plain(rows) && plain(cols);
  }
  template <typename T>
  Matrix<const T> pictures(const ConstView& view) const {
    return {view.pointer<T>(), sizes.planes, sizes.rows * sizes.cols, sizes.rows * sizes.cols, 1};
  }
  template <typename T>
  Matrix<const T> results(const ConstView& view) const {
    const std::int64_t windows = sizes.out_rows * sizes.out_cols;
    return {view.pointer<T>(), view.given ? sizes.planes : 0, windows, windows, 1};
  }
};

template <typename T>
Matrix<T> writable(const Matrix<const T>& matrix) {
  return {const_cast<T*>(matrix.data), matrix.rows, matrix.cols, matrix.row_stride,
          matrix.col_stride};
}

/// Starts `kernel` with `per_plane` threads for each plane.
template <typename Kernel, typename... Arguments>
void launch_planes(Kernel* kernel, const char* name, Stream& stream, std::int64_t planes,
                   std::int64_t per_plane, const Arguments&... arguments) {
  const unsigned blocks = blocks_for(per_plane, threads);
  check(planes * blocks < std::int64_t{1} << 31, name, ": ", planes, " planes of ", per_plane,
        " elements are too many for one launch");
  launch(kernel, Launch{name, stream, static_cast<unsigned>(planes) * blocks, threads},
         arguments..., blocks);
}

template <typename T, PoolKind kind>
void pool_forward(Stream& stream, PoolVersion version, const PoolPlan& plan, const ConstView& x,
                  const View& y, const View& places) {
  const Matrix<const T> from = plan.pictures<T>(x);
  const Matrix<T> to = writable(plan.results<T>(y));
  const Matrix<std::int64_t> at = writable(plan.results<std::int64_t>(places));
  const auto aligned = [](const void* data) {
    return reinterpret_cast<std::uintptr_t>(data) % 16 == 0;
  };
  if (version == PoolVersion::two_windows && plan.is_two_by_two() && plan.cols.size % 4 == 0 &&
      aligned(x.data) && aligned(y.data) && aligned(places.data)) {
    launch_planes(pool_two_windows<T, kind>, "pool.two_windows", stream, from.rows, to.cols / 2,
                  from, plan.cols.size, plan.cols.windows, to, at);
    return;
  }
  launch_planes(pool_windows<T, kind>, "pool.thread_per_window", stream, from.rows, to.cols, from,
                plan.rows, plan.cols, to, at);
}

template <PoolVersion version>
void max_forward(Stream& stream, const PoolOptions& options, const ConstView& x, const View& y,
                 const View& places) {
  dispatch_storage(x.dtype, "max_pool", [&]<typename T>(TypeTag<T>) {
    const PoolPlan plan(options, x, y);
    check_dense("pool", {"places", places}, y.shape, DType::i64);
    pool_forward<T, PoolKind::max>(stream, version, plan, x, y, places);
  });
}

template <PoolVersion version>
void average_forward(Stream& stream, const PoolOptions& options, const ConstView& x,
                     const View& y) {
  dispatch_storage(x.dtype, "average_pool", [&]<typename T>(TypeTag<T>) {
    const PoolPlan plan(options, x, y);
    pool_forward<T, PoolKind::average>(stream, version, plan, x, y, {});
  });
}

template <typename T, PoolKind kind, PoolVersion version>
void pool_backward(Stream& stream, const PoolPlan& plan, const ConstView& places,
                   const ConstView& dy, const View& dx) {
  constexpr bool all_windows = version == PoolVersion::scan_all;
  launch_planes(pool_pixels<T, kind, all_windows>,
                all_windows ? "pool_backward.scan_all" : "pool_backward.covering_windows", stream,
                plan.sizes.planes, plan.sizes.rows * plan.sizes.cols,
                plan.results<std::int64_t>(places), plan.results<T>(dy), plan.rows, plan.cols,
                writable(plan.pictures<T>(dx)));
}

template <PoolVersion version>
void max_backward(Stream& stream, const PoolOptions& options, const ConstView& places,
                  const ConstView& dy, const View& dx) {
  dispatch_storage(dy.dtype, "max_pool", [&]<typename T>(TypeTag<T>) {
    const PoolPlan plan(options, dx, dy);
    check_dense("pool", {"places", places}, dy.shape, DType::i64);
    check_values(stream, "pool", "places", places, 0, plan.sizes.rows * plan.sizes.cols - 1);
    pool_backward<T, PoolKind::max, version>(stream, plan, places, dy, dx);
  });
}

template <PoolVersion version>
void average_backward(Stream& stream, const PoolOptions& options, const ConstView& dy,
                      const View& dx) {
  dispatch_storage(dy.dtype, "average_pool", [&]<typename T>(TypeTag<T>) {
    const PoolPlan plan(options, dx, dy);
    pool_backward<T, PoolKind::average, version>(stream, plan, {}, dy, dx);
  });
}

template <PoolVersion version>
PoolKernels forward_kernels() {
  return {.max_forward = max_forward<version>,
          .max_backward = {},
          .average_forward = average_forward<version>,
          .average_backward = {}};
}

template <PoolVersion version>
PoolKernels backward_kernels() {
  return {.max_forward = {},
          .max_backward = max_backward<version>,
          .average_forward = {},
          .average_backward = average_backward<version>};
}

}  // namespace

// two_windows falls back to thread_per_window by itself where the shape is another.
PoolKernels pool_kernels() {
  return {.max_forward = max_forward<PoolVersion::two_windows>,
          .max_backward = max_backward<PoolVersion::covering_windows>,
          .average_forward = average_forward<PoolVersion::two_windows>,
          .average_backward = average_backward<PoolVersion::covering_windows>};
}

const std::vector<KernelVersion<PoolKernels>>& pool_versions() {
  static const std::vector<KernelVersion<PoolKernels>> versions = {
      {"thread_per_window", "f32", forward_kernels<PoolVersion::thread_per_window>()},
      {"two_windows", "f32", forward_kernels<PoolVersion::two_windows>()},
      {"scan_all", "f32", backward_kernels<PoolVersion::scan_all>()},
      {"covering_windows", "f32", backward_kernels<PoolVersion::covering_windows>()},
  };
  return versions;
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
