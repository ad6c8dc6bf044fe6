#include <ostream>
#include <utility>

#include "core/error.h"
#include "data/atomic_file.h"
#include "train/breakdown.h"
#include "train/each_seed.h"
#include "train/run.h"

namespace heddle {
namespace {

void append(const Predictions& from, Predictions& into) {
  const auto add = [](const auto& part, auto& whole) {
    whole.insert(whole.end(), part.begin(), part.end());
  };
  const auto size = [](const Predictions& predictions) {
    return static_cast<double>(predictions.samples.size());
  };
  const double all = size(from) + size(into);
  into.loss = all > 0.0 ? (from.loss * size(from) + into.loss * size(into)) / all : 0.0;
  add(from.samples, into.samples);
  add(from.labels, into.labels);
  add(from.predicted, into.predicted);
  add(from.probabilities, into.probabilities);
  add(from.targets, into.targets);
  add(from.scores, into.scores);
  add(from.generated.sources, into.generated.sources);
  add(from.generated.outputs, into.generated.outputs);
  add(from.generated.references, into.generated.references);
  into.heads.resize(from.heads.size());
  for (std::size_t m = 0; m < from.heads.size(); ++m) {
    into.heads[m].modality = from.heads[m].modality;
    add(from.heads[m].present, into.heads[m].present);
    add(from.heads[m].predicted, into.heads[m].predicted);
    add(from.heads[m].scores, into.heads[m].scores);
  }
  into.generated.surprise += from.generated.surprise;
  into.generated.tokens += from.generated.tokens;
  into.generated.lower_case = from.generated.lower_case;
}

}  // namespace

FoldsOutcome run_folds(const RunConfig& config, const RunOptions& options) {
  check<UsageError>(config.task.kind != TaskKind::joint,
                    "--folds is for one task, but task.kind is \"joint\"");
  check<UsageError>(
      config.data.kind == DataKind::folder,
      "--folds is for data.kind = \"folder\" with a dataset.toml that has folds in its "
      "[split]");
  RunFolder folder(options.folder, options.start);
  folder.keep_config(to_toml(config));
  FoldsOutcome outcome;
  Predictions pooled;
  std::vector<std::string> classes;
  for (std::size_t fold = 0; fold == 0 || fold < outcome.folds.size(); ++fold) {
    RunConfig one = config;
    one.data.fold = static_cast<std::int64_t>(fold);
    const LoadedData data = load_data(one.data, one.evaluate.by, {}, one.train.domain.column);
    const Dataset& dataset = data.dataset;
    check<InputError>(!dataset.folds.empty(), config.data.description,
                      ": --folds is asked for, but [split] has no key \"folds\"");
    outcome.folds = dataset.folds;
    if (options.messages != nullptr) {
      *options.messages << "fold " << dataset.folds[fold] << " (" << fold + 1 << " of "
                        << dataset.folds.size() << ")\n";
    }
    RunOptions where = options;
    where.folder = options.folder / concat("fold-", fold);
    RunOutcome run = run_training(one, data, where);
    if (run.signal != 0) {
      outcome.signal = run.signal;
      return outcome;
    }
    check<InputError>(classes.empty() || classes == dataset.class_names, config.data.description,
                      ": the folds have different classes; expected [label] with names, so that "
                      "their results can be put together");
    classes = dataset.class_names;
    append(run.test, pooled);
    outcome.runs.push_back(std::move(run.summary));
    if (fold + 1 == outcome.folds.size()) {
      outcome.pooled = detailed_metrics(pooled, dataset);
    }
  }
  write_file_atomically(folder.file("folds.json"), folds_json(outcome));
  return outcome;
}

FoldSeedsOutcome run_fold_seeds(const RunConfig& config, std::int64_t count,
                                const RunOptions& options) {
  check_seed_count(count);
  RunFolder folder(options.folder, options.start);
  folder.keep_config(to_toml(config));
  FoldSeedsOutcome outcome;
  outcome.signal =
      for_each_seed(config, count, options, [&](const RunConfig& one, const RunOptions& where) {
        FoldsOutcome folds = run_folds(one, where);
        const int signal = folds.signal;
        if (signal == 0) {
          outcome.seeds.push_back(std::move(folds));
        }
        return signal;
      });
  if (outcome.signal != 0) {
    return outcome;
  }
  write_file_atomically(folder.file("seeds.json"), fold_seeds_json(outcome));
  return outcome;
}

}  // namespace heddle
