#include "train/final_evaluation.h"

#include <utility>

#include "train/load_data.h"
#include "train/model_batch.h"

namespace heddle {

namespace {

SubsetResult evaluate_subset(const EvaluatedModel& evaluated, const Dataset& dataset,
                             const RunConfig& config, Split split, const std::vector<bool>& shown) {
  EvaluationOptions options;
  options.batch_size = evaluation_batch_size(config.train);
  options.modalities = evaluated.modalities;
  options.shown = shown;
  const Predictions predictions = predict(evaluated.model, evaluated.loss, dataset,
                                          items_of(dataset, split, evaluated.model), options);
  SubsetResult result;
  for (std::size_t m = 0; m < shown.size(); ++m) {
    if (shown[m]) {
      result.modalities.push_back(evaluated.modalities[m]);
    }
  }
  result.accuracy = metrics_of(predictions, dataset).at("accuracy");
  result.samples = static_cast<std::int64_t>(predictions.samples.size());
  result.best_possible = best_possible(config.data, result.modalities);
  return result;
}

}  // namespace

Predictions evaluate_split(const EvaluatedModel& evaluated, const Dataset& dataset,
                           const RunConfig& config, Split split, bool keep_attention) {
  EvaluationOptions options;
  options.batch_size = evaluation_batch_size(config.train);
  options.modalities = evaluated.modalities;
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
  constexpr std::size_t most_modalities = 8;
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
      result[std::string(name_of(split))] = metrics_of(predictions, dataset);
    }
  };
  add(Split::train, evaluation.train);
  add(Split::valid, evaluation.valid);
  add(Split::test, evaluation.test);
  result[std::string(name_of(Split::test))].merge(Metrics(evaluation.beside));
  return result;
}

}  // namespace heddle
