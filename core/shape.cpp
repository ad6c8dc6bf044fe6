#include "core/shape.h"

#include <algorithm>
#include <ostream>

#include "core/error.h"

namespace heddle {
namespace {

constexpr std::int64_t most_elements = std::int64_t{1} << 48;

}  // namespace

Dims::Dims(std::initializer_list<std::int64_t> entries)
    : Dims(std::span<const std::int64_t>(entries.begin(), entries.size())) {}

Dims::Dims(std::span<const std::int64_t> entries) {
  check(entries.size() <= static_cast<std::size_t>(max_rank), "shape: got ", entries.size(),
        " dimensions, expected at most ", max_rank);
  std::copy(entries.begin(), entries.end(), entries_.begin());
  rank_ = static_cast<int>(entries.size());
}

Dims Dims::filled(int rank, std::int64_t value) {
  check(rank >= 0 && rank <= max_rank, "shape: got rank ", rank, ", expected 0 to ", max_rank);
  Dims result;
  result.rank_ = rank;
  std::fill_n(result.entries_.begin(), rank, value);
  return result;
}

std::int64_t Dims::at(int dim) const { return (*this)[normalized_dim(dim, rank_, "shape")]; }

void Dims::push_back(std::int64_t entry) {
  check(rank_ < max_rank, "shape: ", *this, " has ", max_rank,
        " dimensions, the most there can be");
  (*this)[rank_++] = entry;
}

Dims Dims::inserted(int dim, std::int64_t entry) const {
  check(dim >= 0 && dim <= rank_, "shape: got position ", dim, " in ", *this, ", expected 0 to ",
        rank_);
  Dims result = *this;
  result.push_back(entry);
  for (int d = rank_; d > dim; --d) {
    result[d] = result[d - 1];
  }
  result[dim] = entry;
  return result;
}

Dims Dims::erased(int dim) const {
  check(dim >= 0 && dim < rank_, "shape: got position ", dim, " in ", *this,
        ", expected one of its ", rank_, " dimensions");
  Dims result = *this;
  for (int d = dim; d + 1 < rank_; ++d) {
    result[d] = result[d + 1];
  }
  --result.rank_;
  return result;
}

Dims Dims::replaced(int dim, std::int64_t entry) const {
  check(dim >= 0 && dim < rank_, "shape: got position ", dim, " in ", *this,
        ", expected one of its ", rank_, " dimensions");
  Dims result = *this;
  result[dim] = entry;
  return result;
}

bool Dims::operator==(const Dims& other) const {
  return std::equal(begin(), end(), other.begin(), other.end());
}

std::ostream& operator<<(std::ostream& out, const Dims& dims) {
  out << '[';
  for (int d = 0; d < dims.rank(); ++d) {
    out << (d > 0 ? ", " : "") << dims[d];
  }
  return out << ']';
}

std::string to_string(const Dims& dims) { return concat(dims); }

std::int64_t element_count(const Shape& shape) {
  std::int64_t product = 1;
  bool has_zero = false;
  for (const std::int64_t size : shape) {
    check(size >= 0, "shape: ", shape, " has a negative size; expected every size ≥ 0");
    if (size == 0) {
      has_zero = true;
      continue;
    }
    // Sizes beside a zero are limited too, so that strides can be computed without overflow.
    check(!__builtin_mul_overflow(product, size, &product) && product <= most_elements,
          "shape: ", shape, " has more than 2^48 elements");
  }
  return has_zero ? 0 : product;
}

Strides contiguous_strides(const Shape& shape) {
  Strides strides = Strides::filled(shape.rank(), 1);
  for (int d = shape.rank() - 2; d >= 0; --d) {
    strides[d] = checked_multiply(strides[d + 1], std::max<std::int64_t>(shape[d + 1], 1), "shape");
  }
  return strides;
}

int normalized_dim(int dim, int rank, const char* what) {
  if (dim < -rank || dim >= rank) [[unlikely]] {
    check(rank > 0, what, ": got dimension ", dim, " of a tensor of rank 0; it has no dimensions");
    fail(what, ": got dimension ", dim, " of a tensor of rank ", rank, "; expected ", -rank, " to ",
         rank - 1);
  }
  return dim < 0 ? dim + rank : dim;
}

Shape broadcast_shapes(const Shape& left, const Shape& right, const char* what) {
  const int rank = std::max(left.rank(), right.rank());
  Shape result = Shape::filled(rank, 1);
  for (int back = 1; back <= rank; ++back) {
    const std::int64_t l = back <= left.rank() ? left.at(-back) : 1;
    const std::int64_t r = back <= right.rank() ? right.at(-back) : 1;
    check(l == r || l == 1 || r == 1, what, ": shapes ", left, " and ", right,
          " do not broadcast: counted from the end, dimension ", back, " is ", l, " and ", r,
          "; expected equal sizes or 1");
    result[rank - back] = l == 1 ? r : l;
  }
  return result;
}

std::int64_t checked_multiply(std::int64_t left, std::int64_t right, const char* what) {
  std::int64_t result = 0;
  check(!__builtin_mul_overflow(left, right, &result), what, ": ", left, " × ", right,
        " is more than 64 bits hold");
  return result;
}

std::int64_t checked_add(std::int64_t left, std::int64_t right, const char* what) {
  std::int64_t result = 0;
  check(!__builtin_add_overflow(left, right, &result), what, ": ", left, " + ", right,
        " is more than 64 bits hold");
  return result;
}

}  // namespace heddle
