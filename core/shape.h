#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>

namespace heddle {

/// Up to eight signed 64-bit numbers, one per dimension, held in place (never on the heap).
class Dims {
 public:
  static constexpr int max_rank = 8;

  Dims() = default;
  /// Errors: more than `max_rank` entries.
  Dims(std::initializer_list<std::int64_t> entries);
  explicit Dims(std::span<const std::int64_t> entries);
  /// `rank` entries, all equal to `value`.
  static Dims filled(int rank, std::int64_t value);

  int rank() const { return rank_; }
  bool empty() const { return rank_ == 0; }

  /// Entry `dim`; unchecked, 0 ≤ dim < rank().
  std::int64_t operator[](int dim) const { return entries_[static_cast<std::size_t>(dim)]; }
  std::int64_t& operator[](int dim) { return entries_[static_cast<std::size_t>(dim)]; }
  /// Entry `dim`, counted from the end where negative. Errors: out of range.
  std::int64_t at(int dim) const;
  std::int64_t back() const { return at(-1); }

  const std::int64_t* begin() const { return entries_.data(); }
  const std::int64_t* end() const { return entries_.data() + rank_; }

  void push_back(std::int64_t entry);
  /// A copy with `entry` put before position `dim` (0 ≤ dim ≤ rank()).
  Dims inserted(int dim, std::int64_t entry) const;
  /// A copy without position `dim`.
  Dims erased(int dim) const;
  /// A copy with position `dim` replaced.
  Dims replaced(int dim, std::int64_t entry) const;

  bool operator==(const Dims& other) const;

 private:
  std::array<std::int64_t, max_rank> entries_{};
  int rank_ = 0;
};

/// Sizes of the dimensions, slowest first. Every size is ≥ 0; rank 0 is one single value.
using Shape = Dims;
/// Distance in elements (not bytes) between neighbours along each dimension; 0 repeats one element.
using Strides = Dims;

std::ostream& operator<<(std::ostream& out, const Dims& dims);  // "[2, 3]"
std::string to_string(const Dims& dims);

/// Number of elements. Errors: a negative size, or a product above 2^48.
std::int64_t element_count(const Shape& shape);
/// Row-major strides.
Strides contiguous_strides(const Shape& shape);
/// `dim` counted from the end where negative, as an index in [0, rank). Errors name `what`.
int normalized_dim(int dim, int rank, const char* what);
/// The shape both broadcast to (NumPy's rule: align at the end, 1 stretches). Errors name `what`.
Shape broadcast_shapes(const Shape& left, const Shape& right, const char* what);

/// a·b and a+b of non-negative sizes. Errors: overflow of 64 signed bits; the message names `what`.
std::int64_t checked_multiply(std::int64_t left, std::int64_t right, const char* what);
std::int64_t checked_add(std::int64_t left, std::int64_t right, const char* what);

}  // namespace heddle
