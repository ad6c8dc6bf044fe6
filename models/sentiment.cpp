#include "models/sentiment.h"

#include <utility>

#include "autograd/ops.h"
#include "core/error.h"
#include "models/fusion/fusion_input.h"

namespace heddle {
namespace {

/// The input `time_modality` means, by its rules in ModelConfig.
std::optional<std::size_t> find_time_input(const ModelConfig& config,
                                           const std::vector<InputSpec>& inputs) {
  if (config.time_modality == "none") {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (config.time_modality.empty() ? inputs[i].kind == InputSpec::Kind::tokens
                                     : inputs[i].name == config.time_modality) {
      check<InputError>(
          has_steps(inputs[i], config), "time_modality \"", config.time_modality,
          "\" has no steps; expected an input of kind tokens or sequence, or an image "
          "whose encoder is not \"linear\"");
      return i;
    }
  }
  check<InputError>(config.time_modality.empty(), "time_modality is \"", config.time_modality,
                    "\", which is none of the model's inputs");
  return std::nullopt;
}

}  // namespace

SentimentModel::SentimentModel(const ModelConfig& config, std::vector<InputSpec> inputs,
                               std::int64_t classes, bool with_score, const Generator& generator)
    : inputs_(std::move(inputs)),
      dtype_(config.dtype),
      token_context_(config.token_context),
      modalities_(inputs_.size()),
      dropout_(config.dropout, generator.named("dropout")),
      classifier_(config.hidden, classes, with_score, generator.named("classifier"), config.dtype) {
  check<InputError>(!inputs_.empty(), "sentiment: the model has no inputs; expected at least one");
  const std::optional<std::size_t> steps = find_time_input(config, inputs_);
  const bool over_time = steps.has_value() && config.pool == SequencePool::attention;
  std::int64_t step_width = config.hidden;
  std::int64_t vectors_width = 0;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const InputSpec& spec = inputs_[i];
    const Generator stream = generator.named(spec.name);
    Modality& modality = modalities_[i];
    if (over_time && i == *steps) {
      time_input_ = i;
      modality.steps.emplace(spec, config, stream);
      step_width = modality.steps->width();
      if (config.missing_vectors) {
        modality.missing_step = Variable(Tensor::zeros({step_width}, dtype_), true);
      }
      continue;
    }
    check<InputError>(i != steps || has_final(spec, config),
                      "sentiment: pool is \"final\" but what reads \"", spec.name,
                      "\" has no final states; expected another encoder, such as an \"lstm\"");
    const SequencePool pool = i == steps ? SequencePool::final : pool_of(spec, config);
    modality.vector.emplace(spec, config, pool, stream);
    std::int64_t width = modality.vector->width();
    if (!over_time && width != config.hidden) {
      modality.projection.emplace(width, config.hidden, stream.named("projection"),
                                  LinearOptions{.dtype = dtype_});
      width = config.hidden;
    }
    vectors_width += width;
  }
  fusion_.emplace(step_width, over_time || token_context_ ? vectors_width : 0, config.hidden,
                  generator.named("fusion"), dtype_);
}

Variables SentimentModel::encode_vectors(const std::vector<CleanInput>& inputs) {
  Variables vectors;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Modality& modality = modalities_[i];
    if (modality.vector.has_value()) {
      const Variable vector = (*modality.vector)(inputs[i]);
      vectors.push_back(modality.projection.has_value() ? (*modality.projection)(vector) : vector);
    }
  }
  return vectors;
}

void SentimentModel::give_encoded(const Variables& vectors, const EncodedSteps* steps,
                                  const std::vector<CleanInput>& inputs,
                                  ModelOutput& output) const {
  std::size_t next = 0;
  for (std::size_t i = 0; gives_encoded && i < inputs.size(); ++i) {
    const bool has_vector = modalities_[i].vector.has_value();
    output.encoded.push_back(
        {has_vector ? vectors[next++] : mean_of_steps(*steps), inputs[i].present});
  }
}

std::vector<std::int64_t> SentimentModel::encoded_widths() const {
  std::vector<std::int64_t> widths;
  for (const Modality& modality : modalities_) {
    widths.push_back(modality.steps.has_value()        ? modality.steps->width()
                     : modality.projection.has_value() ? modality.projection->weight.size(0)
                                                       : modality.vector->width());
  }
  return widths;
}

Pooled SentimentModel::attend_to_steps(const std::vector<CleanInput>& inputs, ModelOutput& output) {
  const CleanInput& input = inputs[*time_input_];
  Modality& modality = modalities_[*time_input_];
  const EncodedSteps steps = (*modality.steps)(input);
  const Variables vectors = encode_vectors(inputs);
  give_encoded(vectors, &steps, inputs, output);
  return (*fusion_)(replace_missing(steps.states, input.present, modality.missing_step),
                    vectors.empty() ? Variable() : concat(vectors, 1), steps.lengths);
}

Pooled SentimentModel::attend_to_modalities(const std::vector<CleanInput>& inputs,
                                            ModelOutput& output) {
  const Variables vectors = encode_vectors(inputs);
  give_encoded(vectors, nullptr, inputs, output);
  return (*fusion_)(stack(vectors, 0), token_context_ ? concat(vectors, 1) : Variable(), {});
}

ModelOutput SentimentModel::forward(const CleanBatch& batch) {
  ModelOutput beside;
  const Pooled pooled = time_input_.has_value() ? attend_to_steps(batch.inputs, beside)
                                                : attend_to_modalities(batch.inputs, beside);
  ModelOutput output = classifier_(dropout_(pooled.values));
  output.encoded = std::move(beside.encoded);
  (time_input_.has_value() ? output.time_weights : output.modality_weights) =
      pooled.weights.value();
  output.time_input = time_input_;
  return output;
}

void SentimentModel::Modality::visit(Visitor& visitor) {
  if (steps.has_value()) {
    steps->visit(visitor);
    visitor.parameter("missing", missing_step);
    return;
  }
  vector->visit(visitor);
  if (projection.has_value()) {
    visitor.layer("projection", *projection);
  }
}

void SentimentModel::visit(Visitor& visitor) {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    visitor.layer(inputs_[i].name, modalities_[i]);
  }
  visitor.layer("fusion", *fusion_);
  visitor.layer("dropout", dropout_);
  visitor.layer("classifier", classifier_);
}

}  // namespace heddle
