#include <algorithm>
#include <array>
#include <cstddef>
#include <iomanip>
#include <iostream>
#include <sstream>

#include "apps/commands.h"
#include "apps/loaded_run.h"
#include "core/error.h"
#include "data/nearest_name.h"
#include "train/bleu.h"
#include "train/breakdown.h"
#include "train/final_evaluation.h"
#include "train/results.h"

namespace heddle {

namespace {

constexpr std::string_view all_subsets_word = "all-subsets";
constexpr int name_width = 26;

void print_metrics(const Metrics& metrics, const Predictions& predictions, const Dataset& dataset) {
  std::size_t widest = 12;
  for (const auto& [name, value] : metrics) {
    widest = std::max(widest, name.size());
  }
  for (const auto& [name, value] : metrics) {
    std::cout << std::left << std::setw(static_cast<int>(widest) + 2) << name << value << '\n';
  }
  if (!predictions.generated.outputs.empty()) {
    std::cout << "BLEU is " << bleu_signature({.lower_case = predictions.generated.lower_case})
              << '\n';
  }
  constexpr std::int64_t most_classes = 40;
  if (predictions.predicted.empty() || dataset.classes() > most_classes) {
    return;
  }
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

std::string joined(const std::vector<std::string>& names) {
  std::string result;
  for (const std::string& name : names) {
    result += (result.empty() ? "" : " + ") + name;
  }
  return result;
}

void print_subsets(const std::vector<SubsetResult>& subsets) {
  for (const SubsetResult& subset : subsets) {
    std::cout << std::left << std::setw(name_width) << joined(subset.modalities) << subset.accuracy;
    if (subset.best_possible) {
      std::cout << "   best possible " << *subset.best_possible;
    }
    std::cout << '\n';
  }
}

/// The columns of a table of metrics: those of these that the model has.
std::vector<std::string> columns_of(const Metrics& metrics) {
  constexpr std::array<const char*, 10> wanted = {"loss",        "accuracy",  "f1_macro", "mae",
                                                  "correlation", "acc2_pos",  "acc7",     "bleu",
                                                  "exact",       "perplexity"};
  std::vector<std::string> columns;
  for (const char* name : wanted) {
    if (metrics.contains(name)) {
      columns.emplace_back(name);
    }
  }
  return columns;
}

void print_heading(const std::string& first, const std::vector<std::string>& columns) {
  std::cout << std::left << std::setw(name_width) << first << std::right;
  for (const std::string& column : columns) {
    std::cout << std::setw(13) << column;
  }
  std::cout << '\n';
}

void print_row(const std::string& first, const Metrics& metrics,
               const std::vector<std::string>& columns) {
  std::cout << std::left << std::setw(name_width) << first << std::right;
  for (const std::string& column : columns) {
    std::cout << std::setw(13) << metrics.at(column);
  }
}

void print_subset_table(const std::vector<SubsetResult>& subsets) {
  const std::vector<std::string> columns = columns_of(subsets.front().metrics);
  print_heading("modalities", columns);
  for (const SubsetResult& subset : subsets) {
    print_row(joined(subset.modalities), subset.metrics, columns);
    if (subset.best_possible) {
      std::cout << "   best possible accuracy " << *subset.best_possible;
    }
    std::cout << '\n';
  }
}

void print_missing_rates(const std::vector<MissingRateResult>& results) {
  std::vector<std::string> columns = columns_of(results.front().metrics);
  print_heading("missing rate (hidden)", columns);
  for (const MissingRateResult& result : results) {
    std::ostringstream rate;
    rate << std::fixed << std::setprecision(2) << result.rate << " (" << std::setprecision(3)
         << result.hidden << ")";
    print_row(rate.str(), result.metrics, columns);
    std::cout << '\n';
  }
}

/// Which of the model's modalities a list of names shows. Errors (UsageError): an unknown name.
std::vector<bool> shown_modalities(const std::string& list,
                                   const std::vector<std::string>& modalities) {
  std::vector<bool> shown(modalities.size(), false);
  std::istringstream names(list);
  std::string name;
  while (std::getline(names, name, ',')) {
    const auto found = std::find(modalities.begin(), modalities.end(), name);
    check<UsageError>(found != modalities.end(), "--modalities ", list, ": \"", name,
                      "\" is no modality of the model", suggestion(name, modalities));
    shown[static_cast<std::size_t>(found - modalities.begin())] = true;
  }
  return shown;
}

/// Every task of a joint run.
int evaluate_joint(const LoadedTasks& joint, const EvaluateCommand& command, Split split) {
  const TrainedTasks& tasks = *joint.tasks;
  check<UsageError>(command.modalities.empty() && command.missing_rates.empty(),
                    "heddle evaluate: ", command.source,
                    " is of several tasks; expected neither --modalities nor --missing-rates, or "
                    "the folder of one task inside it");
  std::vector<Metrics> of_task;
  std::vector<Predictions> predictions;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const TrainedTask& task = tasks[i];
    predictions.push_back(evaluate_split({*task.model, task.loss, task.modalities}, task.dataset,
                                         task.config, split));
    of_task.push_back(predictions.back().samples.empty()
                          ? Metrics{}
                          : detailed_metrics(predictions.back(), task.dataset));
  }
  const Metrics joined = tasks.joined(of_task);
  check<InputError>(!joined.empty(), command.source, ": no task has ", command.split, " samples");
  if (command.json) {
    std::cout << evaluation_json(command.split, joined, {});
    return 0;
  }
  std::cout << std::fixed << std::setprecision(4);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    std::cout << (i == 0 ? "" : "\n") << "task " << tasks[i].name << '\n';
    print_metrics(of_task[i], predictions[i], tasks[i].dataset);
  }
  return 0;
}

}  // namespace

