#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/batch.h"
#include "data/dataset.h"
#include "models/sequence_generator.h"
#include "train/config.h"
#include "train/metrics.h"

namespace heddle {

/// What a model that writes sequences made of samples, in the order they were asked for.
struct GeneratedTexts {
  std::vector<std::string> sources;
  std::vector<std::string> outputs;     // empty where nothing was to be written
  std::vector<std::string> references;  // what is written in the data set
  double surprise = 0.0;                // Σ −ln P(token) of the references, ends among them
  std::int64_t tokens = 0;              // in them; 0: the model writes no sequences
  bool lower_case = false;              // how BLEU reads them
};

/// Class of each place of a batch's logits [T + 1, B]: the target's tokens, then its end; −1 behind
/// it. i64, on the host. Errors: the batch lacks the target.
Tensor generation_labels(const SampleBatch& batch, const std::string& target, std::int64_t end);

/// How `[task]` asks for sequences to be searched for.
GenerationOptions generation_options(const TaskConfig& task);

/// "perplexity" of the references, and where something was written "bleu" and "exact", the share of
/// texts that are their references. Empty where the model
/// writes no sequences.
Metrics generation_metrics(const GeneratedTexts& texts);

/// What a model made of a text: its best hypothesis.
struct Translation {
  std::string text;
  double log_probability = 0.0;
  double score = 0.0;
  bool ended = true;
};
/// Texts read as the source, each beside the same samples of other modalities (`beside`, by name,
/// a batch of one each: batch_of_raw or batch_of_text); modalities that are not given are masked.
/// Errors (InputError): a model that writes no sequences; a text without a token; a modality that
/// stands beside no source of this model.
std::vector<Translation> translate(Model& model, const Dataset& dataset,
                                   const std::vector<std::string>& modalities,
                                   std::span<const std::string> texts,
                                   const GenerationOptions& options,
                                   std::span<const BatchModality> beside = {});

/// {"source", "translation", "log_probability", "score", "complete"} in one line, ended by a line
/// feed; bytes that are no UTF-8 appear as U+FFFD.
std::string translation_json(const std::string& source, const Translation& translation);

}  // namespace heddle
