#include <algorithm>
#include <iomanip>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "apps/answer.h"
#include "apps/commands.h"
#include "apps/loaded_run.h"
#include "apps/question.h"
#include "autograd/ops.h"
#include "core/error.h"
#include "train/evaluation.h"

namespace heddle {

namespace {

void print_row(const LoadedRun& run, const ModelOutput& output, std::int64_t row) {
  const Dataset& dataset = run.data.dataset;
  if (output.logits.defined()) {
    const std::int64_t classes = output.logits.size(-1);
    const std::vector<double> all = softmax(output.logits).value().to_vector<double>();
    const auto first = all.begin() + row * classes;
    const std::vector<double> probabilities(first, first + classes);
    const auto best = static_cast<std::size_t>(most_probable(probabilities, dataset.other_class));
    std::cout << dataset.class_names[best] << "  (";
    constexpr std::size_t most_classes = 20;  // that a line can show
    const std::size_t shown = std::min(probabilities.size(), most_classes);
    const bool all_shown = shown == probabilities.size();
    for (std::size_t c = 0; all_shown && c < shown; ++c) {
      std::cout << (c == 0 ? "" : ", ") << dataset.class_names[c] << ' ' << probabilities[c];
    }
    if (!all_shown) {
      std::cout << probabilities[best] << ", one of " << probabilities.size() << " classes";
    }
    std::cout << ')';
  }
  if (output.score.defined()) {
    std::cout << (output.logits.defined() ? "  " : "") << "score "
              << output.score.value().to_vector<double>()[static_cast<std::size_t>(row)];
  }
  std::cout << '\n';
}

void print_attention(const LoadedRun& run, const ModelOutput& output, const Question& question) {
  if (output.modality_weights.defined()) {
    const std::vector<double> weights = output.modality_weights.to_vector<double>();
    std::cout << (run.config.model.name == "fusion" ? "weights of modalities:"
                                                    : "attention over modalities:");
    for (std::size_t m = 0; m < weights.size() && m < run.modalities.size(); ++m) {
      std::cout << "  " << run.modalities[m] << ' ' << weights[m];
    }
    std::cout << '\n';
  }
  const std::vector<WeighedWord> weighed = attention_over_words(output, question);
  if (!weighed.empty()) {
    std::cout << "attention over words:\n";
  }
  for (const auto& [word, weight] : weighed) {
    constexpr double widest = 40.0;
    const auto length = static_cast<std::size_t>(widest * weight + 0.5);
    std::cout << "  " << std::left << std::setw(16) << word << weight << "  "
              << std::string(length, '#') << '\n';
  }
}

void print_truth(const LoadedRun& run, std::int64_t sample) {
  const Dataset& dataset = run.data.dataset;
  if (dataset.is_unlabelled(sample)) {
    std::cout << "truth: unlabelled";
  } else if (dataset.has_labels()) {
    const std::int64_t label = dataset.labels.data<std::int64_t>()[sample];
    std::cout << "truth: " << dataset.class_names[static_cast<std::size_t>(label)];
    if (dataset.has_targets()) {
      std::cout << "  (score " << dataset.targets.data<float>()[sample] << ')';
    }
  } else if (dataset.has_targets()) {
    std::cout << "truth: score " << dataset.targets.data<float>()[sample];
  }
  std::cout << '\n';
}

/// One line per sample; those of the data with their names.
void print_json(const LoadedRun& run, const ModelOutput& output, const Question& question,
                const std::vector<std::int64_t>& samples, bool named) {
  for (std::size_t row = 0; row < samples.size(); ++row) {
    nlohmann::json told = answer_json(run, output, question, static_cast<std::int64_t>(row));
    if (named) {
      told["sample"] = run.data.dataset.name_of_sample(samples[row]);
    }
    std::cout << told.dump() << '\n';
  }
}

}  // namespace

int run(const PredictCommand& command) {
  check<UsageError>(command.sample.empty() != command.inputs.empty(),
                    "heddle predict: give either a sample of the data, or inputs such as --text "
                    "\"…\" (heddle predict --help)");
  LoadedRun run = load_for_prediction(command.source, command.device);
  check_predicts(run, command.source);
  std::vector<std::pair<std::string, RawInput>> inputs;
  for (const auto& [name, value] : command.inputs) {
    inputs.emplace_back(name, value);
  }
  const Question question =
      inputs.empty() ? question_of_sample(run, command.sample) : question_of(run, inputs);
  const ModelOutput output = asked(run, question);
  const std::vector<std::int64_t> samples = question.batch.samples.to_vector<std::int64_t>();
  if (command.json) {
    print_json(run, output, question, samples, inputs.empty());
    return 0;
  }
  std::cout << std::fixed << std::setprecision(4);
  for (std::size_t row = 0; row < samples.size(); ++row) {
    if (run.model->takes_groups() && inputs.empty()) {
      std::cout << std::left << std::setw(24) << run.data.dataset.name_of_sample(samples[row]);
    }
    print_row(run, output, static_cast<std::int64_t>(row));
  }
  if (!run.model->takes_groups()) {
    print_attention(run, output, question);
    if (inputs.empty()) {
      print_truth(run, samples.front());
    }
  }
  return 0;
}

}  // namespace heddle
