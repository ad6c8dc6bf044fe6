#pragma once

#include <cstdint>
#include <variant>

#include "models/config.h"
#include "models/encoded_steps.h"
#include "models/image_encoder.h"
#include "models/model.h"
#include "models/resnet.h"
#include "models/vision_transformer.h"

namespace heddle {

/// What a picture encoder sees before anything is pooled: one state per region, row after row, as
/// steps. The summary is the mean over the regions.
struct PictureRegions {
  /// Errors (InputError): kind "linear", which sees no regions; a picture that does not fit.
  PictureRegions(const InputSpec& spec, const ModelConfig& config, const Generator& generator);

  /// pictures [B, channels, rows, cols] → states [R, B, width].
  EncodedSteps operator()(const Tensor& pictures);
  void visit(Visitor& visitor);
  std::int64_t width() const;

  std::variant<CnnMap, ResNet, VisionTransformer> encoder;
};

/// One vector per picture out of its regions: linear(dropout(mean over the regions)).
struct PictureEncoder {
  PictureEncoder(const InputSpec& spec, const ModelConfig& config, const Generator& generator);

  /// pictures [B, channels, rows, cols] → [B, hidden].
  Variable operator()(const Tensor& pictures);
  void visit(Visitor& visitor);
  std::int64_t width() const { return linear.weight.size(0); }

  PictureRegions regions;
  Dropout dropout;
  Linear linear;
};

}  // namespace heddle
