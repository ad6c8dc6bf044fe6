// Backward of linear_tanh. With dz = dy (1 − y²), since tanh′(z) = 1 − tanh²(z) = 1 − y²:
//
//   dx = dz · weight [rows, in]   dweight = dzᵀ · x [out, in]   dbias[g] = Σ_{r mod groups = g}
//   dz[r]
//
//   separate   one kernel for dz, another that reads dz again for dbias: a thread per column
//   one_pass   a block makes a part of dz and, while it is in registers, the part's column sums;
//              a second, small kernel adds the parts in the order of the rows
//
// The two products are matmul's default. Rows r, r + groups, r + 2·groups, … share a bias, so dbias
// is the sum down the columns of dz seen as lines of groups · out numbers, the last one perhaps
// shorter.

#include "kernels/gpu/linear_tanh.h"
#include "kernels/gpu/product.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

template <typename T>
__device__ __forceinline__ accumulate_t<T> dz_of(T y, T dy) {
  using A = accumulate_t<T>;
  return counted<3>(widen<T>(dy) * (A{1} - widen<T>(y) * widen<T>(y)));
}

// ---- separate ----

/// grid: elements / 256; block: 256 threads. Reads y and dy, writes dz.
template <typename T>
__global__ __launch_bounds__(256) void dz_alone(Row<const T> y, Row<const T> dy, Row<T> dz) {
  const std::int64_t at = std::int64_t{blockIdx.x} * 256 + threadIdx.x;
  if (at < y.size) {
    dz(at) = narrow<T>(dz_of<T>(y(at), dy(at)));
  }
}

/// grid: columns / 256; block: 256 threads, one per column. Reads dz once more, writes dbias.
/// Few columns are few threads, each of which waits for memory `lines` times.
template <typename T>
__global__ __launch_bounds__(256) void column_sums(Row<const T> dz, Row<T> dbias) {
  const std::int64_t col = std::int64_t{blockIdx.x} * 256 + threadIdx.x;
  if (col >= dbias.size) {
    return;
  }
  accumulate_t<T> sum = 0;
  for (std::int64_t at = col; at < dz.size; at += dbias.size) {
    counted<1>(sum += widen<T>(dz(at)));
  }
  dbias(col) = narrow<T>(sum);
}

// ---- one_pass ----

constexpr int warps = 8;

template <typename A, int N>
struct OnePassShared {
  SharedArray<A, warps, 32 * N> of_warp;
};

/// grid: columns / (32 N) × parts of the lines; block: 8 warps, warp w takes lines w, w + 8, … of
/// its part, a lane N neighbouring columns (16 bytes, or 1 element); shared: 8 · 32 N sums, 4 KiB.
/// Reads y and dy, writes dz: three transfers, the least there is. Column sums cost no traffic but
/// one sum per column and part.
template <typename T, int N>
__global__ __launch_bounds__(warps * 32) void dz_and_part_sums(Row<const T> y, Row<const T> dy,
                                                               std::int64_t width,
                                                               std::int64_t part_lines, Row<T> dz,
                                                               Matrix<accumulate_t<T>> parts) {
  using A = accumulate_t<T>;
  auto& shared = shared_memory<OnePassShared<A, N>>();
  const int lane = static_cast<int>(threadIdx.x % 32);
  const int warp = static_cast<int>(threadIdx.x / 32);
  const std::int64_t first_col = std::int64_t{blockIdx.x} * (32 * N);
  const std::int64_t col = first_col + lane * N;
  A sum[N] = {};
  if (col < width) {
    const std::int64_t first_line = std::int64_t{blockIdx.y} * part_lines;
    for (std::int64_t line = warp; line < part_lines; line += warps) {
      const std::int64_t at = (first_line + line) * width + col;
      if (at >= y.size) {
        break;
      }
      const Vector<T, N> y_here = load_vector<N>(y, at);
      const Vector<T, N> dy_here = load_vector<N>(dy, at);
      Vector<T, N> dz_here;
      HEDDLE_UNROLL
      for (int j = 0; j < N; ++j) {
        const A value = dz_of<T>(y_here[j], dy_here[j]);
        dz_here[j] = narrow<T>(value);
        counted<1>(sum[j] += value);
      }
      store_vector(dz, at, dz_here);
    }
  }
  if (parts.data == nullptr) {
    return;
  }
  HEDDLE_UNROLL
  for (int j = 0; j < N; ++j) {
    shared.of_warp(warp, lane * N + j) = sum[j];
  }
  sync_threads();
  for (int c = static_cast<int>(threadIdx.x); c < 32 * N && first_col + c < width;
       c += warps * 32) {
    A total = 0;
    HEDDLE_UNROLL
    for (int w = 0; w < warps; ++w) {
      counted<1>(total += shared.of_warp(w, c));
    }
    parts(blockIdx.y, first_col + c) = total;
  }
}

/// grid: columns / 256; block: 256 threads, one per column. Reads the parts' sums.
template <typename T>
__global__ __launch_bounds__(256) void sum_of_part_sums(Matrix<const accumulate_t<T>> parts,
                                                        Row<T> dbias) {
  const std::int64_t col = std::int64_t{blockIdx.x} * 256 + threadIdx.x;
  if (col >= dbias.size) {
    return;
  }
  accumulate_t<T> sum = 0;
  for (std::int64_t part = 0; part < parts.rows; ++part) {
    counted<1>(sum += parts(part, col));
  }
  dbias(col) = narrow<T>(sum);
}

