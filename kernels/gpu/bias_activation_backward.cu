// Backward of bias_activation:   dx = dy · a′(z),   dbias[c] = Σ dx[o, c, i] over o and i
// a′ comes from y for relu, sigmoid and tanh, and from z = x + bias, added up again, for gelu.
//
//   composed   one kernel for the slope (gelu: another before it for z), and one that reads dx
//              again for dbias, a thread per channel
//   fused      a block makes a part of dx and, while it is in registers, the part's sums; a second,
//              small kernel (column_sums.h) adds the parts in their order
//   vector     the same with 16 bytes of each tensor at once
//
// Sums are added before dx is rounded to bf16, always in the same order.

#include "kernels/gpu/bias_activation.h"
#include "kernels/gpu/column_sums.h"
#include "kernels/gpu/elementwise_parts.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

/// What the kernels read and write. `bias` is read for gelu alone; dx and the sums may be empty.
template <typename T>
struct BiasBackward {
  Row<const T> saved;  // y, or x for gelu
  Row<const T> bias;
  Row<const T> dy;
  Row<T> dx;
  Matrix<accumulate_t<T>> sums;  // [parts, channels]
};

template <Activation activation, typename T>
__device__ __forceinline__ accumulate_t<T> slope_at(T saved, T bias, T dy) {
  accumulate_t<T> from = widen<T>(saved);
  if constexpr (slope_needs_input(activation)) {
    counted<1>(from += widen<T>(bias));
  }
  return unary_slope(unary_of(activation), from, widen<T>(dy));
}

/// N neighbours of dx from element `at` on; adds them to `sum`.
template <Activation activation, int N, typename T>
__device__ __forceinline__ void slopes_at(const BiasBackward<T>& call, std::int64_t at,
                                          const Vector<T, N>& bias, accumulate_t<T> (&sum)[N]) {
  const Vector<T, N> saved = load_vector<N>(call.saved, at);
  const Vector<T, N> dy = load_vector<N>(call.dy, at);
  Vector<T, N> dx;
  HEDDLE_UNROLL
  for (int j = 0; j < N; ++j) {
    const accumulate_t<T> value = slope_at<activation>(saved[j], bias[j], dy[j]);
    dx[j] = narrow<T>(value);
    counted<1>(sum[j] += value);
  }
  if (call.dx.data != nullptr) {
    store_vector(call.dx, at, dx);
  }
}

// ---- composed ----

/// grid: channels / 256; block: 256 threads, one per channel. Reads dx once more, writes dbias.
/// Few channels are few threads, each of which waits for memory outer · inner times.
template <typename T>
__global__ __launch_bounds__(256) void sum_channels(Batch<const T> dx, Row<T> dbias) {
  const std::int64_t channel = std::int64_t{blockIdx.x} * 256 + threadIdx.x;
  if (channel >= dbias.size) {
    return;
  }
  accumulate_t<T> sum = 0;
  for (std::int64_t o = 0; o < dx.batch; ++o) {
    for (std::int64_t i = 0; i < dx.cols; ++i) {
      counted<1>(sum += widen<T>(dx(o, channel, i)));
    }
  }
  dbias(channel) = narrow<T>(sum);
}

// ---- fused, vector ----

template <typename A, int N>
struct BiasLinesShared {
  SharedArray<A, bias_warps, 32 * N> of_warp;
};

