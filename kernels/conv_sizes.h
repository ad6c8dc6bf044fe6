#pragma once

#include <cstdint>

#include "kernels/conv.h"

namespace heddle {

/// Sizes of one convolution.
struct ConvSizes {
  std::int64_t batch, channels, rows, cols;
  std::int64_t filters, kernel_rows, kernel_cols;
  std::int64_t out_rows, out_cols;
  ConvOptions options;

  /// Elements of one picture, of one result, of one filter; pixels of one result.
  std::int64_t picture() const { return channels * rows * cols; }
  std::int64_t result() const { return filters * pixels(); }
  std::int64_t taps() const { return channels * kernel_rows * kernel_cols; }
  std::int64_t pixels() const { return out_rows * out_cols; }
  std::int64_t padded_rows() const { return rows + 2 * options.padding_rows; }
  std::int64_t padded_cols() const { return cols + 2 * options.padding_cols; }
  std::int64_t padded() const { return channels * padded_rows() * padded_cols(); }
};

/// Errors: shapes that do not fit together, or options without meaning.
ConvSizes conv_sizes(const ConvOptions& options, const ConstView& x, const ConstView& weight,
                     const ConstView& y);

}  // namespace heddle
