#pragma once

// out[i] = f(a[i], b[i], …) for any f: the kernels behind every element-wise function, behind
// copies and behind fills. All views have one shape and any strides; a broadcast input has strides
// of 0. Nothing is computed worth mentioning, so that the bytes that move are the cost: with n
// elements of s bytes and k inputs at best n·s·(k + 1), which one H200 does at 4.3 TB/s.
//
//   scalar     a thread for each element; its place found by a 64-bit division per dimension
//   vector     16 bytes of every operand at once, where all of them are one run of memory; f is
//              known when compiling; everything else as scalar
//   broadcast  dimensions joined on the host and divisions made multiplications (strided_plan.h);
//              16 bytes at once along the innermost dimension also where an input repeats there or
//              further out ([rows, cols] + [cols]); one run of memory as vector
//
// In each version a thread reads all its elements before it writes, so `out` may be an input.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "kernels/gpu/strided_plan.h"

namespace heddle::kernels::HEDDLE_BACKEND {

enum class ElementwiseVersion : std::uint8_t { scalar, vector, broadcast };

/// Elements in 16 bytes of the widest operand.
template <typename... T>
constexpr int packet_width = static_cast<int>(16 / std::max({sizeof(T)...}));

constexpr unsigned loop_threads = 256;
constexpr std::int64_t loop_most_blocks = 1 << 18;  // threads go round above 2²⁶ packets

__device__ __forceinline__ std::int64_t loop_first() {
  return std::int64_t{blockIdx.x} * loop_threads + threadIdx.x;
}
__device__ __forceinline__ std::int64_t loop_step() {
  return std::int64_t{gridDim.x} * loop_threads;
}
inline unsigned loop_blocks(std::int64_t count) {
  return static_cast<unsigned>(
      std::min((count + loop_threads - 1) / loop_threads, loop_most_blocks));
}

template <typename F, std::size_t... k, typename... In>
__device__ __forceinline__ auto value_at(const F& f, std::index_sequence<k...>,
                                         const Offsets<1 + sizeof...(In)>& at,
                                         const Row<const In>&... in) {
  return f(in(at.of[k + 1])...);
}

// Grid ⌈n / 256⌉ blocks of 256 threads, no shared memory. Reads and writes each element once, 32
// neighbours by a warp where the innermost stride is 1. A thread has 4 or 8 bytes of each operand
// on their way at a time, and a division per dimension (with plain_plan, 64-bit: at rank 3 some 300
// instructions, more than the memory takes).
template <typename F, typename Out, typename... In>
__global__ void elements_kernel(StridedPlan<1 + sizeof...(In)> plan, F f, Row<Out> out,
                                Row<const In>... in) {
  for (std::int64_t i = loop_first(); i < plan.elements; i += loop_step()) {
    const Offsets<1 + sizeof...(In)> at = offsets_of(plan, i);
    const Out value = value_at(f, std::index_sequence_for<In...>{}, at, in...);
    out(at.of[0]) = value;
  }
}

template <int N, typename Out, typename F, typename... In>
__device__ __forceinline__ Vector<Out, N> packet_of(const F& f, const Vector<In, N>&... in) {
  Vector<Out, N> result;
  HEDDLE_UNROLL
  for (int e = 0; e < N; ++e) {
    result[e] = f(in[e]...);
  }
  return result;
}

// Grid ⌈n / 256 N⌉ blocks of 256 threads, no shared memory. Against elements_kernel: no index
// arithmetic, 16 bytes of each operand by one instruction (a warp asks for 512 at once), and f
// without a switch. Loses nothing but generality: one run of memory, aligned to 16 bytes.
template <int N, typename F, typename Out, typename... In>
__global__ void dense_kernel(std::int64_t packets, F f, Row<Out> out, Row<const In>... in) {
  const std::int64_t tail = out.size - packets * N;
  for (std::int64_t i = loop_first(); i < packets + tail; i += loop_step()) {
    if (i < packets) {
      store_vector(out, i * N, packet_of<N, Out>(f, load_vector<N>(in, i * N)...));
    } else {
      const std::int64_t last = packets * N + (i - packets);
      const Out value = f(in(last)...);
      out(last) = value;
    }
  }
}

template <int N, typename T>
__device__ __forceinline__ Vector<T, N> packet_at(const Row<const T>& row, std::int64_t at,
                                                  bool repeats) {
  if (!repeats) {
    return load_vector<N>(row, at);
  }
  const T value = row(at);
  Vector<T, N> result;
  HEDDLE_UNROLL
  for (int e = 0; e < N; ++e) {
    result[e] = value;
  }
  return result;
}

template <int N, typename Out, typename F, std::size_t... k, typename... In>
__device__ __forceinline__ Vector<Out, N> packet_at(const F& f, std::index_sequence<k...>,
                                                    const Offsets<1 + sizeof...(In)>& at,
                                                    unsigned repeats, const Row<const In>&... in) {
  return packet_of<N, Out>(f, packet_at<N>(in, at.of[k + 1], (repeats >> k & 1u) != 0)...);
}

// Grid ⌈n / 256 N⌉ blocks of 256 threads, no shared memory. The plan counts packets along its
// innermost dimension. An input that repeats is read once for each packet, from the first-level
// cache: [rows, cols] + [cols] moves the bytes of [rows, cols] alone. Against dense_kernel a
// multiplication, a subtraction and the strides for each outer dimension, for N elements together.
template <int N, typename F, typename Out, typename... In>
__global__ void packets_kernel(StridedPlan<1 + sizeof...(In)> plan, unsigned repeats, F f,
                               Row<Out> out, Row<const In>... in) {
  for (std::int64_t i = loop_first(); i < plan.elements; i += loop_step()) {
    const Offsets<1 + sizeof...(In)> at = offsets_of(plan, i);
    store_vector(out, at.of[0],
                 packet_at<N, Out>(f, std::index_sequence_for<In...>{}, at, repeats, in...));
  }
}

/// Makes the innermost dimension count packets of `width` elements. False, and the plan as it was,
/// where an operand neither repeats along it nor lies there in aligned packets. Bit k of `repeats`:
/// input k repeats.
template <int operands>
bool make_packets(StridedPlan<operands>& plan, int width,
                  const std::array<std::size_t, operands>& element_bytes,
                  const std::array<const ConstView*, operands>& views, unsigned& repeats) {
  const int inner = plan.rank - 1;
  repeats = 0;
  if (plan.inner_size() % width != 0 || plan.inner_stride(0) != 1) {
    return false;
  }
  for (int k = 0; k < operands; ++k) {
    const auto place = static_cast<std::size_t>(k);
    if (plan.inner_stride(k) == 0) {
      repeats |= 1u << (k - 1);
      continue;
    }
    bool fits = plan.inner_stride(k) == 1 &&
                reinterpret_cast<std::uintptr_t>(views[place]->data) %
                        (element_bytes[place] * static_cast<std::size_t>(width)) ==
                    0;
    for (int d = 0; d < inner; ++d) {
      fits = fits && plan.stride[k][d] % width == 0;
    }
    if (!fits) {
      return false;
    }
  }
  plan.size[inner] /= width;
  for (int k = 0; k < operands; ++k) {
    plan.stride[k][inner] *= width;
  }
  plan.prepare();
  return true;
}

template <typename F, typename Out, typename... In>
void launch_elements(const char* kernel, Stream& stream, const StridedPlan<1 + sizeof...(In)>& plan,
                     const F& f, const Row<Out>& out, const Row<const In>&... in) {
  launch(elements_kernel<F, Out, In...>,
         Launch{kernel, stream, loop_blocks(plan.elements), loop_threads}, plan, f, out, in...);
}

/// Runs out = f(in…), elements of type Out and In, in a version. `any` is f with its operation chosen
/// at run time, for the kernels that walk strides; `with_fixed(body)` calls body(f) with the
/// operation chosen when compiling.
template <typename Out, typename... In>
struct ElementLoop {
  static constexpr int operands = 1 + static_cast<int>(sizeof...(In));
  static constexpr int width = packet_width<Out, In...>;

