#pragma once

#include <array>
#include <cstdint>

#include "core/view.h"

namespace heddle {

/// The dimensions of a copy, put in the order in which the destination lies in memory, those of
/// size 1 left out and neighbours joined where both sides allow it. Rank at least 1.
struct CopyPlan {
  CopyPlan(const View& destination, const ConstView& source);

  std::int64_t elements() const;
  /// The destination is dense along the last dimension, the source along the one before.
  bool is_transpose() const;

  int rank = 0;
  std::array<std::int64_t, Dims::max_rank> shape{};
  std::array<std::int64_t, Dims::max_rank> to_strides{};
  std::array<std::int64_t, Dims::max_rank> from_strides{};

 private:
  void append(std::int64_t size, std::int64_t to_stride, std::int64_t from_stride);
};

/// A position in the first `dims` dimensions of a plan, as offsets on both sides.
class CopyPlace {
 public:
  /// The `index`-th position in row-major order.
  CopyPlace(const CopyPlan& plan, int dims, std::int64_t index);

  std::int64_t to() const { return to_; }
  std::int64_t from() const { return from_; }
  void advance();

 private:
  const CopyPlan& plan_;
  int dims_;
  std::array<std::int64_t, Dims::max_rank> position_{};
  std::int64_t to_ = 0;
  std::int64_t from_ = 0;
};

}  // namespace heddle
