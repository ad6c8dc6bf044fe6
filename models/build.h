#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/random.h"
#include "models/config.h"
#include "models/model.h"

namespace heddle {

/// The model `config` describes, for these inputs, with parameters drawn from named streams of
/// `generator` (which does not move). `classes` 0: no logits; `with_score`: also (or only) predicts
/// one number. "joint_embedding" has neither.
/// Errors (InputError): an unknown model name, an option out of range, an input the model cannot
/// take.
std::unique_ptr<Model> build_model(const ModelConfig& config, const std::vector<InputSpec>& inputs,
                                   std::int64_t classes, bool with_score,
                                   const Generator& generator);

}  // namespace heddle