  template <typename Any, typename WithFixed, typename... Views>
  static void run(ElementwiseVersion version, const char* kernel, Stream& stream, const Any& any,
                  const WithFixed& with_fixed, const View& out, const Views&... in) {
    static_assert(sizeof...(Views) == sizeof...(In));
    if (out.elements() == 0) {
      return;
    }
    const std::array<const ConstView*, operands> views{&out, &in...};
    const std::array<std::size_t, operands> bytes{sizeof(Out), sizeof(In)...};
    StridedPlan<operands> plan = joined_plan(views);
    unsigned repeats = 0;
    if (version != ElementwiseVersion::scalar && plan.is_dense() && is_aligned(views, bytes)) {
      const std::int64_t packets = plan.elements / width;
      const std::int64_t tail = plan.elements % width;
      with_fixed([&]<typename F>(const F& f) {
        launch(dense_kernel<width, F, Out, In...>,
               Launch{kernel, stream, loop_blocks(packets + tail), loop_threads}, packets, f,
               reach_of<Out>(out), reach_of<In>(in)...);
      });
    } else if (version != ElementwiseVersion::broadcast) {
      launch_elements(kernel, stream, plain_plan(views), any, reach_of<Out>(out),
                      reach_of<In>(in)...);
    } else if (make_packets<operands>(plan, width, bytes, views, repeats)) {
      launch(packets_kernel<width, Any, Out, In...>,
             Launch{kernel, stream, loop_blocks(plan.elements), loop_threads}, plan, repeats, any,
             reach_of<Out>(out), reach_of<In>(in)...);
    } else {
      launch_elements(kernel, stream, plan, any, reach_of<Out>(out), reach_of<In>(in)...);
    }
  }

 private:
  static bool is_aligned(const std::array<const ConstView*, operands>& views,
                         const std::array<std::size_t, operands>& bytes) {
    bool aligned = true;
    for (std::size_t k = 0; k < views.size(); ++k) {
      aligned =
          aligned &&
          reinterpret_cast<std::uintptr_t>(views[k]->data) % (bytes[k] * std::size_t{width}) == 0;
    }
    return aligned;
  }
};

/// Calls body(std::integral_constant<Enum, value>) where `value` is one of the first `count` of an
/// enumeration; otherwise does nothing.
template <typename Enum, std::size_t... i, typename Body>
void with_constant(Enum value, std::index_sequence<i...>, const Body& body) {
  (static_cast<void>(value == static_cast<Enum>(i)
                         ? (body(std::integral_constant<Enum, static_cast<Enum>(i)>{}), 0)
                         : 0),
   ...);
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
