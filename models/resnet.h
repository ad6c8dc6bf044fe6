#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "layers/conv2d.h"
#include "layers/group_norm.h"
#include "models/config.h"

namespace heddle {

/// He et al., CVPR 2016 (arXiv 1512.03385), Fig. 5 left and §3.3:
///   y = relu(norm(W₂ ∗ relu(norm(W₁ ∗ x))) + shortcut(x))
/// with 3×3 convolutions without bias, the first of this stride; the shortcut is x, or
/// norm(W ∗ x) with a 1×1 convolution of this stride where sizes differ.
struct ResidualBlock {
  ResidualBlock(std::int64_t channels, std::int64_t filters, std::int64_t stride,
                std::int64_t groups, const Generator& generator, DType dtype);

  /// x [B, channels, rows, cols] → [B, filters, ⌈rows/stride⌉, ⌈cols/stride⌉].
  Variable operator()(const Variable& x) const;
  void visit(Visitor& visitor);

  Conv2d first;
  GroupNorm first_norm;
  Conv2d second;
  GroupNorm second_norm;
  std::optional<Conv2d> shortcut;
  std::optional<GroupNorm> shortcut_norm;
};

/// A small residual network for small pictures (He et al., §4.2): relu(norm(3×3 convolution)), then
/// stages of blocks; every stage but the first begins by halving the sides. The norm is group norm
/// (Wu & He, arXiv 1803.08494) and not batch norm: it computes the same in training and prediction,
/// keeps no running statistics, works for any batch, and does not mix samples, so that one that is
/// absent or masked can have no effect on others.
struct ResNet {
  ResNet(std::int64_t picture_channels, const ImageEncoderConfig& config,
         const Generator& generator, DType dtype);

  /// pictures [B, picture_channels, rows, cols] → map [B, width, rows′, cols′].
  Variable operator()(const Tensor& pictures) const;
  void visit(Visitor& visitor);
  std::int64_t width() const { return blocks.back().second.weight.size(0); }

  Conv2d stem;
  GroupNorm stem_norm;
  std::vector<ResidualBlock> blocks;  // of all stages, in order
};

}  // namespace heddle