/// grid: columns of a line / (32 N) × parts of the lines; block: 8 warps, warp w takes lines w,
/// w + 8, … of its part, a lane N neighbouring columns; shared: 8 · 32 N sums, 1 to 8 KiB.
/// Reads what was saved and dy, writes dx: three transfers, the least there is. dbias costs one sum
/// per column and part (at least 32 lines).
template <Activation activation, int N, typename T>
__global__ __launch_bounds__(bias_warps * 32) void slope_lines(BiasLines lines,
                                                               BiasBackward<T> call) {
  using A = accumulate_t<T>;
  auto& shared = shared_memory<BiasLinesShared<A, N>>();
  const int lane = static_cast<int>(threadIdx.x % 32);
  const int warp = static_cast<int>(threadIdx.x / 32);
  const std::int64_t first_col = std::int64_t{blockIdx.x} * (32 * N);
  const std::int64_t col = first_col + lane * N;
  A sum[N] = {};
  if (col < lines.width) {
    Vector<T, N> bias{};
    if constexpr (slope_needs_input(activation)) {
      bias = biases_of<N>(lines, call.bias, col);
    }
    const std::int64_t first_line = std::int64_t{blockIdx.y} * lines.part_lines;
    for (std::int64_t line = warp; line < lines.part_lines; line += bias_warps) {
      const std::int64_t at = (first_line + line) * lines.width + col;
      if (at >= call.dy.size) {
        break;
      }
      slopes_at<activation>(call, at, bias, sum);
    }
  }
  if (call.sums.data == nullptr) {
    return;
  }
  HEDDLE_UNROLL
  for (int j = 0; j < N; ++j) {
    shared.of_warp(warp, lane * N + j) = sum[j];
  }
  sync_threads();
  for (int c = static_cast<int>(threadIdx.x); c < 32 * N && first_col + c < lines.width;
       c += bias_warps * 32) {
    A total = 0;
    HEDDLE_UNROLL
    for (int w = 0; w < bias_warps; ++w) {
      counted<1>(total += shared.of_warp(w, c));
    }
    call.sums(lines.sums_row(blockIdx.y, first_col + c), lines.channel_of(first_col + c)) = total;
  }
}

/// grid: pieces of planes / 8; block: 8 warps, each with one piece of up to 1024 elements; no
/// shared memory: a piece is one warp's, and its sum a tree of shuffles. Three transfers.
template <Activation activation, int N, typename T>
__global__ __launch_bounds__(bias_warps * 32) void slope_planes(BiasPlanes planes,
                                                                BiasBackward<T> call) {
  using A = accumulate_t<T>;
  const std::int64_t piece = std::int64_t{blockIdx.x} * bias_warps + threadIdx.x / 32;
  if (piece >= planes.all) {
    return;
  }
  const PlanePiece mine(planes, piece);
  Vector<T, N> bias{};
  if constexpr (slope_needs_input(activation)) {
    HEDDLE_UNROLL
    for (int j = 0; j < N; ++j) {
      bias[j] = call.bias(mine.channel);
    }
  }
  A sum[N] = {};
  const int lane = static_cast<int>(threadIdx.x % 32);
  for (std::int64_t at = mine.begin + lane * N; at < mine.end; at += 32 * N) {
    slopes_at<activation>(call, at, bias, sum);
  }
  if (call.sums.data == nullptr) {
    return;
  }
  A total = sum[0];
  HEDDLE_UNROLL
  for (int j = 1; j < N; ++j) {
    counted<1>(total += sum[j]);
  }
  total = warp_sum(total);
  if (lane == 0) {
    call.sums(mine.sums_row, mine.channel) = total;
  }
}

// ---- Launchers ----

/// Checks the views and calls `body(TypeTag<T>, sizes, saved)`, unless nothing is asked for.
template <typename Body>
void with_backward(Activation activation, const ConstView& x, const ConstView& bias,
                   const ConstView& y, const ConstView& dy, const View& dx, const View& dbias,
                   const Body& body) {
  constexpr const char* kernel = "bias_activation_backward";
  const BiasSizes sizes = bias_sizes(kernel, {"dy", dy});
  const bool from_input = slope_needs_input(activation);
  const ConstView& saved = from_input ? x : y;
  check_dense(kernel, {from_input ? "x" : "y", saved}, dy.shape, dy.dtype);
  if (from_input) {
    check_dense(kernel, {"bias", bias}, {sizes.channels}, dy.dtype);
  }
  if (dx.given) {
    check_dense(kernel, {"dx", dx}, dy.shape, dy.dtype);
  }
  if (dbias.given) {
    check_dense(kernel, {"dbias", dbias}, {sizes.channels}, dy.dtype);
  }
  if ((dx.given && sizes.elements() > 0) || (dbias.given && sizes.channels > 0)) {
    dispatch_storage(dy.dtype, kernel, [&](auto type) { body(type, sizes, saved); });
  }
}

