#include <iomanip>
#include <iostream>

#include "apps/commands.h"
#include "apps/loaded_run.h"
#include "core/error.h"
#include "train/bleu.h"
#include "train/final_evaluation.h"
#include "train/results.h"

namespace heddle {

namespace {

void print_text(const Metrics& metrics, const Predictions& predictions,
                const std::vector<SubsetResult>& subsets, const Dataset& dataset) {
  std::cout << std::fixed << std::setprecision(4);
  for (const auto& [name, value] : metrics) {
    std::cout << std::left << std::setw(14) << name << value << '\n';
  }
  if (!predictions.generated.outputs.empty()) {
    std::cout << "BLEU is " << bleu_signature({.lower_case = predictions.generated.lower_case})
              << '\n';
  }
  if (!predictions.predicted.empty()) {
    std::cout << "confusion (rows: truth, columns: predicted)\n";
    const Confusion confusion = confusion_of(predictions, dataset);
    for (std::size_t truth = 0; truth < confusion.size(); ++truth) {
      std::cout << "  " << std::left << std::setw(14) << dataset.class_names[truth] << std::right;
      for (const std::int64_t count : confusion[truth]) {
        std::cout << std::setw(8) << count;
      }
      std::cout << '\n';
    }
  }
  for (const SubsetResult& subset : subsets) {
    std::string names;
    for (const std::string& name : subset.modalities) {
      names += (names.empty() ? "" : " + ") + name;
    }
    std::cout << std::left << std::setw(26) << names << subset.accuracy;
    if (subset.best_possible) {
      std::cout << "   best possible " << *subset.best_possible;
    }
    std::cout << '\n';
  }
}

}  // namespace

int run(const EvaluateCommand& command) {
  const Split split = split_named(command.split);
  LoadedRun run = load_run(command.source, command.device, command.overrides);
  const EvaluatedModel evaluated = {*run.model, *run.loss, run.modalities};
  const Predictions predictions = evaluate_split(evaluated, run.data.dataset, run.config, split);
  check<InputError>(!predictions.samples.empty(), "data set \"", run.data.dataset.name,
                    "\" has no ", command.split, " samples");
  const Metrics metrics = metrics_of(predictions, run.data.dataset);
  const std::vector<SubsetResult> subsets =
      evaluate_subsets(evaluated, run.data.dataset, run.config, split);
  if (command.json) {
    std::cout << evaluation_json(command.split, metrics, subsets);
  } else {
    print_text(metrics, predictions, subsets, run.data.dataset);
  }
  return 0;
}

}  // namespace heddle
