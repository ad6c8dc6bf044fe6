#include "models/contextual_fusion.h"

#include <cstddef>

#include "core/error.h"
#include "models/fusion/by_modality.h"

namespace heddle {
namespace {

Lstm utterance_lstm(std::int64_t in, const ModelConfig& config, const Generator& generator) {
  return Lstm(in, config.hidden, generator,
              {.layers = config.contextual.layers,
               .bidirectional = true,
               .dropout = config.contextual.dropout,
               .dtype = config.dtype});
}

}  // namespace

ContextualFusion::ContextualFusion(const ModelConfig& config, const std::vector<InputSpec>& inputs,
                                   const std::vector<std::int64_t>& widths, std::int64_t classes,
                                   bool with_score, const Generator& generator)
    : hidden(config.hidden),
      is_dense(config.contextual.fusion == FusionKind::late && config.contextual.dense > 0),
      dropout(config.contextual.dropout, generator.named("dropout")),
      dense_dropout(config.contextual.dense_dropout, generator.named("dense_dropout")) {
  check(config.contextual.fusion.has_value(), "ContextualFusion: no fusion is configured");
  FusionConfig options = config.fusion;
  options.kind = *config.contextual.fusion;
  const bool of_states = config.contextual.fuse == FusionPlace::states;
  const std::int64_t width = is_dense ? config.contextual.dense : hidden;
  for (std::size_t m = 0; m < inputs.size(); ++m) {
    names.push_back(inputs[m].name);
    const Generator stream = generator.named("modalities").named(inputs[m].name);
    modalities.push_back(
        {of_states ? std::optional(utterance_lstm(widths[m], config, stream.named("lstm")))
                   : std::nullopt,
         Linear(of_states ? 2 * hidden : widths[m], width, stream.named("projection"),
                {.dtype = config.dtype})});
  }
  const FusionSpec spec{.names = names, .width = width, .each_step = true, .dtype = config.dtype};
  if (options.kind == FusionKind::late) {
    late.emplace(spec, options, classes, with_score, generator.named("fusion"));
    return;
  }
  fusion.emplace(spec, options, generator.named("fusion"));
  if (!of_states) {
    lstm.emplace(utterance_lstm(hidden, config, generator.named("lstm")));
  }
}

FusionInputs ContextualFusion::projected(const Variables& features,
                                         const std::vector<Tensor>& present,
                                         const Tensor& lengths) {
  FusionInputs inputs;
  for (std::size_t m = 0; m < modalities.size(); ++m) {
    Modality& modality = modalities[m];
    Variable x = features[m];
    if (modality.lstm.has_value()) {
      x = dropout((*modality.lstm)(x, lengths).y);
    }
    inputs.push_back({.vector = {},
                      .steps = is_dense ? dense_dropout(modality.projection(x, Activation::tanh))
                                        : modality.projection(x),
                      .lengths = lengths,
                      .present = present[m]});
  }
  return inputs;
}

Variable ContextualFusion::operator()(const Variables& features, const std::vector<Tensor>& present,
                                      const Tensor& lengths) {
  const Variable fused = (*fusion)(projected(features, present, lengths)).values;
  return lstm.has_value() ? dropout((*lstm)(fused, lengths).y) : fused;
}

ModelOutput ContextualFusion::predictions(const Variables& features,
                                          const std::vector<Tensor>& present,
                                          const Tensor& lengths) {
  FusionInputs inputs = projected(features, present, lengths);
  for (FusionInput& input : inputs) {
    input.vector = input.steps;
  }
  return (*late)(inputs);
}

void ContextualFusion::Modality::visit(Visitor& visitor) {
  if (lstm.has_value()) {
    visitor.layer("lstm", *lstm);
  }
  visitor.layer("projection", projection);
}

void ContextualFusion::visit(Visitor& visitor) {
  ByModality<Modality> by_modality{names, modalities};
  visitor.layer("modalities", by_modality);
  if (fusion.has_value()) {
    visitor.layer("block", *fusion);
  }
  if (late.has_value()) {
    visitor.layer("late", *late);
  }
  if (lstm.has_value()) {
    visitor.layer("lstm", *lstm);
  }
  visitor.layer("dropout", dropout);
  visitor.layer("dense_dropout", dense_dropout);
}

}  // namespace heddle
