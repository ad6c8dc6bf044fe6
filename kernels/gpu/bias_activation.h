#pragma once

// What the files of the family bias_activation share: bias_activation.cu (forward, choice) and
// bias_activation_backward.cu. How x [outer, channels, inner] is walked, so that no thread divides
// for each of its elements:
//
//   lines    inner < 64: x as lines of one or more samples (channels · inner elements each). A
//            thread keeps its columns, and with them its biases, from line to line.
//   planes   else: a warp walks a piece of one channel of one sample, which has one bias.

#include "kernels/bias_activation.h"
#include "kernels/gpu/device/device.h"
#include "kernels/gpu/elementwise_functions.h"

namespace heddle::kernels::HEDDLE_BACKEND {

constexpr int bias_warps = 8;  // of a block

struct BiasSizes {
  std::int64_t outer, channels, inner;

  std::int64_t sample() const { return channels * inner; }
  std::int64_t elements() const { return outer * sample(); }
  bool has_planes() const { return inner >= 64; }
};
/// Sizes of x, y or dy. Errors: rank not 3, not contiguous.
BiasSizes bias_sizes(const char* kernel, const NamedView& view);

struct BiasLines {
  std::int64_t channels = 0, inner = 0;
  std::int64_t width = 0;       // of a line: whole samples, at least 32 packets of them
  std::int64_t part_lines = 0;  // of a block
  std::int64_t parts = 0;
  bool bias_in_packets = false;  // a thread's biases are neighbours and aligned

  BiasLines() = default;
  /// At most `most_parts` parts, of 32 lines or more.
  BiasLines(const BiasSizes& sizes, int packet, const void* bias, std::int64_t most_parts)
      : channels(sizes.channels),
        inner(sizes.inner),
        width((32 * packet + sizes.sample() - 1) / sizes.sample() * sizes.sample()) {
    const std::int64_t lines = (sizes.elements() + width - 1) / width;
    part_lines = std::max<std::int64_t>(32, (lines + most_parts - 1) / most_parts);
    parts = (lines + part_lines - 1) / part_lines;
    bias_in_packets =
        inner == 1 && bias != nullptr && reinterpret_cast<std::uintptr_t>(bias) % 16 == 0;
  }

  __device__ __forceinline__ std::int64_t channel_of(std::int64_t col) const {
    return col / inner % channels;
  }
  /// The row of part sums [parts · width / channels, channels] that a column's sum goes to.
  __device__ __forceinline__ std::int64_t sums_row(std::int64_t part, std::int64_t col) const {
    const std::int64_t sample = channels * inner;
    return (part * (width / sample) + col / sample) * inner + col % inner;
  }
};

/// The biases of N neighbouring columns.
template <int N, typename T>
__device__ __forceinline__ Vector<T, N> biases_of(const BiasLines& lines, const Row<const T>& bias,
                                                  std::int64_t col) {
  if constexpr (N > 1) {
    if (lines.bias_in_packets) {
      return load_vector<N>(bias, col % lines.channels);
    }
  }
  Vector<T, N> result;
  HEDDLE_UNROLL
  for (int j = 0; j < N; ++j) {
    result[j] = bias(lines.channel_of(col + j));
  }
  return result;
}

/// bias [channels] as a view of x's shape [outer, channels, inner].
ConstView along_channels(const ConstView& bias, const Shape& shape);

/// Elements of one channel of one sample that a warp walks.
constexpr std::int64_t piece_elements = 1024;

struct BiasPlanes {
  std::int64_t channels, inner;
  std::int64_t pieces;  // of a plane
  std::int64_t all;     // pieces of all planes

  explicit BiasPlanes(const BiasSizes& sizes)
      : channels(sizes.channels),
        inner(sizes.inner),
        pieces((sizes.inner + piece_elements - 1) / piece_elements),
        all(sizes.outer * sizes.channels * pieces) {}
};

struct PlanePiece {
  std::int64_t begin, end;  // of x
  std::int64_t channel;
  std::int64_t sums_row;

  __device__ __forceinline__ PlanePiece(const BiasPlanes& planes, std::int64_t piece) {
    const std::int64_t plane = piece / planes.pieces;
    const std::int64_t in_plane = piece % planes.pieces;
    channel = plane % planes.channels;
    sums_row = plane / planes.channels * planes.pieces + in_plane;
    begin = plane * planes.inner + in_plane * piece_elements;
    const std::int64_t plane_end = (plane + 1) * planes.inner;
    end = begin + piece_elements < plane_end ? begin + piece_elements : plane_end;
  }
};

/// Whether 16 bytes can be loaded at once wherever a thread may begin.
template <typename T>
bool takes_packets(const BiasSizes& sizes, const void* data) {
  const std::int64_t stride = sizes.has_planes() ? sizes.inner : sizes.sample();
  return vector_width<T>(data, stride, 0) == widest<T>;
}

/// Calls body(std::integral_constant<Activation, …>).
template <typename Body>
void with_activation(Activation activation, const Body& body) {
  switch (activation) {
    case Activation::relu:
      return body(std::integral_constant<Activation, Activation::relu>{});
    case Activation::gelu:
      return body(std::integral_constant<Activation, Activation::gelu>{});
    case Activation::sigmoid:
      return body(std::integral_constant<Activation, Activation::sigmoid>{});
    case Activation::tanh:
      return body(std::integral_constant<Activation, Activation::tanh>{});
  }
  fail("bias_activation: no activation ", static_cast<int>(activation));
}

using BiasActivationBackward = void(Stream& stream, Activation activation, const ConstView& x,
                                    const ConstView& bias, const ConstView& y, const ConstView& dy,
                                    const View& dx, const View& dbias);
BiasActivationBackward bias_activation_backward_composed, bias_activation_backward_fused,
    bias_activation_backward_vector;

}  // namespace heddle::kernels::HEDDLE_BACKEND
