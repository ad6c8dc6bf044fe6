// Dropout: y = x / (1 − p) where the element's uniform number is at least p, else 0. Element i
// takes word first + i of a Philox stream (core/random.h), so the mask is never stored: backward
// draws it again. Contiguous x and y; y may be x. f32, f64, bf16 (computed in f32).
//
// Philox makes four words at a time, from a counter: block b holds words 4b … 4b + 3. Ten rounds of
// two 32 × 32 → 64 multiplications are some 80 instructions a block.
//
//   word_per_thread   a thread for each element; makes four words and uses one
//   block_per_thread  a thread for each Philox block: all four words used
//   vector            a thread for four elements that lie in memory at a multiple of four, loaded
//                     and stored at once; a second Philox block where the words are cut elsewhere
//
// uniform ≥ p is decided in whole numbers: uniform = (word / 2⁸) · 2⁻²⁴ (exact in f32), so that it
// is word / 2⁸ ≥ ⌈p · 2²⁴⌉ and the same everywhere.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "core/random.h"
#include "kernels/dropout.h"
#include "kernels/gpu/device/device.h"
#include "kernels/gpu/families.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

enum class DropoutVersion : std::uint8_t { word_per_thread, block_per_thread, vector };

constexpr unsigned threads = 256;
constexpr std::int64_t most_blocks = 1 << 18;

__device__ __forceinline__ std::int64_t first_item() {
  return std::int64_t{blockIdx.x} * threads + threadIdx.x;
}
__device__ __forceinline__ std::int64_t item_step() { return std::int64_t{gridDim.x} * threads; }

/// The index of the word that element 0 takes.
__device__ __forceinline__ std::uint64_t first_word(const RandomSpan& random) {
  return random.first + (random.counter != nullptr ? *random.counter : 0);
}

__device__ __forceinline__ std::array<std::uint32_t, 4> words_of_block(const RandomSpan& random,
                                                                       std::uint64_t block) {
  return philox(
      {static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
       static_cast<std::uint32_t>(random.stream), static_cast<std::uint32_t>(random.stream >> 32)},
      {static_cast<std::uint32_t>(random.seed), static_cast<std::uint32_t>(random.seed >> 32)});
}

template <typename A>
struct Keep {
  std::uint32_t least;  // of word / 2⁸
  A probability;

  template <typename T>
  __device__ __forceinline__ T operator()(std::uint32_t word, T x) const {
    return (word >> 8) >= least ? narrow<T>(counted<1>(widen(x) / probability)) : narrow<T>(A{0});
  }
};

// Grid ⌈n / 256⌉ blocks of 256 threads, no shared memory. Reads and writes each element once, at 20
// instructions of Philox for each useful bit of the mask: limited by arithmetic.
template <typename T>
__global__ void word_per_thread_kernel(RandomSpan random, Keep<accumulate_t<T>> keep,
                                       Row<const T> x, Row<T> y) {
  for (std::int64_t i = first_item(); i < x.size; i += item_step()) {
    const std::uint64_t index = first_word(random) + static_cast<std::uint64_t>(i);
    const std::array<std::uint32_t, 4> words = words_of_block(random, index / 4);
    const std::uint32_t low = index % 2 == 0 ? words[0] : words[1];
    const std::uint32_t high = index % 2 == 0 ? words[2] : words[3];
    const T value = keep(index % 4 < 2 ? low : high, x(i));
    y(i) = value;
  }
}

// Grid ⌈(n + 3) / 1024⌉ blocks of 256 threads, no shared memory. A quarter of the arithmetic. A
// thread's four elements begin where its Philox block does, which need not be a multiple of 16
// bytes: four loads, each touching every fourth element of 512 neighbouring bytes in a warp. They
// come from the first-level cache, but cost four times the load instructions of `vector`.
template <typename T>
__global__ void block_per_thread_kernel(RandomSpan random, Keep<accumulate_t<T>> keep,
                                        Row<const T> x, Row<T> y) {
  const std::uint64_t first = first_word(random);
  const auto cut = static_cast<std::int64_t>(first % 4);  // words of the first block not used
  const std::int64_t count = (x.size + cut + 3) / 4;
  for (std::int64_t i = first_item(); i < count; i += item_step()) {
    const auto words = words_of_block(random, first / 4 + static_cast<std::uint64_t>(i));
    HEDDLE_UNROLL
    for (int w = 0; w < 4; ++w) {
      const std::int64_t element = 4 * i + w - cut;
      if (element >= 0 && element < x.size) {
        const T value = keep(words[static_cast<std::size_t>(w)], x(element));
        y(element) = value;
      }
    }
  }
}

