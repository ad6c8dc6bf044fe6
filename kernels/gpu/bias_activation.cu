// y = a(z), z = x + bias[c]:   x, y [outer, channels, inner], bias [channels]; a one of relu, gelu,
// sigmoid, tanh; contiguous; f32, f64, bf16 (kernels/bias_activation.h). inner = 1 is a bias along
// the last dimension, inner = rows · cols one along the channels of pictures.
//
//   composed   the element-wise kernels one after the other: z = x + bias, then a(z); z goes to
//              memory and comes back
//   fused      one kernel: z lives in a register. No thread divides to find its bias
//              (bias_activation.h)
//   vector     the same with 16 bytes of each tensor at once
//
// All are limited by memory: an activation is one to thirty operations on 8 bytes. Backward:
// bias_activation_backward.cu.

#include "kernels/gpu/bias_activation.h"
#include "kernels/gpu/elementwise_parts.h"
#include "kernels/gpu/families.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

enum class BiasActivationVersion : std::uint8_t { composed, fused, vector };

template <Activation activation, int N, typename T>
__device__ __forceinline__ Vector<T, N> values_of(const Vector<T, N>& x, const Vector<T, N>& bias) {
  Vector<T, N> y;
  HEDDLE_UNROLL
  for (int j = 0; j < N; ++j) {
    y[j] = narrow<T>(
        unary_value(unary_of(activation), counted<1>(widen<T>(x[j]) + widen<T>(bias[j]))));
  }
  return y;
}

/// grid: columns of a line / (32 N) × parts of the lines; block: 8 warps, warp w takes lines w,
/// w + 8, … of its part, a lane N neighbouring columns (16 bytes, or 1 element); no shared memory.
/// Reads x, writes y: two transfers, where `composed` has four. The biases are read once per thread
/// and stay in registers for its lines (4 or more).
template <Activation activation, int N, typename T>
__global__ __launch_bounds__(bias_warps * 32) void activate_lines(BiasLines lines, Row<const T> x,
                                                                  Row<const T> bias, Row<T> y) {
  const std::int64_t col = (std::int64_t{blockIdx.x} * 32 + threadIdx.x % 32) * N;
  if (col >= lines.width) {
    return;
  }
  const Vector<T, N> offset = biases_of<N>(lines, bias, col);
  const std::int64_t first_line = std::int64_t{blockIdx.y} * lines.part_lines;
  for (std::int64_t line = threadIdx.x / 32; line < lines.part_lines; line += bias_warps) {
    const std::int64_t at = (first_line + line) * lines.width + col;
    if (at >= x.size) {
      return;
    }
    store_vector(y, at, values_of<activation>(load_vector<N>(x, at), offset));
  }
}

/// grid: pieces of planes / 8; block: 8 warps, each with one piece of up to 1024 elements, 32 · N
/// at a time; no shared memory. Two transfers; two divisions and one bias per warp.
template <Activation activation, int N, typename T>
__global__ __launch_bounds__(bias_warps * 32) void activate_planes(BiasPlanes planes,
                                                                   Row<const T> x,
                                                                   Row<const T> bias, Row<T> y) {
  const std::int64_t piece = std::int64_t{blockIdx.x} * bias_warps + threadIdx.x / 32;
  if (piece >= planes.all) {
    return;
  }
  const PlanePiece mine(planes, piece);
  Vector<T, N> offset;
  HEDDLE_UNROLL
  for (int j = 0; j < N; ++j) {
    offset[j] = bias(mine.channel);
  }
  for (std::int64_t at = mine.begin + std::int64_t{threadIdx.x % 32} * N; at < mine.end;
       at += 32 * N) {
    store_vector(y, at, values_of<activation>(load_vector<N>(x, at), offset));
  }
}

// ---- Launchers ----

/// Checks the views and calls `body(TypeTag<T>, sizes)`, unless there is nothing to do.
template <typename Body>
void with_forward(const ConstView& x, const ConstView& bias, const View& y, const Body& body) {
  constexpr const char* kernel = "bias_activation";
  const BiasSizes sizes = bias_sizes(kernel, {"x", x});
  check_dense(kernel, {"bias", bias}, {sizes.channels}, x.dtype);
  check_dense(kernel, {"y", y}, x.shape, x.dtype);
  if (sizes.elements() > 0) {
    dispatch_storage(x.dtype, kernel, [&](auto type) { body(type, sizes); });
  }
}

