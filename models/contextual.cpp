#include "models/contextual.h"

#include <cstddef>
#include <utility>

#include "autograd/ops.h"
#include "core/error.h"
#include "models/modality_input.h"

namespace heddle {
namespace {

std::int64_t classifier_width(const ModelConfig& config) {
  return config.contextual.dense > 0 ? config.contextual.dense : 2 * config.hidden;
}

}  // namespace

ContextualSentiment::ContextualSentiment(const ModelConfig& config, std::vector<InputSpec> inputs,
                                         std::int64_t classes, bool with_score,
                                         const Generator& generator)
    : inputs_(std::move(inputs)),
      dtype_(config.dtype),
      input_dropout_(config.contextual.input_dropout, generator.named("input_dropout")),
      dropout_(config.contextual.dropout, generator.named("dropout")),
      dense_dropout_(config.contextual.dense_dropout, generator.named("dense_dropout")),
      classifier_(classifier_width(config), classes, with_score, generator.named("classifier"),
                  config.dtype) {
  check<InputError>(!inputs_.empty(), "contextual: the model has no inputs; expected at least one");
  const ContextualConfig& options = config.contextual;
  std::int64_t total = 0;
  for (const InputSpec& spec : inputs_) {
    check<InputError>(spec.kind == InputSpec::Kind::features && spec.shape.rank() == 1,
                      "contextual: input \"", spec.name,
                      "\" is not of kind features [F]; choose inputs that are");
    Modality modality;
    std::int64_t width = spec.shape[0];
    if (options.projection > 0) {
      modality.projection.emplace(width, options.projection,
                                  generator.named(spec.name).named("projection"),
                                  LinearOptions{.dtype = dtype_});
      width = options.projection;
    }
    if (config.missing_vectors) {
      modality.missing = Variable(Tensor::zeros({width}, dtype_), true);
    }
    total += width;
    modalities_.push_back(std::move(modality));
  }
  lstm_.emplace(total, config.hidden, generator.named("lstm"),
                LstmOptions{.layers = options.layers,
                            .bidirectional = true,
                            .dropout = options.dropout,
                            .dtype = dtype_});
  if (options.dense > 0) {
    dense_.emplace(2 * config.hidden, options.dense, generator.named("dense"),
                   LinearOptions{.dtype = dtype_});
  }
}

ModelOutput ContextualSentiment::forward(const CleanBatch& batch) {
  Variables parts;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const CleanInput& input = batch.inputs[i];
    Modality& modality = modalities_[i];
    Variable part = input_dropout_(Variable(input.values));
    if (modality.projection.has_value()) {
      part = (*modality.projection)(part);
    }
    parts.push_back(replace_missing(part, input.present, modality.missing));
  }
  Variable states = dropout_((*lstm_)(concat(parts, 2), batch.group_lengths).y);
  if (dense_.has_value()) {
    states = dense_dropout_((*dense_)(states));
  }
  return classifier_(states);
}

void ContextualSentiment::Modality::visit(Visitor& visitor) {
  if (projection.has_value()) {
    visitor.layer("projection", *projection);
  }
  visitor.parameter("missing", missing);
}

void ContextualSentiment::visit(Visitor& visitor) {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    visitor.layer(inputs_[i].name, modalities_[i]);
  }
  visitor.layer("input_dropout", input_dropout_);
  visitor.layer("lstm", *lstm_);
  visitor.layer("dropout", dropout_);
  if (dense_.has_value()) {
    visitor.layer("dense", *dense_);
  }
  visitor.layer("dense_dropout", dense_dropout_);
  visitor.layer("classifier", classifier_);
}

}  // namespace heddle
