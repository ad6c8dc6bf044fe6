#include "apps/answer.h"

#include <algorithm>
#include <vector>

#include "autograd/ops.h"
#include "train/trained_model.h"

namespace heddle {
namespace {

nlohmann::json attention_json(const LoadedRun& run, const ModelOutput& output,
                              const Question& question) {
  nlohmann::json told = nlohmann::json::object();
  if (output.modality_weights.defined()) {
    const std::vector<double> weights = output.modality_weights.to_vector<double>();
    for (std::size_t m = 0; m < weights.size() && m < run.modalities.size(); ++m) {
      told["modalities"][run.modalities[m]] = weights[m];
    }
  }
  for (const auto& [word, weight] : attention_over_words(output, question)) {
    told["words"].push_back({word, weight});
  }
  return told;
}

}  // namespace

std::vector<WeighedWord> attention_over_words(const ModelOutput& output, const Question& question) {
  std::vector<WeighedWord> weighed;
  if (!output.time_input.has_value()) {
    return weighed;
  }
  const std::vector<std::string>& words = question.words.at(*output.time_input);
  const std::vector<double> weights = output.time_weights.to_vector<double>();
  for (std::size_t i = 0; i < words.size() && i < weights.size(); ++i) {
    weighed.push_back({words[i], weights[i]});
  }
  return weighed;
}

ModelOutput asked(LoadedRun& run, const Question& question) {
  const NoGrad no_grad;
  const Evaluating evaluating(*run.model);
  return (*run.model)(model_batch(question.batch, question.presence));
}

nlohmann::json answer_json(const LoadedRun& run, const ModelOutput& output,
                           const Question& question, std::int64_t row) {
  nlohmann::json told = nlohmann::json::object();
  if (output.logits.defined()) {
    const NoGrad no_grad;
    const std::int64_t classes = output.logits.size(-1);
    const std::vector<double> all = softmax(output.logits).value().to_vector<double>();
    const auto first = all.begin() + row * classes;
    const std::vector<std::string>& names = run.data.dataset.class_names;
    told["class"] =
        names.at(static_cast<std::size_t>(std::max_element(first, first + classes) - first));
    for (std::int64_t c = 0; c < classes; ++c) {
      told["probabilities"][names.at(static_cast<std::size_t>(c))] = first[c];
    }
  }
  if (output.score.defined()) {
    told["score"] = output.score.value().to_vector<double>().at(static_cast<std::size_t>(row));
  }
  // Weights belong to single samples; groups have none that can be told apart.
  if (!run.model->takes_groups()) {
    nlohmann::json attention = attention_json(run, output, question);
    if (!attention.empty()) {
      told["attention"] = std::move(attention);
    }
  }
  return told;
}

}  // namespace heddle
