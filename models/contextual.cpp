#include "models/contextual.h"

#include <cstddef>
#include <utility>

#include "autograd/ops.h"
#include "core/error.h"
#include "models/modality_input.h"

namespace heddle {
ContextualSentiment::ContextualSentiment(const ModelConfig& config, std::vector<InputSpec> inputs,
                                         std::int64_t classes, bool with_score,
                                         const Generator& generator)
    : inputs_(std::move(inputs)),
      missing_vectors_(config.missing_vectors),
      dtype_(config.dtype),
      input_dropout_(config.contextual.input_dropout, generator.named("input_dropout")),
      dropout_(config.contextual.dropout, generator.named("dropout")),
      dense_dropout_(config.contextual.dense_dropout, generator.named("dense_dropout")) {
  check<InputError>(!inputs_.empty(), "contextual: the model has no inputs; expected at least one");
  const ContextualConfig& options = config.contextual;
  std::int64_t total = 0;
  std::vector<std::int64_t> widths;
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
    widths.push_back(width);
    modalities_.push_back(std::move(modality));
  }
  std::int64_t state_width = 2 * config.hidden;
  if (options.fusion.has_value()) {
    fusion_.emplace(config, inputs_, widths, classes, with_score, generator.named("fusion"));
    if (fusion_->late.has_value()) {
      return;
    }
    state_width = fusion_->width();
  } else {
    lstm_.emplace(total, config.hidden, generator.named("lstm"),
                  LstmOptions{.layers = options.layers,
                              .bidirectional = true,
                              .dropout = options.dropout,
                              .dtype = dtype_});
  }
  if (options.dense > 0) {
    dense_.emplace(state_width, options.dense, generator.named("dense"),
                   LinearOptions{.dtype = dtype_});
  }
  classifier_.emplace(options.dense > 0 ? options.dense : state_width, classes, with_score,
                      generator.named("classifier"), config.dtype);
}

std::vector<Tensor> ContextualSentiment::presence(const CleanBatch& batch) const {
  std::vector<Tensor> present;
  for (const CleanInput& input : batch.inputs) {
    present.push_back(missing_vectors_ ? Tensor() : input.present);
  }
  return present;
}

Variable ContextualSentiment::states(const Variables& parts, const CleanBatch& batch) {
  return fusion_.has_value() ? (*fusion_)(parts, presence(batch), batch.group_lengths)
                             : dropout_((*lstm_)(concat(parts, 2), batch.group_lengths).y);
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
  if (fusion_.has_value() && fusion_->late.has_value()) {
    return fusion_->predictions(parts, presence(batch), batch.group_lengths);
  }
  Variable result = states(parts, batch);
  if (dense_.has_value()) {
    result = dense_dropout_((*dense_)(result));
  }
  return (*classifier_)(result);
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
  if (lstm_.has_value()) {
    visitor.layer("lstm", *lstm_);
  } else {
    visitor.layer("fusion", *fusion_);
  }
  visitor.layer("dropout", dropout_);
  if (dense_.has_value()) {
    visitor.layer("dense", *dense_);
  }
  visitor.layer("dense_dropout", dense_dropout_);
  if (classifier_.has_value()) {
    visitor.layer("classifier", *classifier_);
  }
}

}  // namespace heddle
