#include "core/random.h"

#include <cmath>
#include <numbers>
#include <numeric>

#include "core/parallel.h"

namespace heddle {
namespace {

constexpr std::int64_t tile_elements = 1 << 13;

/// (0, 1], so that its logarithm is finite.
double unit_above_zero(std::uint32_t word) { return (static_cast<double>(word) + 1.0) * 0x1.0p-32; }

double normal_of(std::uint32_t radius_word, std::uint32_t angle_word) {
  const double radius = std::sqrt(-2.0 * std::log(unit_above_zero(radius_word)));
  const double angle = 2.0 * std::numbers::pi * (static_cast<double>(angle_word) * 0x1.0p-32);
  return radius * std::cos(angle);
}

/// Words of a stream read in order; a block of four is computed once.
class WordReader {
 public:
  WordReader(const Generator::State& state, std::uint64_t first)
      : key_{static_cast<std::uint32_t>(state.seed), static_cast<std::uint32_t>(state.seed >> 32)},
        stream_{static_cast<std::uint32_t>(state.stream),
                static_cast<std::uint32_t>(state.stream >> 32)},
        next_(first) {}

  std::uint32_t next() {
    if (next_ % 4 == 0 || !started_) {
      const std::uint64_t block = next_ / 4;
      words_ = philox({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
                       stream_[0], stream_[1]},
                      key_);
      started_ = true;
    }
    return words_[next_++ % 4];
  }

 private:
  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 2> stream_;
  std::array<std::uint32_t, 4> words_{};
  std::uint64_t next_;
  bool started_ = false;
};

/// Element i is draw(reader) with the reader at word first + i·words_each.
template <typename Draw>
Tensor filled(const Shape& shape, DType dtype, Generator& generator, std::uint64_t words_each,
              const Draw& draw) {
  Tensor result = Tensor::empty(shape, dtype);
  const std::int64_t count = result.elements();
  const std::uint64_t first = generator.reserve(static_cast<std::uint64_t>(count) * words_each);
  const Generator::State state = generator.state();
  dispatch_any(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* const values = result.output_view().pointer<T>();
    parallel_ranges(count, tile_elements, [&](std::int64_t begin, std::int64_t end) {
      WordReader reader(state, first + static_cast<std::uint64_t>(begin) * words_each);
      for (std::int64_t i = begin; i < end; ++i) {
        if constexpr (std::is_same_v<T, bf16>) {
          values[i] = bf16(static_cast<float>(draw(reader)));
        } else {
          values[i] = static_cast<T>(draw(reader));
        }
      }
    });
  });
  return result;
}

}  // namespace

Generator Generator::named(std::string_view name) const {
  // FNV-1a over the name, mixed with this stream by the finaliser of SplitMix64.
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (const char letter : name) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001B3u;
  }
  hash += state_.stream * 0x9E3779B97F4A7C15u;
  hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9u;
  hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EBu;
  return Generator(state_.seed, hash ^ (hash >> 31));
}

std::uint64_t Generator::reserve(std::uint64_t words) {
  const std::uint64_t first = state_.next;
  state_.next += words;
  return first;
}

std::uint32_t Generator::word() { return random_word(state_.seed, state_.stream, state_.next++); }

float Generator::uniform() { return uniform_unit(word()); }

double Generator::normal() {
  const std::uint32_t radius_word = word();
  return normal_of(radius_word, word());
}

bool Generator::bernoulli(double probability) {
  return static_cast<double>(uniform()) < probability;
}

std::uint64_t Generator::below(std::uint64_t bound) {
  check(bound > 0, "below: got bound 0, expected 1 or more");
  // Numbers from `whole` on belong to an incomplete last run of 0 … bound − 1: draw again.
  if (bound <= 0xFFFFFFFFu) {
    const std::uint64_t range = std::uint64_t{1} << 32;
    const std::uint64_t whole = range - range % bound;
    std::uint64_t drawn = word();
    while (drawn >= whole) {
      drawn = word();
    }
    return drawn % bound;
  }
  const std::uint64_t excess = (0 - bound) % bound;  // 2^64 mod bound
  for (;;) {
    const std::uint64_t high = word();
    const std::uint64_t drawn = high << 32 | word();
    if (drawn <= ~excess) {
      return drawn % bound;
    }
  }
}

std::vector<std::int64_t> Generator::permutation(std::int64_t count) {
  check(count >= 0, "permutation: got ", count, ", expected 0 or more");
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  for (std::size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[below(i)]);
  }
  return order;
}

Tensor random_uniform(const Shape& shape, double low, double high, Generator& generator,
                      DType dtype) {
  check(is_floating(dtype), "random_uniform: got ", dtype, ", expected f32 or f64");
  return filled(shape, dtype, generator, 1, [=](WordReader& words) {
    return low + (high - low) * static_cast<double>(uniform_unit(words.next()));
  });
}

Tensor random_normal(const Shape& shape, double mean, double deviation, Generator& generator,
                     DType dtype) {
  check(is_floating(dtype), "random_normal: got ", dtype, ", expected f32 or f64");
  return filled(shape, dtype, generator, 2, [=](WordReader& words) {
    const std::uint32_t radius_word = words.next();
    return mean + deviation * normal_of(radius_word, words.next());
  });
}

Tensor random_bernoulli(const Shape& shape, double probability, Generator& generator, DType dtype) {
  check(probability >= 0.0 && probability <= 1.0, "random_bernoulli: got probability ", probability,
        ", expected 0 to 1");
  return filled(shape, dtype, generator, 1, [=](WordReader& words) {
    return static_cast<double>(uniform_unit(words.next())) < probability;
  });
}

}  // namespace heddle
