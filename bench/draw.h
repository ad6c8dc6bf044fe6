#pragma once

#include <cstdint>

#include "core/tensor.h"

namespace heddle::bench {

/// Uniform in [−scale, scale], the same every time for the same seed.
Tensor drawn(const Shape& shape, std::uint64_t seed, double scale = 1.0);
/// Whole numbers from 0 to bound − 1, i64.
Tensor drawn_ids(const Shape& shape, std::int64_t bound, std::uint64_t seed);

}  // namespace heddle::bench
