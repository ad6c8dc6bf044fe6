#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/shape.h"
#include "kernels/pool.h"
#include "layers/conv2d.h"
#include "layers/dropout.h"
#include "layers/linear.h"
#include "models/config.h"

namespace heddle {

/// One linear layer over features, or over all pixels of a picture side by side: x [B, ..] →
/// [B, hidden]; with `inside` another one before it: W₂ relu(W₁ x + b₁) + b₂.
struct LinearEncoder {
  /// `inside`: what the first of two layers gives; 0: there is but one layer.
  LinearEncoder(std::int64_t features, std::int64_t inside, std::int64_t hidden, double dropout,
                const Generator& generator, DType dtype);

  Variable operator()(const Tensor& x);
  void visit(Visitor& visitor);
  std::int64_t width() const { return linear.weight.size(0); }

  Dropout dropout;
  std::optional<Linear> inside;
  Linear linear;
};

/// Stages of 3×3 convolution, 2×2 maximum (while the picture is at least 2 high and wide) and relu,
/// then an average down to at most 7×7.
struct CnnMap {
  CnnMap(std::int64_t picture_channels, const ImageEncoderConfig& config,
         const Generator& generator, DType dtype);

  /// x [B, picture_channels, rows, cols] → [B, width, rows′, cols′].
  Variable operator()(const Tensor& x) const;
  void visit(Visitor& visitor);
  std::int64_t width() const { return stages.back().weight.size(0); }

  /// Whether a stage takes the maximum of 2×2 windows of so large a picture.
  static bool halves(std::int64_t rows, std::int64_t cols) { return rows >= 2 && cols >= 2; }
  /// Windows that leave fewer than 8 rows and columns of what the stages make; 1 where there are
  /// fewer already.
  static PoolOptions averaging(std::int64_t rows, std::int64_t cols);

  std::vector<Conv2d> stages;
};

/// A small convolutional network over pixels: a CnnMap, one linear layer over all of it.
/// With the default channels 12, 24, 32 a 3×32×32 picture costs 2.9 million operations.
struct CnnEncoder {
  /// `picture` is [channels, rows, cols].
  CnnEncoder(const Shape& picture, std::int64_t hidden, const ImageEncoderConfig& config,
             const Generator& generator, DType dtype);

  /// x [B, channels, rows, cols] → [B, hidden].
  Variable operator()(const Tensor& x);
  void visit(Visitor& visitor);
  std::int64_t width() const { return linear.weight.size(0); }

  CnnMap map;
  Dropout dropout;
  Linear linear;
};

}  // namespace heddle
