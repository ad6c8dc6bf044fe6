#include <algorithm>
#include <optional>

#include "core/tensor.h"

namespace heddle {
namespace {

/// Replaces the one −1 in `wanted` by the size that makes the element counts agree.
Shape resolved(const Shape& wanted, const Shape& present) {
  const std::int64_t count = element_count(present);
  int open = -1;
  Shape rest = wanted;
  for (int d = 0; d < wanted.rank(); ++d) {
    if (wanted[d] == -1) {
      check(open < 0, "reshape: ", wanted, " has more than one -1");
      open = d;
      rest[d] = 1;
    }
  }
  const std::int64_t known = element_count(rest);
  if (open >= 0) {
    check(known != 0, "reshape: the -1 in ", wanted, " could be any size; say which");
    check(count % known == 0, "reshape: ", present, " has ", count, " elements, which ", wanted,
          " does not divide into");
    rest[open] = count / known;
    return rest;
  }
  check(known == count, "reshape: ", present, " has ", count, " elements but ", wanted, " has ",
        known);
  return rest;
}

/// Strides that show the elements of (shape, strides) in row-major order as `wanted`, if there are
/// any. Runs of old dimensions that are dense among themselves are matched with runs of new ones.
std::optional<Strides> strides_for(const Shape& shape, const Strides& strides,
                                   const Shape& wanted) {
  if (element_count(shape) == 0) {
    return contiguous_strides(wanted);
  }
  Strides result = Strides::filled(wanted.rank(), 1);
  int next = wanted.rank() - 1;
  std::int64_t run = 1;   // elements of the run so far
  std::int64_t base = 1;  // stride of its last element
  std::int64_t filled = 1;
  for (int d = shape.rank() - 1; d >= 0; --d) {
    if (shape[d] == 1) {
      continue;
    }
    if (run == 1) {
      base = strides[d];
    }
    run *= shape[d];
    int before = d - 1;
    while (before >= 0 && shape[before] == 1) {
      --before;
    }
    if (before >= 0 && strides[before] == run * base) {
      continue;
    }
    while (next >= 0 && (filled < run || wanted[next] == 1)) {
      result[next] = filled * base;
      filled *= wanted[next];
      --next;
    }
    if (filled != run) {
      return std::nullopt;
    }
    run = 1;
    filled = 1;
  }
  return result;
}

/// begin or end of a slice, counted from the front.
std::int64_t slice_bound(std::int64_t bound, std::int64_t size, const char* which, int dim) {
  check(bound >= -size && bound <= size, "slice: ", which, " is ", bound, " in dimension ", dim,
        " of size ", size, "; expected ", -size, " to ", size);
  return bound < 0 ? bound + size : bound;
}

}  // namespace

Tensor Tensor::reshape(const Shape& shape) const {
  check(defined(), "reshape: the tensor is undefined");
  const Shape wanted = resolved(shape, shape_);
  const std::optional<Strides> strides = strides_for(shape_, strides_, wanted);
  Tensor result = strides.has_value() ? *this : clone();
  result.shape_ = wanted;
  result.strides_ = strides.value_or(contiguous_strides(wanted));
  return result;
}

Tensor Tensor::transpose(int left, int right) const {
  left = normalized_dim(left, rank(), "transpose");
  right = normalized_dim(right, rank(), "transpose");
  Tensor result = *this;
  std::swap(result.shape_[left], result.shape_[right]);
  std::swap(result.strides_[left], result.strides_[right]);
  return result;
}

Tensor Tensor::permute(const Dims& order) const {
  check(order.rank() == rank(), "permute: order ", order, " has ", order.rank(),
        " entries but the tensor is ", shape_);
  Tensor result = *this;
  unsigned seen = 0;
  for (int d = 0; d < rank(); ++d) {
    check(order[d] >= -rank() && order[d] < rank(), "permute: got dimension ", order[d], " in ",
          order, " for shape ", shape_);
    const int from = normalized_dim(static_cast<int>(order[d]), rank(), "permute");
    check((seen >> from & 1u) == 0, "permute: order ", order, " names dimension ", from, " twice");
    seen |= 1u << from;
    result.shape_[d] = shape_[from];
    result.strides_[d] = strides_[from];
  }
  return result;
}

Tensor Tensor::slice(int dim, std::int64_t begin, std::int64_t limit, std::int64_t step) const {
  dim = normalized_dim(dim, rank(), "slice");
  check(step >= 1, "slice: got step ", step, ", expected 1 or more");
  const std::int64_t size = shape_[dim];
  const std::int64_t first = slice_bound(begin, size, "begin", dim);
  const std::int64_t past = limit == Tensor::end ? size : slice_bound(limit, size, "end", dim);
  Tensor result = *this;
  if (past <= first) {
    result.shape_[dim] = 0;
    return result;
  }
  result.shape_[dim] = (past - first - 1) / step + 1;
  result.offset_ += first * strides_[dim];
  if (result.shape_[dim] > 1) {
    result.strides_[dim] *= step;
  }
  return result;
}

Tensor Tensor::select(int dim, std::int64_t index) const {
  dim = normalized_dim(dim, rank(), "select");
  const std::int64_t size = shape_[dim];
  check(index >= -size && index < size, "select: got index ", index, " in dimension ", dim,
        " of shape ", shape_);
  Tensor result = *this;
  result.offset_ += (index < 0 ? index + size : index) * strides_[dim];
  result.shape_ = shape_.erased(dim);
  result.strides_ = strides_.erased(dim);
  return result;
}

Tensor Tensor::expand(const Shape& shape) const {
  element_count(shape);
  check(shape.rank() >= rank(), "expand: ", shape_, " cannot become ", shape,
        ", which has fewer dimensions");
  Tensor result = *this;
  result.shape_ = shape;
  result.strides_ = Strides::filled(shape.rank(), 0);
  const int added = shape.rank() - rank();
  for (int d = 0; d < rank(); ++d) {
    check(shape_[d] == shape[added + d] || shape_[d] == 1, "expand: ", shape_, " cannot become ",
          shape, ": size ", shape_[d], " is neither 1 nor ", shape[added + d]);
    result.strides_[added + d] = shape_[d] == shape[added + d] ? strides_[d] : 0;
  }
  return result;
}

Tensor Tensor::unsqueeze(int dim) const {
  dim = normalized_dim(dim, rank() + 1, "unsqueeze");
  Tensor result = *this;
  const std::int64_t stride = dim < rank() ? shape_[dim] * strides_[dim] : 1;
  result.shape_ = shape_.inserted(dim, 1);
  result.strides_ = strides_.inserted(dim, stride);
  return result;
}

Tensor Tensor::squeeze(int dim) const {
  dim = normalized_dim(dim, rank(), "squeeze");
  check(shape_[dim] == 1, "squeeze: dimension ", dim, " of ", shape_, " has size ", shape_[dim],
        ", expected 1");
  Tensor result = *this;
  result.shape_ = shape_.erased(dim);
  result.strides_ = strides_.erased(dim);
  return result;
}

}  // namespace heddle