int run(const EvaluateCommand& command) {
  const Split split = split_named(command.split);
  if (const auto joint = load_joint_run(command.source, command.device, command.overrides)) {
    return evaluate_joint(*joint, command, split);
  }
  LoadedRun run = load_run(command.source, command.device, command.overrides);
  check<UsageError>(run.config.task.kind != TaskKind::retrieve ||
                        (command.modalities.empty() && command.missing_rates.empty()),
                    "heddle evaluate: a model that finds one modality by another needs both; "
                    "expected neither --modalities nor --missing-rates");
  const Dataset& dataset = run.data.dataset;
  const EvaluatedModel evaluated = {*run.model, *run.loss, run.modalities};
  const bool tables_subsets = command.modalities == all_subsets_word;
  const bool masks = !command.modalities.empty() && !tables_subsets;
  const Predictions predictions =
      masks ? evaluate_shown(evaluated, dataset, run.config, split,
                             shown_modalities(command.modalities, run.modalities))
            : evaluate_split(evaluated, dataset, run.config, split);
  check<InputError>(!predictions.samples.empty(), "data set \"", dataset.name, "\" has no ",
                    command.split, " samples");
  const Metrics metrics = detailed_metrics(predictions, dataset);
  std::vector<SubsetResult> subsets;
  if (tables_subsets) {
    subsets = metrics_of_subsets(evaluated, dataset, run.config, split);
  } else if (!masks) {
    subsets = evaluate_subsets(evaluated, dataset, run.config, split);
  }
  const std::vector<MissingRateResult> missing = metrics_at_missing_rates(
      evaluated, dataset, run.config, split, command.missing_rates, command.missing_seed);
  if (command.json) {
    std::cout << evaluation_json(command.split, metrics, subsets, missing);
    return 0;
  }
  std::cout << std::fixed << std::setprecision(4);
  print_metrics(metrics, predictions, dataset);
  if (tables_subsets) {
    print_subset_table(subsets);
  } else {
    print_subsets(subsets);
  }
  if (!missing.empty()) {
    print_missing_rates(missing);
  }
  return 0;
}

}  // namespace heddle
