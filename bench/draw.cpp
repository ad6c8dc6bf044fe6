#include "bench/draw.h"

#include "core/random.h"

namespace heddle::bench {

Tensor drawn(const Shape& shape, std::uint64_t seed, double scale) {
  Generator generator(seed);
  return random_uniform(shape, -scale, scale, generator);
}

Tensor drawn_ids(const Shape& shape, std::int64_t bound, std::uint64_t seed) {
  Generator generator(seed);
  Tensor ids = Tensor::empty(shape, DType::i64);
  auto* const values = ids.mutable_data<std::int64_t>();
  for (std::int64_t i = 0; i < ids.elements(); ++i) {
    values[i] = static_cast<std::int64_t>(generator.below(static_cast<std::uint64_t>(bound)));
  }
  return ids;
}

}  // namespace heddle::bench