template <int N, typename T>
void launch_backward(Stream& stream, Activation activation, const BiasSizes& sizes,
                     const ConstView& saved, const ConstView& bias, const ConstView& dy,
                     const View& dx, const View& dbias) {
  using A = accumulate_t<T>;
  const bool has_planes = sizes.has_planes();
  const BiasPlanes planes(sizes);
  const BiasLines lines = sizes.elements() > 0 ? BiasLines(sizes, N, bias.data, 256) : BiasLines{};
  const std::int64_t sums = sizes.elements() == 0 ? 0
                            : has_planes          ? sizes.outer * planes.pieces
                                                  : lines.parts * (lines.width / sizes.channels);
  const Scratch<A> scratch(
      stream, dbias.given ? checked_multiply(sums, sizes.channels, "bias_activation") : 0);
  if (sizes.elements() > 0) {
    const BiasBackward<T> call{flat_of<T>(saved), row_of<T>(bias), flat_of<T>(dy),
                               dx.given ? flat_of<T>(dx) : Row<T>{},
                               scratch.matrix(sums, sizes.channels)};
    with_activation(activation, [&](auto constant) {
      constexpr Activation fixed = decltype(constant)::value;
      if (has_planes) {
        launch(slope_planes<fixed, N, T>,
               Launch{"bias_activation.slope_planes", stream, blocks_for(planes.all, bias_warps),
                      bias_warps * 32},
               planes, call);
      } else {
        launch(slope_lines<fixed, N, T>,
               Launch{"bias_activation.slope_lines", stream,
                      dim3(blocks_for(lines.width, 32 * N), static_cast<unsigned>(lines.parts)),
                      bias_warps * 32, sizeof(BiasLinesShared<A, N>)},
               lines, call);
      }
    });
  }
  if (dbias.given) {
    launch_sum_columns<T>(stream, "bias_activation.sum_parts",
                          Matrix<const A>{scratch.data(), sums, sizes.channels, sizes.channels, 1},
                          flat_of<T>(dbias));
  }
}

}  // namespace

void bias_activation_backward_composed(Stream& stream, Activation activation, const ConstView& x,
                                       const ConstView& bias, const ConstView& y,
                                       const ConstView& dy, const View& dx, const View& dbias) {
  with_backward(activation, x, bias, y, dy, dx, dbias,
                [&]<typename T>(TypeTag<T>, const BiasSizes& sizes, const ConstView& saved) {
                  const Scratch<T> memory(stream, dx.given ? 0 : sizes.elements());
                  View slopes = dx;
                  if (!dx.given) {
                    static_cast<ConstView&>(slopes) = dy;
                    slopes.data = memory.data();
                  }
                  ConstView from = saved;
                  if (slope_needs_input(activation)) {
                    binary(ElementwiseVersion::scalar, stream, BinaryOp::add, x,
                           along_channels(bias, x.shape), slopes);
                    from = slopes;
                  }
                  // Of x and y, the slope's function looks at the one it is made of.
                  unary_backward(ElementwiseVersion::scalar, stream, unary_of(activation), from, y,
                                 dy, slopes);
                  if (dbias.given) {
                    launch(sum_channels<T>,
                           Launch{"bias_activation.sum_channels", stream,
                                  blocks_for(sizes.channels, 256), 256},
                           batch_of<T>(static_cast<const ConstView&>(slopes)), flat_of<T>(dbias));
                  }
                });
}

void bias_activation_backward_fused(Stream& stream, Activation activation, const ConstView& x,
                                    const ConstView& bias, const ConstView& y, const ConstView& dy,
                                    const View& dx, const View& dbias) {
  with_backward(activation, x, bias, y, dy, dx, dbias,
                [&]<typename T>(TypeTag<T>, const BiasSizes& sizes, const ConstView& saved) {
                  launch_backward<1, T>(stream, activation, sizes, saved, bias, dy, dx, dbias);
                });
}

void bias_activation_backward_vector(Stream& stream, Activation activation, const ConstView& x,
                                     const ConstView& bias, const ConstView& y, const ConstView& dy,
                                     const View& dx, const View& dbias) {
  with_backward(
      activation, x, bias, y, dy, dx, dbias,
      [&]<typename T>(TypeTag<T>, const BiasSizes& sizes, const ConstView& saved) {
        if (sizes.elements() > 0 && takes_packets<T>(sizes, saved.data) &&
            takes_packets<T>(sizes, dy.data) && (!dx.given || takes_packets<T>(sizes, dx.data))) {
          launch_backward<widest<T>, T>(stream, activation, sizes, saved, bias, dy, dx, dbias);
        } else {
          launch_backward<1, T>(stream, activation, sizes, saved, bias, dy, dx, dbias);
        }
      });
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
