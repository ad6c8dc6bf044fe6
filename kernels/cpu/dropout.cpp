#include <immintrin.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/parallel.h"
#include "kernels/cpu/cpu_kernels.h"
#include "kernels/cpu/vector_loop.h"
#include "kernels/view_checks.h"

namespace heddle::cpu {
namespace {

constexpr std::int64_t tile_elements = 8192;
constexpr std::int64_t chunk_blocks = 64;  // Philox blocks of four words drawn at once
constexpr std::int64_t chunk_words = 4 * chunk_blocks;

/// Four Philox states side by side, each word in the low half of 64 bits; what is in the high
/// halves does not matter, since the multiplication reads the low ones.
struct FourStates {
  __m256i a, b, c, d;

  FourStates(const RandomSpan& random, std::uint64_t first_block)
      : a(_mm256_add_epi64(_mm256_set1_epi64x(static_cast<std::int64_t>(first_block)),
                           _mm256_setr_epi64x(0, 1, 2, 3))),
        b(_mm256_srli_epi64(a, 32)),
        c(_mm256_set1_epi64x(static_cast<std::int64_t>(random.stream))),
        d(_mm256_srli_epi64(c, 32)) {}

  void round(std::uint32_t key_low, std::uint32_t key_high) {
    const __m256i first = _mm256_mul_epu32(a, _mm256_set1_epi64x(0xD2511F53));
    const __m256i second = _mm256_mul_epu32(c, _mm256_set1_epi64x(0xCD9E8D57));
    a = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(second, 32), b),
                         _mm256_set1_epi64x(key_low));
    c = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(first, 32), d),
                         _mm256_set1_epi64x(key_high));
    b = second;
    d = first;
  }

  /// a, b, c, d of the first state, then of the second, …
  void store(std::uint32_t* words) const {
    constexpr int odd_words = 0xAA;
    const __m256i ab = _mm256_blend_epi32(a, _mm256_slli_epi64(b, 32), odd_words);
    const __m256i cd = _mm256_blend_epi32(c, _mm256_slli_epi64(d, 32), odd_words);
    const __m256i even = _mm256_unpacklo_epi64(ab, cd);
    const __m256i odd = _mm256_unpackhi_epi64(ab, cd);
    auto* const to = reinterpret_cast<__m256i*>(words);
    _mm256_storeu_si256(to, _mm256_permute2x128_si256(even, odd, 0x20));
    _mm256_storeu_si256(to + 1, _mm256_permute2x128_si256(even, odd, 0x31));
  }
};

/// Words 4·first_block … 4·first_block + chunk_words − 1 of one stream, as `random_word` gives
/// them.
void draw_words(const RandomSpan& random, std::uint64_t first_block, std::uint32_t* words) {
  for (std::uint64_t block = 0; block < chunk_blocks; block += 8) {
    FourStates left(random, first_block + block);
    FourStates right(random, first_block + block + 4);
    auto key_low = static_cast<std::uint32_t>(random.seed);
    auto key_high = static_cast<std::uint32_t>(random.seed >> 32);
    for (int round = 0; round < 10; ++round) {
      left.round(key_low, key_high);
      right.round(key_low, key_high);
      key_low += 0x9E3779B9u;
      key_high += 0xBB67AE85u;
    }
    left.store(words + 4 * block);
    right.store(words + 4 * block + 16);
  }
}

template <typename T>
void drop(const RandomSpan& random, std::uint32_t least_kept, T keep_probability, const T* x, T* y,
          std::int64_t begin, std::int64_t end) {
  std::array<std::uint32_t, static_cast<std::size_t>(chunk_words)> chunk;
  while (begin < end) {
    const std::uint64_t word = random.first + static_cast<std::uint64_t>(begin);
    draw_words(random, word / 4, chunk.data());
    const auto skipped = static_cast<std::int64_t>(word % 4);
    const std::int64_t count = std::min(chunk_words - skipped, end - begin);
    const std::uint32_t* const words = chunk.data() + skipped;
    HEDDLE_INDEPENDENT
    for (std::int64_t i = 0; i < count; ++i) {
      const T kept = x[begin + i] / keep_probability;
      y[begin + i] = (words[i] >> 8) >= least_kept ? kept : T{0};
    }
    begin += count;
  }
}

void apply(Stream&, double p, const RandomSpan& span, const ConstView& x, const View& y) {
  constexpr const char* kernel = "dropout";
  check(p >= 0.0 && p < 1.0, kernel, ": p is ", p, "; expected 0 ≤ p < 1");
  check_dense(kernel, {"x", x}, x.shape, x.dtype);
  check_dense(kernel, {"y", y}, x.shape, x.dtype);
  // uniform_unit(word) ≥ p (core/random.h) in whole numbers: word / 2⁸ ≥ ⌈p · 2²⁴⌉.
  const auto least_kept = static_cast<std::uint32_t>(std::ceil(p * 0x1p24));
  RandomSpan random = span;
  random.first += span.counter != nullptr ? *span.counter : 0;
  dispatch_floating(x.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    parallel_ranges(x.elements(), tile_elements, [&](std::int64_t begin, std::int64_t end) {
      drop(random, least_kept, static_cast<T>(1.0 - p), x.pointer<T>(), y.pointer<T>(), begin, end);
    });
  });
}

}  // namespace

DropoutKernels dropout_kernels() { return {.apply = apply}; }

}  // namespace heddle::cpu
