#pragma once

#include <cstdint>

#include "layers/linear.h"
#include "models/config.h"
#include "models/transformer_encoder.h"

namespace heddle {

/// Dosovitskiy et al., ICLR 2021 (arXiv 2010.11929), at a small size: a picture cut into square
/// patches, each projected by one linear layer, learned positions, pre-norm Transformer blocks and
/// a last norm:
///   x_r = W [pixels of patch r] + b + position_r,  states = TransformerEncoder(x)
/// There is no class token: the summary is the mean over the patches, which does at least as well
/// for small models (Beyer et al., arXiv 2205.01580), and every state is a region of the picture.
struct VisionTransformer {
  /// `picture` is [channels, rows, cols]. Errors (InputError): sides that are no multiple of the
  /// patch's.
  VisionTransformer(const Shape& picture, std::int64_t width, const ImageEncoderConfig& config,
                    const Generator& generator, DType dtype);

  /// pictures [B, channels, rows, cols] → states [patches, B, width], row after row.
  EncodedSteps operator()(const Tensor& pictures);
  void visit(Visitor& visitor);
  std::int64_t width() const { return encoder.width(); }

  std::int64_t patch;
  Linear patches;  // of [channels · patch · patch] pixels
  TransformerEncoder encoder;
};

}  // namespace heddle
