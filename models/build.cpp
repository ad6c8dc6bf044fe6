#include "models/build.h"

#include <array>
#include <cstddef>
#include <string_view>

#include "core/error.h"
#include "models/contextual.h"
#include "models/fusion_model.h"
#include "models/joint_embedding.h"
#include "models/sentiment.h"
#include "models/sequence_to_sequence.h"

namespace heddle {
namespace {

/// Names that parts of the models have themselves: an input of that name would share parameter
/// names with them.
constexpr std::array<std::string_view, 11> part_names = {
    "fusion",        "classifier", "dropout",   "lstm",          "dense",    "dense_dropout",
    "input_dropout", "log_scale",  "auxiliary", "log_variances", "adversary"};

void check_name(const InputSpec& spec) {
  check<InputError>(!spec.name.empty() && spec.name.find('.') == std::string::npos,
                    "model: an input's name is \"", spec.name, "\"; expected a name without dots");
  for (const std::string_view part : part_names) {
    check<InputError>(spec.name != part, "model: an input's name is \"", spec.name,
                      "\", as that of a part of the model; give it another");
  }
}

int rank_of(InputSpec::Kind kind) {
  switch (kind) {
    case InputSpec::Kind::tokens:
      return 0;
    case InputSpec::Kind::features:
    case InputSpec::Kind::sequence:
      return 1;
    case InputSpec::Kind::image:
      break;
  }
  return 3;
}

void check_inputs(const std::vector<InputSpec>& inputs) {
  check<InputError>(!inputs.empty(), "model: there are no inputs; expected at least one");
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const InputSpec& spec = inputs[i];
    check_name(spec);
    for (std::size_t j = 0; j < i; ++j) {
      check<InputError>(inputs[j].name != spec.name, "model: two inputs are called \"", spec.name,
                        "\"; expected different names");
    }
    bool sized = spec.shape.rank() == rank_of(spec.kind);
    for (const std::int64_t size : spec.shape) {
      sized = sized && size > 0;
    }
    check<InputError>(sized, "model: one sample of input \"", spec.name, "\" is ", spec.shape,
                      "; expected tokens [], features [F], sequence [F] or image [C, H, W] with "
                      "sizes above 0");
    check<InputError>(spec.kind != InputSpec::Kind::tokens || spec.vocabulary > 0,
                      "model: the vocabulary of input \"", spec.name, "\" is ", spec.vocabulary,
                      "; expected at least 1");
  }
}

}  // namespace

std::unique_ptr<Model> build_model(const ModelConfig& config, const std::vector<InputSpec>& inputs,
                                   std::int64_t classes, bool with_score,
                                   const Generator& generator) {
  check_config(config);
  check_inputs(inputs);
  if (config.name == "joint_embedding") {
    check<InputError>(classes == 0 && !with_score,
                      "model \"joint_embedding\" predicts neither classes nor a number; expected "
                      "task.kind = \"retrieve\"");
    return std::make_unique<JointEmbedding>(config, inputs, generator);
  }
  if (config.name == "sequence_to_sequence") {
    return std::make_unique<SequenceToSequence>(config, inputs, generator);
  }
  check<InputError>(classes >= 0 && (classes > 0 || with_score), "model: there are ", classes,
                    " classes and no score to predict; expected at least one of them");
  if (config.name == "sentiment") {
    return std::make_unique<SentimentModel>(config, inputs, classes, with_score, generator);
  }
  if (config.name == "fusion") {
    return std::make_unique<FusionModel>(config, inputs, classes, with_score, generator);
  }
  if (config.name == "contextual") {
    return std::make_unique<ContextualSentiment>(config, inputs, classes, with_score, generator);
  }
  fail<InputError>("model name is \"", config.name,
                   "\"; expected \"sentiment\", \"fusion\", \"contextual\", "
                   "\"joint_embedding\" or \"sequence_to_sequence\"");
}

}  // namespace heddle
