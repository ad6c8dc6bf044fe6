#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "models/config.h"
#include "models/encoded_steps.h"
#include "models/image_encoder.h"
#include "models/model.h"
#include "models/resnet.h"
#include "models/step_pool.h"
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

/// One vector per picture out of its regions x_r:
///   attention: u_r = tanh(W dropout(x)_r + b), Σ_r softmax_r(w · u_r) u_r
///   final:     W dropout(mean_r x_r) + b
struct PictureEncoder {
  PictureEncoder(const InputSpec& spec, const ModelConfig& config, const Generator& generator);

  /// pictures [B, channels, rows, cols] → [B, hidden].
  Variable operator()(const Tensor& pictures);
  void visit(Visitor& visitor);
  std::int64_t width() const { return out_width; }

  std::int64_t out_width;
  PictureRegions regions;
  Dropout dropout;
  std::optional<StepPool> pool;  // attention
  std::optional<Linear> linear;  // final
};

}  // namespace heddle
