#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <iostream>
#include <vector>

#include "apps/commands.h"
#include "apps/loaded_run.h"
#include "core/error.h"
#include "data/atomic_file.h"
#include "train/evaluation.h"
#include "train/explanation.h"
#include "train/explanation_page.h"

namespace heddle {
namespace {

/// The first `count` samples of the split, or the first that the model gets wrong.
std::vector<std::int64_t> first_samples(LoadedRun& run, const ExplainCommand& command) {
  const Dataset& dataset = run.data.dataset;
  const std::vector<std::int64_t> items = items_of(dataset, split_named(command.split), *run.model);
  check<InputError>(!items.empty(), "data set \"", dataset.name, "\" has no ", command.split,
                    " samples");
  const EvaluationOptions options{.batch_size = evaluation_batch_size(run.config.train),
                                  .modalities = run.modalities,
                                  .shown = {}};
  const Predictions predictions = predict(*run.model, *run.loss, dataset, items, options);
  std::vector<std::int64_t> chosen;
  for (std::size_t row = 0;
       row < predictions.samples.size() && chosen.size() < static_cast<std::size_t>(command.count);
       ++row) {
    const bool wrong = !predictions.predicted.empty() && predictions.labels[row] >= 0 &&
                       predictions.predicted[row] != predictions.labels[row];
    if (wrong || !command.wrong) {
      chosen.push_back(predictions.samples[row]);
    }
  }
  check<InputError>(!chosen.empty(), "no ", command.split, " sample is wrong");
  return chosen;
}

}  // namespace

int run(const ExplainCommand& command) {
  LoadedRun run = load_run(command.source, command.device);
  check_predicts(run, command.source);
  const Dataset& dataset = run.data.dataset;
  std::vector<std::int64_t> samples;
  for (const std::string& name : command.samples) {
    samples.push_back(dataset.sample_named(name));
  }
  if (samples.empty()) {
    samples = first_samples(run, command);
  }
  Explainer explainer(*run.model, dataset, run.modalities);
  std::vector<Explanation> explanations;
  for (const std::int64_t sample : samples) {
    explanations.push_back(explainer.explain(sample));
  }
  if (command.json) {
    std::cout << explanation_json(run.config, dataset, run.modalities, explanations);
    return 0;
  }
  std::string path = command.html;
  if (path.empty()) {
    const std::filesystem::path source = command.source;
    path = (std::filesystem::is_directory(source) ? source : source.parent_path()) /
           "explanations.html";
  }
  AtomicFile file(path);
  file.write(explanation_page(run.config, dataset, run.modalities, explanations));
  file.commit();
  std::cout << path << ": " << explanations.size() << " samples\n";
  return 0;
}

}  // namespace heddle
