#include <algorithm>
#include <array>
#include <cmath>

#include "core/parallel.h"
#include "core/random.h"
#include "kernels/cpu/cpu_kernels.h"
#include "kernels/cpu/vector_loop.h"
#include "kernels/cpu/view_checks.h"

namespace heddle::cpu {
namespace {

constexpr std::int64_t tile_elements = 8192;
constexpr std::size_t chunk_blocks = 64;  // Philox blocks of four words drawn side by side
constexpr std::int64_t chunk_words = 4 * static_cast<std::int64_t>(chunk_blocks);

/// Words 4·first_block … of one stream: `philox` of core/random.h for many counters at once, one
/// array per word of the state so that the rounds vectorise.
class WordChunk {
 public:
  void draw(const RandomSpan& random, std::uint64_t first_block) {
    using Lane = std::array<std::uint32_t, chunk_blocks>;
    Lane a;
    Lane b;
    Lane c;
    Lane d;
    for (std::size_t i = 0; i < chunk_blocks; ++i) {
      const std::uint64_t block = first_block + i;
      a[i] = static_cast<std::uint32_t>(block);
      b[i] = static_cast<std::uint32_t>(block >> 32);
      c[i] = static_cast<std::uint32_t>(random.stream);
      d[i] = static_cast<std::uint32_t>(random.stream >> 32);
    }
    auto key_low = static_cast<std::uint32_t>(random.seed);
    auto key_high = static_cast<std::uint32_t>(random.seed >> 32);
    for (int round = 0; round < 10; ++round) {
      for (std::size_t i = 0; i < chunk_blocks; ++i) {
        const std::uint64_t first = std::uint64_t{0xD2511F53u} * a[i];
        const std::uint64_t second = std::uint64_t{0xCD9E8D57u} * c[i];
        a[i] = static_cast<std::uint32_t>(second >> 32) ^ b[i] ^ key_low;
        b[i] = static_cast<std::uint32_t>(second);
        c[i] = static_cast<std::uint32_t>(first >> 32) ^ d[i] ^ key_high;
        d[i] = static_cast<std::uint32_t>(first);
      }
      key_low += 0x9E3779B9u;
      key_high += 0xBB67AE85u;
    }
    for (std::size_t i = 0; i < chunk_blocks; ++i) {
      words_[4 * i] = a[i];
      words_[4 * i + 1] = b[i];
      words_[4 * i + 2] = c[i];
      words_[4 * i + 3] = d[i];
    }
  }

  const std::uint32_t* data() const { return words_.data(); }

 private:
  std::array<std::uint32_t, 4 * chunk_blocks> words_;
};

template <typename T>
void drop(const RandomSpan& random, std::uint32_t least_kept, T keep_probability, const T* x, T* y,
          std::int64_t begin, std::int64_t end) {
  WordChunk chunk;
  while (begin < end) {
    const std::uint64_t word = random.first + static_cast<std::uint64_t>(begin);
    chunk.draw(random, word / 4);
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

void apply(Stream&, double p, const RandomSpan& random, const ConstView& x, const View& y) {
  constexpr const char* kernel = "dropout";
  check(p >= 0.0 && p < 1.0, kernel, ": p is ", p, "; expected 0 ≤ p < 1");
  check_dense(kernel, {"x", x}, x.shape, x.dtype);
  check_dense(kernel, {"y", y}, x.shape, x.dtype);
  // uniform_unit(word) ≥ p in whole numbers: word / 2⁸ ≥ ⌈p · 2²⁴⌉.
  const auto least_kept = static_cast<std::uint32_t>(std::ceil(p * 0x1p24));
  dispatch_floating(x.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    parallel_ranges(x.elements(), tile_elements, [&](std::int64_t begin, std::int64_t end) {
      drop(random, least_kept, static_cast<T>(1.0 - p), x.pointer<T>(), y.pointer<T>(), begin, end);
    });
  });
}

}  // namespace

DropoutKernels dropout_kernels() { return {.apply = apply}; }

}  // namespace heddle::cpu
