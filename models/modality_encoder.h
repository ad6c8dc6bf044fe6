#pragma once

#include <cstdint>
#include <variant>

#include "models/config.h"
#include "models/image_encoder.h"
#include "models/modality_input.h"
#include "models/picture_regions.h"
#include "models/step_encoder.h"
#include "models/step_pool.h"

namespace heddle {

/// Any input → one vector per sample [B, width], with the missing vector for samples that lack it.
struct ModalityEncoder {
  /// Steps read by an encoder, then pooled.
  struct Pooled {
    StepEncoder encoder;
    StepPool pool;

    Variable operator()(const CleanInput& input) { return pool(encoder(input)); }
    void visit(Visitor& visitor);
    std::int64_t width() const { return pool.width(); }
  };

  /// `pool` is for inputs with steps.
  ModalityEncoder(const InputSpec& spec, const ModelConfig& config, SequencePool pool,
                  const Generator& generator);

  Variable operator()(const CleanInput& input);
  void visit(Visitor& visitor);
  std::int64_t width() const;

  std::variant<LinearEncoder, CnnEncoder, PictureEncoder, Pooled> encoder;
  Variable missing;  // [width], or undefined: zeros
};

/// The pooling `config` asks for inputs of this kind; a TextCNN always takes its maximum over time.
SequencePool pool_of(const InputSpec& spec, const ModelConfig& config);

}  // namespace heddle
