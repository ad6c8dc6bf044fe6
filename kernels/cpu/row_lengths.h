#pragma once

#include <cstdint>

#include "core/view.h"

namespace heddle::cpu {

/// How many entries of each row count: all of them where `lengths` is not given.
class RowLengths {
 public:
  /// Errors: not i64 [rows], or a length outside 0 … most.
  RowLengths(const char* kernel, const ConstView& lengths, std::int64_t rows, std::int64_t most);

  std::int64_t operator[](std::int64_t row) const {
    return data_ == nullptr ? most_ : data_[row * stride_];
  }

 private:
  const std::int64_t* data_ = nullptr;
  std::int64_t stride_ = 0;
  std::int64_t most_;
};

}  // namespace heddle::cpu
