#pragma once

#include <cstdint>

#include "autograd/operation.h"

namespace heddle {

// Operations that exist because they are the gradient of another one. Being operations themselves,
// they make that gradient differentiable, to any order.

/// Of `gelu`: its derivative Φ(x) + x φ(x).
Variable gelu_slope(const Variable& x, Where where = Where::current());

/// Of `absolute`: dy · sign x, with sign 0 = 0. (A composition, with no entry of its own on the
/// tape.)
Variable times_sign(const Variable& x, const Variable& dy);

/// Of `gather`: zeros of x's shape but for `size` along `dim`, to which every x is added at its
/// index. index has x's shape.
Variable scatter_add(const Variable& x, const Tensor& index, int dim, std::int64_t size,
                     Where where = Where::current());

/// Of `slice`: zeros of `shape`, with x at begin, begin + step, … of `dim`.
Variable place_slice(const Variable& x, const Shape& shape, int dim, std::int64_t begin,
                     std::int64_t step, Where where = Where::current());

/// Of `embedding`: a table of `rows` rows of zeros, to which x [.., width] is added at rows ids
/// [..].
Variable embedding_gradient(const Variable& x, const Tensor& ids, std::int64_t rows,
                            Where where = Where::current());

}  // namespace heddle