/// Elements that a thread loads at once: four, or 16 bytes of them.
template <typename T>
constexpr int vector_elements = sizeof(T) > 4 ? 2 : 4;

// Grid ⌈n / 1024⌉ blocks of 256 threads, no shared memory. x and y begin at multiples of the vector
// (16 bytes; 8 of bf16). Against block_per_thread: one load and one store for four elements (two
// for f64). Where `first` is no multiple of 4, a thread makes two Philox blocks and takes its four
// words across the cut: twice the arithmetic, still less than the memory takes for f32.
template <typename T>
__global__ void vector_kernel(RandomSpan random, Keep<accumulate_t<T>> keep, Row<const T> x,
                              Row<T> y) {
  constexpr int N = vector_elements<T>;
  const std::uint64_t first = first_word(random);
  const auto cut = static_cast<int>(first % 4);
  const std::int64_t groups = (x.size + 3) / 4;
  for (std::int64_t i = first_item(); i < groups; i += item_step()) {
    const std::uint64_t block = first / 4 + static_cast<std::uint64_t>(i);
    std::array<std::uint32_t, 4> words = words_of_block(random, block);
    if (cut != 0) {
      const std::array<std::uint32_t, 4> next = words_of_block(random, block + 1);
      HEDDLE_UNROLL
      for (int step = 0; step < 3; ++step) {  // shifts by one word, `cut` times
        if (step < cut) {
          words = {words[1], words[2], words[3], next[static_cast<std::size_t>(step)]};
        }
      }
    }
    if (4 * i + 4 <= x.size) {
      HEDDLE_UNROLL
      for (int part = 0; part < 4; part += N) {
        Vector<T, N> values = load_vector<N>(x, 4 * i + part);
        HEDDLE_UNROLL
        for (int e = 0; e < N; ++e) {
          values[e] = keep(words[static_cast<unsigned>(part + e)], values[e]);
        }
        store_vector(y, 4 * i + part, values);
      }
    } else {
      HEDDLE_UNROLL
      for (int e = 0; e < 4; ++e) {
        if (4 * i + e < x.size) {
          const T value = keep(words[static_cast<std::size_t>(e)], x(4 * i + e));
          y(4 * i + e) = value;
        }
      }
    }
  }
}

template <typename T>
bool is_vector_aligned(const void* data) {
  return reinterpret_cast<std::uintptr_t>(data) % (sizeof(T) * vector_elements<T>) == 0;
}

// Default: vector where x and y are aligned, else block_per_thread. Expected, not measured yet: an
// H200 moves 0.54e12 elements of f32 a second in and out, and at 30 instructions an element (Philox
// and the division) it issues them for about 1e12, so that f32 waits for memory and bf16 is even.
template <DropoutVersion version>
void apply(Stream& stream, double p, const RandomSpan& random, const ConstView& x, const View& y) {
  constexpr const char* kernel = "dropout";
  check(p >= 0.0 && p < 1.0, kernel, ": p is ", p, "; expected 0 ≤ p < 1");
  check_dense(kernel, {"x", x}, x.shape, x.dtype);
  check_dense(kernel, {"y", y}, x.shape, x.dtype);
  dispatch_storage(x.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    using A = accumulate_t<T>;
    const Keep<A> keep{static_cast<std::uint32_t>(std::ceil(p * 0x1p24)), static_cast<A>(1.0 - p)};
    const std::int64_t n = x.elements();
    const auto start = [&](const char* name, auto* code, std::int64_t items) {
      launch(code,
             Launch{name, stream, blocks_for(std::min(items, most_blocks * threads), threads),
                    threads},
             random, keep, flat_of<T>(x), flat_of<T>(y));
    };
    if (n == 0) {
      return;
    }
    if constexpr (version == DropoutVersion::word_per_thread) {
      start("dropout.word_per_thread", word_per_thread_kernel<T>, n);
    } else {
      if (version == DropoutVersion::vector && is_vector_aligned<T>(x.data) &&
          is_vector_aligned<T>(y.data)) {
        start("dropout.vector", vector_kernel<T>, (n + 3) / 4);
      } else {
        start("dropout.block_per_thread", block_per_thread_kernel<T>, n / 4 + 2);
      }
    }
  });
}

}  // namespace

DropoutKernels dropout_kernels() { return {.apply = apply<DropoutVersion::vector>}; }

const std::vector<KernelVersion<DropoutKernels>>& dropout_versions() {
  static const std::vector<KernelVersion<DropoutKernels>> all{
      {"word_per_thread", "f32", {apply<DropoutVersion::word_per_thread>}},
      {"block_per_thread", "f32", {apply<DropoutVersion::block_per_thread>}},
      {"vector", "f32", {apply<DropoutVersion::vector>}},
  };
  return all;
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
