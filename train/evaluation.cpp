#include "train/evaluation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autograd/ops.h"
#include "core/error.h"
#include "data/batch.h"
#include "train/auc.h"
#include "train/generation_evaluation.h"
#include "train/head_predictions.h"
#include "train/model_batch.h"
#include "train/retrieval.h"
#include "train/trained_model.h"

namespace heddle {

namespace {

/// One sample of a batch: position in [B], or utterance and group in [U, B].
struct Place {
  std::int64_t sample;
  std::int64_t position;  // row of the flattened leading dimensions
};

std::vector<Place> places_of(const SampleBatch& batch) {
  std::vector<Place> places;
  const std::vector<std::int64_t> samples = batch.samples.to_vector<std::int64_t>();
  if (!batch.of_groups()) {
    for (std::size_t i = 0; i < samples.size(); ++i) {
      places.push_back({samples[i], static_cast<std::int64_t>(i)});
    }
    return places;
  }
  const std::int64_t groups = batch.samples.size(1);
  for (std::int64_t group = 0; group < groups; ++group) {
    for (std::int64_t u = 0; u < batch.samples.size(0); ++u) {
      const std::int64_t position = u * groups + group;
      if (samples[static_cast<std::size_t>(position)] >= 0) {
        places.push_back({samples[static_cast<std::size_t>(position)], position});
      }
    }
  }
  return places;
}

/// Column `column` of a [rows, columns] matrix given row-major, its first `count` rows.
std::vector<double> column_of(const std::vector<double>& matrix, std::int64_t columns,
                              std::int64_t column, std::int64_t count) {
  std::vector<double> result;
  for (std::int64_t row = 0; row < count; ++row) {
    result.push_back(matrix[static_cast<std::size_t>(row * columns + column)]);
  }
  return result;
}

void append_heads(Predictions& into, const ModelOutput& output, const SampleBatch& batch,
                  const Dataset& dataset, const std::vector<Place>& places) {
  into.heads.resize(output.heads.size());
  for (std::size_t m = 0; m < output.heads.size(); ++m) {
    into.heads[m].modality = batch.modalities[m].name;
    std::vector<std::int64_t> positions;
    for (const Place& place : places) {
      positions.push_back(place.position);
    }
    append_head(into.heads[m], output.heads[m], positions, dataset.other_class);
  }
}

void append_classes(Predictions& into, const ModelOutput& output, const Dataset& dataset,
                    const std::vector<Place>& places) {
  const std::int64_t classes = output.logits.size(-1);
  const std::vector<double> probabilities = softmax(output.logits).value().to_vector<double>();
  for (const Place& place : places) {
    const auto* first = probabilities.data() + place.position * classes;
    into.probabilities.emplace_back(first, first + classes);
    into.predicted.push_back(most_probable(into.probabilities.back(), dataset.other_class));
  }
}

void append_attention(Predictions& into, const ModelOutput& output, const SampleBatch& batch,
                      const std::vector<Place>& places) {
  if (batch.of_groups()) {
    return;
  }
  into.time_input = output.time_input;
  if (output.time_weights.defined()) {
    const std::vector<double> weights = output.time_weights.to_vector<double>();
    for (const Place& place : places) {
      into.time_weights.push_back(
          column_of(weights, batch.size(), place.position, output.time_weights.size(0)));
    }
  }
  if (output.modality_weights.defined()) {
    const std::vector<double> weights = output.modality_weights.to_vector<double>();
    for (const Place& place : places) {
      into.modality_weights.push_back(
          column_of(weights, batch.size(), place.position, output.modality_weights.size(0)));
    }
  }
}

void append_truth(Predictions& into, const Dataset& dataset, const std::vector<Place>& places) {
  for (const Place& place : places) {
    into.samples.push_back(place.sample);
    into.labels.push_back(dataset.has_labels() ? dataset.labels.data<std::int64_t>()[place.sample]
                                               : -1);
    if (dataset.has_targets()) {
      into.targets.push_back(static_cast<double>(dataset.targets.data<float>()[place.sample]));
    }
  }
}

void append_scores(Predictions& into, const ModelOutput& output, const std::vector<Place>& places) {
  const std::vector<double> scores = output.score.value().to_vector<double>();
  for (const Place& place : places) {
    into.scores.push_back(scores[static_cast<std::size_t>(place.position)]);
  }
}

Presence presence_of(const SampleBatch& batch, const EvaluationOptions& options) {
  if (!options.shown.empty()) {
    return presence_of_subset(options.shown, batch.size());
  }
  return options.missing_rate > 0.0
             ? presence_at_missing_rate(batch.samples, batch.modalities.size(),
                                        options.missing_rate, options.missing_seed)
             : Presence{};
}

void append_embeddings(Predictions& into, const ModelOutput& output, const SampleBatch& batch) {
  into.embeddings.resize(output.embeddings.size());
  for (std::size_t m = 0; m < output.embeddings.size(); ++m) {
    const Tensor values = output.embeddings[m].value().to(DType::f32);
    ModalityEmbeddings& entry = into.embeddings[m];
    entry.modality = batch.modalities[m].name;
    entry.width = values.size(1);
    const std::vector<float> rows = values.to_vector<float>();
    entry.values.insert(entry.values.end(), rows.begin(), rows.end());
    const std::vector<bool> present =
        samples_with(batch.modalities[m], static_cast<std::size_t>(batch.size()));
    entry.present.insert(entry.present.end(), present.begin(), present.end());
  }
}

}  // namespace

std::int64_t most_probable(std::span<const double> probabilities, std::int64_t other_class) {
  std::int64_t best = -1;
  for (std::size_t c = 0; c < probabilities.size(); ++c) {
    const auto number = static_cast<std::int64_t>(c);
    if (number != other_class &&
        (best < 0 || probabilities[c] > probabilities[static_cast<std::size_t>(best)])) {
      best = number;
    }
  }
  return std::max<std::int64_t>(best, 0);
}

Predictions predict(Model& model, const Loss& loss, const Dataset& dataset,
                    std::span<const std::int64_t> items, const EvaluationOptions& options) {
  check(options.batch_size >= 1, "predict: batch size ", options.batch_size,
        "; expected at least 1");
  const NoGrad no_grad;
  const Evaluating evaluating(model);
  if (model.generator() != nullptr) {
    return predict_sequences(model, loss, dataset, items, options);
  }
  const DType dtype = model.dtype();
  const Device device = model.device();
  Predictions result;
  result.pairs = loss.evaluated_pairs();
  double loss_sum = 0.0;
  const auto step = static_cast<std::size_t>(options.batch_size);
  for (std::size_t begin = 0; begin < items.size(); begin += step) {
    const auto part = items.subspan(begin, std::min(step, items.size() - begin));
    const SampleBatch batch = model.takes_groups()
                                  ? collate_groups(dataset, part, options.modalities)
                                  : collate(dataset, part, options.modalities);
    const Presence presence = presence_of(batch, options);
    const ModelOutput output = model(model_batch(batch, presence));
    const std::vector<Place> places = places_of(batch);
    append_truth(result, dataset, places);
    if (output.logits.defined()) {
      append_classes(result, output, dataset, places);
    }
    if (output.score.defined()) {
      append_scores(result, output, places);
    }
    append_embeddings(result, output, batch);
    append_heads(result, output, batch, dataset, places);
    if (options.watch) {
      options.watch(output, batch);
    }
    if (options.keep_attention) {
      append_attention(result, output, batch, places);
    }
    loss_sum += loss.of_model(output, loss.targets_of(batch, dtype, device)).item<double>() *
                static_cast<double>(places.size());
  }
  result.loss = loss_sum / static_cast<double>(std::max<std::size_t>(1, result.samples.size()));
  return result;
}

std::int64_t evaluation_batch_size(const TrainConfig& train) {
  return train.evaluation_batch_size > 0 ? train.evaluation_batch_size
                                         : std::max<std::int64_t>(100, train.batch_size);
}

std::vector<std::int64_t> items_of(const Dataset& dataset, Split split, const Model& model) {
  return model.takes_groups() ? dataset.group_indices(split) : dataset.indices(split);
}

Metrics metrics_of(const Predictions& predictions, const Dataset& dataset) {
  Metrics result = {{"loss", predictions.loss}};
  if (!predictions.embeddings.empty()) {
    result.merge(retrieval_metrics(predictions, dataset));
  }
  result.merge(generation_metrics(predictions.generated));
  result.merge(head_metrics(predictions, dataset));
  if (!predictions.predicted.empty()) {
    result.merge(classification_metrics(confusion_of(predictions, dataset)));
    if (dataset.classes() == 2) {
      std::vector<double> scores;
      for (const std::vector<double>& row : predictions.probabilities) {
        scores.push_back(row[1]);
      }
      result["auc"] = auc(predictions.labels, scores);
    }
  }
  if (predictions.targets.empty()) {
    return result;
  }
  const bool graded = std::all_of(predictions.targets.begin(), predictions.targets.end(),
                                  [](double target) { return std::abs(target) <= 3.0; });
  if (!predictions.scores.empty()) {
    result.merge(regression_metrics(predictions.targets, predictions.scores));
  }
  if (graded && dataset.classes() == 2 && !predictions.predicted.empty()) {
    result.merge(sentiment_metrics(predictions.targets, predictions.predicted));
  }
  if (graded && !predictions.scores.empty()) {
    // Where there are classes too, the two-way accuracies above are theirs and stay.
    result.merge(sentiment_metrics(predictions.targets, predictions.scores));
  }
  return result;
}

Confusion confusion_of(const Predictions& predictions, const Dataset& dataset) {
  return confusion_of(predictions.labels, predictions.predicted, dataset.classes());
}

}  // namespace heddle