void forward_composed(Stream& stream, Activation activation, const ConstView& x,
                      const ConstView& bias, const View& y) {
  with_forward(x, bias, y, [&](auto /*type*/, const BiasSizes& /*sizes*/) {
    binary(ElementwiseVersion::scalar, stream, BinaryOp::add, x, along_channels(bias, x.shape), y);
    unary(ElementwiseVersion::scalar, stream, unary_of(activation), y, y);
  });
}

template <int N, typename T>
void launch_forward(Stream& stream, Activation activation, const BiasSizes& sizes,
                    const ConstView& x, const ConstView& bias, const View& y) {
  with_activation(activation, [&](auto constant) {
    constexpr Activation fixed = decltype(constant)::value;
    if (sizes.has_planes()) {
      const BiasPlanes planes(sizes);
      launch(activate_planes<fixed, N, T>,
             Launch{"bias_activation.planes", stream, blocks_for(planes.all, bias_warps),
                    bias_warps * 32},
             planes, flat_of<T>(x), flat_of<T>(bias), flat_of<T>(y));
      return;
    }
    const BiasLines lines(sizes, N, bias.data, 65535);
    launch(activate_lines<fixed, N, T>,
           Launch{"bias_activation.lines", stream,
                  dim3(blocks_for(lines.width, 32 * N), static_cast<unsigned>(lines.parts)),
                  bias_warps * 32},
           lines, flat_of<T>(x), flat_of<T>(bias), flat_of<T>(y));
  });
}

void forward_fused(Stream& stream, Activation activation, const ConstView& x, const ConstView& bias,
                   const View& y) {
  with_forward(x, bias, y, [&]<typename T>(TypeTag<T>, const BiasSizes& sizes) {
    launch_forward<1, T>(stream, activation, sizes, x, bias, y);
  });
}

/// `fused` where x or y is not aligned, or 16 bytes would cross from one sample or plane to the
/// next.
void forward_vector(Stream& stream, Activation activation, const ConstView& x,
                    const ConstView& bias, const View& y) {
  with_forward(x, bias, y, [&]<typename T>(TypeTag<T>, const BiasSizes& sizes) {
    if (takes_packets<T>(sizes, x.data) && takes_packets<T>(sizes, y.data)) {
      launch_forward<widest<T>, T>(stream, activation, sizes, x, bias, y);
    } else {
      launch_forward<1, T>(stream, activation, sizes, x, bias, y);
    }
  });
}

std::string_view name_of(BiasActivationVersion version) {
  switch (version) {
    case BiasActivationVersion::composed:
      return "composed";
    case BiasActivationVersion::fused:
      return "fused";
    case BiasActivationVersion::vector:
      return "vector";
  }
  return "";
}

}  // namespace

BiasSizes bias_sizes(const char* kernel, const NamedView& view) {
  check_rank(kernel, view, 3);
  check_dense(kernel, view, view.view.shape, view.view.dtype);
  return {view.view.size(0), view.view.size(1), view.view.size(2)};
}

ConstView along_channels(const ConstView& bias, const Shape& shape) {
  ConstView repeated = bias;
  repeated.shape = shape;
  repeated.strides = {0, 1, 0};
  return repeated;
}

// Default: vector. It moves the least bytes, and never less at once than the others; expected, not
// measured yet.
BiasActivationKernels bias_activation_kernels() {
  return {.forward = forward_vector, .backward = bias_activation_backward_vector};
}

const std::vector<KernelVersion<BiasActivationKernels>>& bias_activation_versions() {
  using Version = BiasActivationVersion;
  static const std::vector<KernelVersion<BiasActivationKernels>> versions{
      {name_of(Version::composed), "f32", {forward_composed, bias_activation_backward_composed}},
      {name_of(Version::fused), "f32", {forward_fused, bias_activation_backward_fused}},
      {name_of(Version::vector), "f32", {forward_vector, bias_activation_backward_vector}},
  };
  return versions;
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
