#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/batch.h"
#include "data/dataset.h"
#include "models/model.h"
#include "train/config.h"
#include "train/generation.h"
#include "train/loss.h"
#include "train/metrics.h"

namespace heddle {

/// Embeddings of one modality, one row per evaluated sample.
struct ModalityEmbeddings {
  std::string modality;
  std::int64_t width = 0;
  std::vector<float> values;          // [samples, width], row by row
  std::vector<std::uint8_t> present;  // one per sample: 0 where its row means nothing
};

/// What the auxiliary head of one modality says, one entry per evaluated sample.
struct HeadPredictions {
  std::string modality;
  std::vector<std::uint8_t> present;    // 0 where the sample does not show the modality
  std::vector<std::int64_t> predicted;  // empty without classes
  std::vector<double> scores;           // empty without score
};

/// What a model says of samples, in the order they were asked for (groups: their members in order).
struct Predictions {
  std::vector<std::int64_t> samples;
  std::vector<std::int64_t> labels;                // true ones; −1 where there are none
  std::vector<std::int64_t> predicted;             // empty without classes
  std::vector<std::vector<double>> probabilities;  // softmax of the logits; empty without classes
  std::vector<double> targets;                     // true scores; empty where there are none
  std::vector<double> scores;                      // predicted ones; empty without score
  /// Attention over the words or frames of each sample, empty without (groups have none).
  std::vector<std::vector<double>> time_weights;
  std::optional<std::size_t> time_input;  // which of the modalities used has those steps
  std::vector<std::vector<double>> modality_weights;  // empty without
  std::vector<ModalityEmbeddings> embeddings;         // empty for models that have none
  std::vector<EvaluatedPair> pairs;                   // which of them to search by which
  std::vector<HeadPredictions> heads;                 // empty for models without auxiliary heads
  double loss = 0.0;  // mean over samples (of sequences: over tokens), of the model without heads
  GeneratedTexts generated;  // of models that write sequences
};

/// The class with the highest probability (the first of several), the one that stands for all other
/// answers (Dataset::other_class) aside.
std::int64_t most_probable(std::span<const double> probabilities, std::int64_t other_class);

struct EvaluationOptions {
  std::int64_t batch_size = 100;  // samples, or groups
  std::vector<std::string> modalities;
  std::vector<bool> shown;  // per modality: false is masked; empty: all shown
  /// Share of modalities hidden at random (presence_at_missing_rate), where nothing is masked.
  double missing_rate = 0.0;
  std::uint64_t missing_seed = 1;
  bool keep_attention = false;
  /// Called with what the model says of each batch, and the batch; empty: nobody looks.
  std::function<void(const ModelOutput& output, const SampleBatch& batch)> watch = {};
  // Models that write sequences:
  std::optional<GenerationOptions> generation = {};  // how they are written; absent: they are not
  std::string exchanged = {};  // a modality for which each sample gets another one's value
};

/// Runs the model (switched to evaluation, and back to what it was asked to be before) over samples
/// of the data set, or over the groups where the model takes groups. Records nothing on a tape.
Predictions predict(Model& model, const Loss& loss, const Dataset& dataset,
                    std::span<const std::int64_t> items, const EvaluationOptions& options);

/// Samples (or groups) evaluated at a time where a configuration leaves it open.
std::int64_t evaluation_batch_size(const TrainConfig& train);

/// Samples of a split, or its groups where the model takes groups.
std::vector<std::int64_t> items_of(const Dataset& dataset, Split split, const Model& model);

/// "loss", then what applies: retrieval_metrics, classification_metrics, "auc" of two classes,
/// head_metrics, regression_metrics and, where the data set has graded targets in −3 … 3,
/// sentiment_metrics.
Metrics metrics_of(const Predictions& predictions, const Dataset& dataset);

/// Errors: predictions without classes.
Confusion confusion_of(const Predictions& predictions, const Dataset& dataset);

}  // namespace heddle
