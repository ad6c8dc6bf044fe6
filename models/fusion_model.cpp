#include "models/fusion_model.h"

#include <utility>

#include "autograd/ops.h"
#include "core/error.h"

namespace heddle {
FusionModel::FusionModel(const ModelConfig& config, std::vector<InputSpec> inputs,
                         std::int64_t classes, bool with_score, const Generator& generator)
    : inputs_(std::move(inputs)),
      width_(config.hidden),
      missing_vectors_(config.missing_vectors),
      modalities_(inputs_.size()),
      dropout_(config.dropout, generator.named("dropout")) {
  check<InputError>(!inputs_.empty(), "fusion: the model has no inputs; expected at least one");
  FusionSpec spec{.names = {}, .width = config.hidden, .each_step = false, .dtype = config.dtype};
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const InputSpec& input = inputs_[i];
    check<InputError>(config.fusion.kind != FusionKind::memory || has_steps(input, config),
                      "memory fusion: input \"", input.name,
                      "\" has no steps; expected words, frames or the regions of pictures, aligned "
                      "(choose them by data.modalities)");
    spec.names.push_back(input.name);
    const Generator stream = generator.named(input.name);
    Modality& modality = modalities_[i];
    std::int64_t width = 0;
    if (reads_steps(config.fusion) && has_steps(input, config)) {
      modality.steps.emplace(input, config, stream);
      width = modality.steps->width();
      if (config.missing_vectors) {
        modality.missing_step = Variable(Tensor::zeros({width}, config.dtype), true);
      }
    } else {
      modality.vector.emplace(input, config, pool_of(input, config), stream);
      width = modality.vector->width();
    }
    if (width != config.hidden) {
      modality.projection.emplace(width, config.hidden, stream.named("projection"),
                                  LinearOptions{.dtype = config.dtype});
    }
  }
  if (config.fusion.kind == FusionKind::late) {
    late_.emplace(spec, config.fusion, classes, with_score, generator.named("fusion"));
    return;
  }
  fusion_.emplace(spec, config.fusion, generator.named("fusion"));
  classifier_.emplace(config.hidden, classes, with_score, generator.named("classifier"),
                      config.dtype);
}

FusionInput FusionModel::Modality::encode(const CleanInput& input, bool stands_in) {
  FusionInput result;
  if (!stands_in) {
    result.present = input.present;
  }
  if (vector.has_value()) {
    result.vector = (*vector)(input);
    if (projection.has_value()) {
      result.vector = (*projection)(result.vector);
    }
    return result;
  }
  const EncodedSteps encoded = (*steps)(input);
  result.lengths = encoded.lengths;
  result.steps = replace_missing(encoded.states, input.present, missing_step);
  if (projection.has_value()) {
    result.steps = (*projection)(result.steps);
  }
  return result;
}

std::vector<std::int64_t> FusionModel::encoded_widths() const {
  return late_.has_value() ? std::vector<std::int64_t>{}
                           : std::vector<std::int64_t>(inputs_.size(), width_);
}

ModelOutput FusionModel::forward(const CleanBatch& batch) {
  FusionInputs encoded;
  for (std::size_t i = 0; i < modalities_.size(); ++i) {
    encoded.push_back(modalities_[i].encode(batch.inputs[i], missing_vectors_));
  }
  if (late_.has_value()) {
    for (FusionInput& input : encoded) {
      input.vector = dropout_(input.vector);
    }
    return (*late_)(encoded);
  }
  const Fused fused = (*fusion_)(encoded);
  ModelOutput output = (*classifier_)(dropout_(fused.values));
  output.modality_weights = fused.modality_weights;
  for (std::size_t i = 0; gives_encoded && i < encoded.size(); ++i) {
    const FusionInput& input = encoded[i];
    output.encoded.push_back(
        {input.vector.defined() ? input.vector : mean_of_steps({input.steps, input.lengths, {}}),
         batch.inputs[i].present});
  }
  return output;
}

void FusionModel::Modality::visit(Visitor& visitor) {
  if (steps.has_value()) {
    steps->visit(visitor);
    visitor.parameter("missing", missing_step);
  } else {
    vector->visit(visitor);
  }
  if (projection.has_value()) {
    visitor.layer("projection", *projection);
  }
}

void FusionModel::visit(Visitor& visitor) {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    visitor.layer(inputs_[i].name, modalities_[i]);
  }
  if (late_.has_value()) {
    visitor.layer("fusion", *late_);
  } else {
    visitor.layer("fusion", *fusion_);
  }
  visitor.layer("dropout", dropout_);
  if (classifier_.has_value()) {
    visitor.layer("classifier", *classifier_);
  }
}

}  // namespace heddle
