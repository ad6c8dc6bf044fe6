#include "train/final_evaluation.h"

#include <utility>

#include "core/error.h"
#include "train/breakdown.h"
#include "train/load_data.h"
#include "train/model_batch.h"

namespace heddle {

namespace {

constexpr std::size_t most_modalities = 8;

EvaluationOptions options_of(const EvaluatedModel& evaluated, const RunConfig& config) {
  EvaluationOptions options;
  options.batch_size = evaluation_batch_size(config.train);
  options.modalities = evaluated.modalities;
  return options;
}

SubsetResult evaluate_subset(const EvaluatedModel& evaluated, const Dataset& dataset,
                             const RunConfig& config, Split split, const std::vector<bool>& shown) {
  const Predictions predictions = evaluate_shown(evaluated, dataset, config, split, shown);
  SubsetResult result;
  for (std::size_t m = 0; m < shown.size(); ++m) {
    if (shown[m]) {
      result.modalities.push_back(evaluated.modalities[m]);
    }
  }
  result.metrics = metrics_of(predictions, dataset);
  const auto accuracy = result.metrics.find("accuracy");
  result.accuracy = accuracy != result.metrics.end() ? accuracy->second : 0.0;
  result.samples = static_cast<std::int64_t>(predictions.samples.size());
  result.best_possible = best_possible(config.data, result.modalities);
  return result;
}

}  // namespace

Predictions evaluate_shown(const EvaluatedModel& evaluated, const Dataset& dataset,
                           const RunConfig& config, Split split, const std::vector<bool>& shown) {
  EvaluationOptions options = options_of(evaluated, config);
  options.shown = shown;
  if (evaluated.loss.generates() && split != Split::train) {
    options.generation = generation_options(config.task);
  }
  return predict(evaluated.model, evaluated.loss, dataset,
                 items_of(dataset, split, evaluated.model), options);
}

std::vector<SubsetResult> metrics_of_subsets(const EvaluatedModel& evaluated,
                                             const Dataset& dataset, const RunConfig& config,
                                             Split split) {
  const std::size_t count = evaluated.modalities.size();
  check<InputError>(count <= most_modalities, "the model has ", count,
                    " modalities; all subsets are evaluated of at most ", most_modalities);
  std::vector<SubsetResult> results;
  const SequenceGenerator* generator = evaluated.model.generator();
  for (const std::vector<bool>& shown : all_subsets(count)) {
    const bool can_write = generator == nullptr ||
                           (shown[generator->source_input()] && shown[generator->target_input()]);
    if (!can_write) {
      continue;
    }
    results.push_back(evaluate_subset(evaluated, dataset, config, split, shown));
  }
  return results;
}

std::vector<MissingRateResult> metrics_at_missing_rates(const EvaluatedModel& evaluated,
                                                        const Dataset& dataset,
                                                        const RunConfig& config, Split split,
                                                        const std::vector<double>& rates,
                                                        std::uint64_t seed) {
  EvaluationOptions options = options_of(evaluated, config);
  options.missing_seed = seed;
  const SequenceGenerator* generator = evaluated.model.generator();
  if (generator != nullptr && split != Split::train) {
    options.generation = generation_options(config.task);
  }
  const std::size_t modalities = evaluated.modalities.size();
  std::vector<MissingRateResult> results;
  for (const double rate : rates) {
    options.missing_rate = rate;
    const Predictions predictions = predict(evaluated.model, evaluated.loss, dataset,
                                            items_of(dataset, split, evaluated.model), options);
    const auto count = static_cast<std::int64_t>(predictions.samples.size());
    std::int64_t hidden = 0;
    const Presence presence = presence_at_missing_rate(
        Tensor::from<std::int64_t>(predictions.samples, {count}), modalities, rate, seed);
    for (std::size_t m = 0; m < presence.size(); ++m) {
      if (generator != nullptr &&
          (m == generator->source_input() || m == generator->target_input())) {
        continue;
      }
      for (const bool shown : presence[m].to_vector<bool>()) {
        hidden += shown ? 0 : 1;
      }
    }
    results.push_back({.rate = rate,
                       .hidden = static_cast<double>(hidden) /
                                 static_cast<double>(count * static_cast<std::int64_t>(modalities)),
                       .metrics = metrics_of(predictions, dataset)});
  }
  return results;
}

Predictions evaluate_split(const EvaluatedModel& evaluated, const Dataset& dataset,
                           const RunConfig& config, Split split, bool keep_attention) {
  EvaluationOptions options = options_of(evaluated, config);
  options.keep_attention = keep_attention;
  if (evaluated.loss.generates() && split != Split::train) {
    options.generation = generation_options(config.task);
  }
  return predict(evaluated.model, evaluated.loss, dataset,
                 items_of(dataset, split, evaluated.model), options);
}

std::vector<SubsetResult> evaluate_subsets(const EvaluatedModel& evaluated, const Dataset& dataset,
                                           const RunConfig& config, Split split,
                                           const std::function<bool()>& stopped) {
  std::vector<SubsetResult> results;
  const std::size_t count = evaluated.modalities.size();
  if (!evaluated.loss.classifies() || count < 2 || count > most_modalities ||
      items_of(dataset, split, evaluated.model).empty()) {
    return results;
  }
  for (const std::vector<bool>& shown : all_subsets(count)) {
    if (stopped && stopped()) {
      break;
    }
    results.push_back(evaluate_subset(evaluated, dataset, config, split, shown));
    results.back().metrics.clear();  // summaries hold the accuracy alone
  }
  return results;
}

Metrics evaluate_beside(const EvaluatedModel& evaluated, const Dataset& dataset,
                        const RunConfig& config, const std::function<bool()>& stopped) {
  Metrics metrics;
  const SequenceGenerator* generator = evaluated.model.generator();
  const std::vector<std::int64_t>& items = dataset.indices(Split::test);
  const std::size_t count = evaluated.modalities.size();
  for (std::size_t m = 0; generator != nullptr && !items.empty() && m < count; ++m) {
    if (m == generator->source_input() || m == generator->target_input()) {
      continue;
    }
    for (const bool exchanges : {false, true}) {
      if (stopped && stopped()) {
        return metrics;
      }
      EvaluationOptions options;
      options.batch_size = evaluation_batch_size(config.train);
      options.modalities = evaluated.modalities;
      options.generation = generation_options(config.task);
      const std::string& name = evaluated.modalities[m];
      if (exchanges) {
        options.exchanged = name;
      } else {
        options.shown.assign(count, true);
        options.shown[m] = false;
      }
      const Predictions found = predict(evaluated.model, evaluated.loss, dataset, items, options);
      metrics[(exchanges ? "bleu_exchanged_" : "bleu_without_") + name] =
          metrics_of(found, dataset).at("bleu");
    }
  }
  return metrics;
}

FinalEvaluation evaluate_all(const EvaluatedModel& evaluated, const Dataset& dataset,
                             const RunConfig& config, const std::function<bool()>& stopped) {
  FinalEvaluation result;
  const auto stop = [&] { return stopped && stopped(); };
  result.test = evaluate_split(evaluated, dataset, config, Split::test, true);
  for (const auto& [split, into] :
       {std::pair{Split::valid, &result.valid}, {Split::train, &result.train}}) {
    if (!stop()) {
      *into = evaluate_split(evaluated, dataset, config, split);
    }
  }
  if (config.train.evaluate_subsets && evaluated.loss.generates()) {
    result.beside = evaluate_beside(evaluated, dataset, config, stopped);
  }
  if (config.train.evaluate_subsets) {
    result.subsets = evaluate_subsets(evaluated, dataset, config, Split::test, stopped);
  }
  return result;
}

std::map<std::string, Metrics> metrics_by_split(const FinalEvaluation& evaluation,
                                                const Dataset& dataset) {
  std::map<std::string, Metrics> result;
  const auto add = [&](Split split, const Predictions& predictions) {
    if (!predictions.samples.empty()) {
      result[std::string(name_of(split))] = detailed_metrics(predictions, dataset);
    }
  };
  add(Split::train, evaluation.train);
  add(Split::valid, evaluation.valid);
  add(Split::test, evaluation.test);
  result[std::string(name_of(Split::test))].merge(Metrics(evaluation.beside));
  return result;
}

}  // namespace heddle