// ---- Launchers ----

template <typename T>
void dz_and_dbias_separate(Stream& stream, const ConstView& y, const ConstView& dy,
                           const Row<T>& dz, std::int64_t /*out*/, const View& dbias) {
  launch(dz_alone<T>, Launch{"linear_tanh.dz_alone", stream, blocks_for(dz.size, 256), 256},
         flat_of<T>(y), flat_of<T>(dy), dz);
  if (dbias.given) {
    launch(column_sums<T>,
           Launch{"linear_tanh.column_sums", stream, blocks_for(dbias.elements(), 256), 256},
           Row<const T>{dz.data, dz.size, 1}, flat_of<T>(dbias));
  }
}

template <typename T>
void dz_and_dbias_one_pass(Stream& stream, const ConstView& y, const ConstView& dy,
                           const Row<T>& dz, std::int64_t out, const View& dbias) {
  using A = accumulate_t<T>;
  const std::int64_t width = dbias.given ? dbias.elements() : out;
  const std::int64_t lines = (dz.size + width - 1) / width;
  // Parts of 64 lines, 8 for each warp; but never more than 256 parts for the second kernel. A
  // function of the shape alone, so the sums' order is too.
  const std::int64_t part_lines = std::max<std::int64_t>(64, (lines + 255) / 256);
  const std::int64_t parts = std::max<std::int64_t>((lines + part_lines - 1) / part_lines, 1);
  const Scratch<A> scratch(stream, dbias.given ? checked_multiply(parts, width, "linear_tanh") : 0);
  const auto run = [&](auto neighbours) {
    constexpr int N = decltype(neighbours)::value;
    launch(dz_and_part_sums<T, N>,
           Launch{"linear_tanh.dz_and_part_sums", stream,
                  dim3(blocks_for(width, 32 * N), static_cast<unsigned>(parts)), warps * 32,
                  sizeof(OnePassShared<A, N>)},
           flat_of<T>(y), flat_of<T>(dy), width, part_lines, dz, scratch.matrix(parts, width));
  };
  const auto is_wide = [&](const void* data) { return vector_width<T>(data, out, 0) == widest<T>; };
  if (is_wide(y.data) && is_wide(dy.data)) {
    run(std::integral_constant<int, widest<T>>{});
  } else {
    run(std::integral_constant<int, 1>{});
  }
  if (dbias.given) {
    launch(sum_of_part_sums<T>,
           Launch{"linear_tanh.sum_of_part_sums", stream, blocks_for(width, 256), 256},
           Matrix<const A>{scratch.data(), parts, width, width, 1}, flat_of<T>(dbias));
  }
}

template <typename Body>
void backward(Stream& stream, const ConstView& x, const ConstView& weight, const ConstView& y,
              const ConstView& dy, const View& dx, const View& dweight, const View& dbias,
              const Body& dz_and_dbias) {
  dispatch_storage(x.dtype, "linear_tanh", [&](auto tag) {
    using T = typename decltype(tag)::type;
    const LinearTanhSizes sizes = linear_tanh_sizes(x, weight, dbias);
    check_dense("linear_tanh", {"y", y}, {sizes.rows, sizes.out}, dtype_of<T>());
    check_dense("linear_tanh", {"dy", dy}, {sizes.rows, sizes.out}, dtype_of<T>());
    if (dx.given) {
      check_dense("linear_tanh", {"dx", dx}, x.shape, dtype_of<T>());
    }
    if (dweight.given) {
      check_dense("linear_tanh", {"dweight", dweight}, weight.shape, dtype_of<T>());
    }
    const Scratch<T> dz_data(stream, checked_multiply(sizes.rows, sizes.out, "linear_tanh"));
    if (sizes.out > 0) {
      dz_and_dbias(stream, y, dy, dz_data.row(), sizes.out, dbias);
    }
    const View dz = dense_view(dz_data.data(), dtype_of<T>(), y.device, sizes.rows, sizes.out);
    if (dx.given) {
      product(stream, dz, weight, false, dx);
    }
    if (dweight.given) {
      product(stream, transposed(dz), x, false, dweight);
    }
  });
}

}  // namespace

void linear_tanh_backward_separate(Stream& stream, const ConstView& x, const ConstView& weight,
                                   const ConstView& y, const ConstView& dy, const View& dx,
                                   const View& dweight, const View& dbias) {
  backward(stream, x, weight, y, dy, dx, dweight, dbias,
           [](auto&&... arguments) { dz_and_dbias_separate(arguments...); });
}

void linear_tanh_backward_one_pass(Stream& stream, const ConstView& x, const ConstView& weight,
                                   const ConstView& y, const ConstView& dy, const View& dx,
                                   const View& dweight, const View& dbias) {
  backward(stream, x, weight, y, dy, dx, dweight, dbias,
           [](auto&&... arguments) { dz_and_dbias_one_pass(arguments...); });
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
