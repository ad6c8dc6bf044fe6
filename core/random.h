#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/tensor.h"

namespace heddle {

/// Philox 4x32-10: ten rounds of a counter-based generator; the same counter and key give the same
/// four words on every machine and backend. Salmon et al., "Parallel random numbers: as easy as
/// 1, 2, 3", SC 2011.
constexpr std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                              std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t first = std::uint64_t{0xD2511F53u} * counter[0];
    const std::uint64_t second = std::uint64_t{0xCD9E8D57u} * counter[2];
    counter = {static_cast<std::uint32_t>(second >> 32) ^ counter[1] ^ key[0],
               static_cast<std::uint32_t>(second),
               static_cast<std::uint32_t>(first >> 32) ^ counter[3] ^ key[1],
               static_cast<std::uint32_t>(first)};
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
  return counter;
}

/// Word `index` of stream (seed, stream): any word of any stream at once, no state.
/// `uniform_unit` turns a word into [0, 1) with 24 bits, exact in f32.
constexpr std::uint32_t random_word(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
  const std::uint64_t block = index / 4;
  const auto words =
      philox({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
              static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)},
             {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
  return words[index % 4];
}
constexpr float uniform_unit(std::uint32_t word) {
  return static_cast<float>(word >> 8) * 0x1.0p-24f;
}

/// A place in a random stream that moves on with each draw. Small enough to copy; its three numbers
/// are its whole state, so that saving and restoring them continues the stream bit for bit.
class Generator {
 public:
  struct State {
    std::uint64_t seed = 0;
    std::uint64_t stream = 0;
    std::uint64_t next = 0;  // words drawn so far
    bool operator==(const State&) const = default;
  };

  explicit Generator(std::uint64_t seed, std::uint64_t stream = 0) : state_{seed, stream, 0} {}
  explicit Generator(State state) : state_(state) {}

  State state() const { return state_; }
  /// An independent stream of the same seed, chosen by a name; does not move this one.
  Generator named(std::string_view name) const;

  /// Takes `words` words off the stream and returns the index of the first (for kernels that draw
  /// by counter themselves).
  std::uint64_t reserve(std::uint64_t words);
  /// Goes to another place of this or another stream.
  void restore(const State& state) { state_ = state; }

  /// For work that is captured and replayed: from here on the kernels that draw are told how far
  /// after this place they draw, and that the place itself stands at `counter`, one number in
  /// memory of their device. Null: they are told the place, as at first.
  void count_from(const std::uint64_t* counter) {
    counter_ = counter;
    base_ = counter != nullptr ? state_.next : 0;
  }
  const std::uint64_t* counter() const { return counter_; }
  std::uint64_t base() const { return base_; }

  std::uint32_t word();
  float uniform();  // [0, 1)
  double normal();  // mean 0, deviation 1 (Box–Muller)
  bool bernoulli(double probability);
  /// 0 ≤ result < bound, without bias. Errors: bound is 0.
  std::uint64_t below(std::uint64_t bound);
  /// 0 … count − 1 in random order (Fisher–Yates).
  std::vector<std::int64_t> permutation(std::int64_t count);

 private:
  State state_;
  const std::uint64_t* counter_ = nullptr;
  std::uint64_t base_ = 0;
};

// Filled tensors (f32 or f64), element i from the i-th draw in row-major order. Drawn on the host.
Tensor random_uniform(const Shape& shape, double low, double high, Generator& generator,
                      DType dtype = DType::f32);
Tensor random_normal(const Shape& shape, double mean, double deviation, Generator& generator,
                     DType dtype = DType::f32);
/// 1 with the given probability, else 0.
Tensor random_bernoulli(const Shape& shape, double probability, Generator& generator,
                        DType dtype = DType::boolean);

}  // namespace heddle
