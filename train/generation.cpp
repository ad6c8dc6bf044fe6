#include "train/generation.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/error.h"
#include "data/nearest_name.h"
#include "train/bleu.h"
#include "train/model_batch.h"
#include "train/trained_model.h"

namespace heddle {

Tensor generation_labels(const SampleBatch& batch, const std::string& target, std::int64_t end) {
  const BatchModality& modality = batch.modality(target);
  const Tensor tokens = modality.values.contiguous();
  const std::int64_t steps = tokens.size(0);
  const std::int64_t samples = tokens.size(1);
  const std::vector<std::int64_t> lengths = modality.lengths.to_vector<std::int64_t>();
  Tensor labels = Tensor::full({steps + 1, samples}, -1.0, DType::i64);
  auto* out = labels.mutable_data<std::int64_t>("generation_labels");
  const auto* in = tokens.data<std::int64_t>();
  for (std::int64_t b = 0; b < samples; ++b) {
    const std::int64_t length = lengths[static_cast<std::size_t>(b)];
    for (std::int64_t t = 0; t < length; ++t) {
      out[t * samples + b] = in[t * samples + b];
    }
    out[length * samples + b] = end;
  }
  return labels;
}

GenerationOptions generation_options(const TaskConfig& task) {
  GenerationOptions options;
  options.search.beam = task.beam;
  options.search.length_penalty = task.length_penalty;
  return options;
}

Metrics generation_metrics(const GeneratedTexts& texts) {
  Metrics metrics;
  if (texts.tokens == 0) {
    return metrics;
  }
  metrics["perplexity"] = std::exp(texts.surprise / static_cast<double>(texts.tokens));
  if (!texts.outputs.empty()) {
    metrics["bleu"] =
        corpus_bleu(texts.outputs, texts.references, {.lower_case = texts.lower_case}).score;
    double exact = 0.0;
    for (std::size_t i = 0; i < texts.outputs.size(); ++i) {
      exact += texts.outputs[i] == texts.references[i] ? 1.0 : 0.0;
    }
    metrics["exact"] = exact / static_cast<double>(texts.outputs.size());
  }
  return metrics;
}

namespace {

/// Texts by their number of tokens, longest last, so that those of a batch are alike.
std::vector<std::size_t> by_length(const std::vector<std::vector<std::int64_t>>& tokens) {
  std::vector<std::size_t> order(tokens.size());
  std::iota(order.begin(), order.end(), std::size_t{});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
    return tokens[left].size() < tokens[right].size();
  });
  return order;
}

/// A batch of one, as many times as there are samples.
ModelInput repeated(const BatchModality& one, std::int64_t samples) {
  const int dim = has_lengths(one.kind) ? 1 : 0;
  ModelInput input;
  input.values = one.values.expand(one.values.shape().replaced(dim, samples)).contiguous();
  if (one.lengths.defined()) {
    input.lengths = one.lengths.expand({samples}).contiguous();
  }
  return input;
}

/// A batch in which the source has these tokens, and everything that is not given is absent.
ModelBatch batch_of_sources(const std::vector<InputSpec>& specs, std::size_t source,
                            const std::vector<std::vector<std::int64_t>>& tokens,
                            std::span<const BatchModality> beside) {
  const auto samples = static_cast<std::int64_t>(tokens.size());
  std::int64_t longest = 1;
  std::vector<std::int64_t> lengths;
  for (const auto& one : tokens) {
    lengths.push_back(static_cast<std::int64_t>(one.size()));
    longest = std::max(longest, lengths.back());
  }
  ModelBatch batch;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    ModelInput& input = batch.inputs.emplace_back();
    const auto given = std::find_if(beside.begin(), beside.end(), [&](const BatchModality& one) {
      return one.name == specs[i].name;
    });
    if (given != beside.end()) {
      input = repeated(*given, samples);
      continue;
    }
    const bool has_steps =
        specs[i].kind == InputSpec::Kind::tokens || specs[i].kind == InputSpec::Kind::sequence;
    const DType type = specs[i].kind == InputSpec::Kind::tokens ? DType::i64 : DType::f32;
    Shape shape = specs[i].shape.inserted(0, samples);
    if (has_steps) {
      shape = shape.inserted(0, i == source ? longest : 1);
    }
    input.values = Tensor::zeros(shape, type);
    if (i != source) {
      input.present = Tensor::full({samples}, 0.0, DType::boolean);
      continue;
    }
    input.lengths = Tensor::from(std::span<const std::int64_t>(lengths), {samples});
    auto* out = input.values.mutable_data<std::int64_t>("translate");
    for (std::size_t b = 0; b < tokens.size(); ++b) {
      for (std::size_t t = 0; t < tokens[b].size(); ++t) {
        out[t * tokens.size() + b] = tokens[b][t];
      }
    }
  }
  return batch;
}

void check_beside(const SequenceGenerator& generator, const std::vector<std::string>& modalities,
                  std::span<const BatchModality> beside) {
  std::vector<std::string> known;
  for (std::size_t i = 0; i < modalities.size(); ++i) {
    if (i != generator.source_input() && i != generator.target_input()) {
      known.push_back(modalities[i]);
    }
  }
  for (const BatchModality& one : beside) {
    check<InputError>(std::find(known.begin(), known.end(), one.name) != known.end(),
                      "this model has no modality \"", one.name, "\" beside its source",
                      known.empty() ? "; it has none" : suggestion(one.name, known));
  }
}

}  // namespace

std::vector<Translation> translate(Model& model, const Dataset& dataset,
                                   const std::vector<std::string>& modalities,
                                   std::span<const std::string> texts,
                                   const GenerationOptions& options,
                                   std::span<const BatchModality> beside) {
  SequenceGenerator* generator = model.generator();
  check<InputError>(generator != nullptr,
                    "this model writes no texts; expected one trained with task.kind = "
                    "\"generate\"");
  check_beside(*generator, modalities, beside);
  const Vocabulary& source =
      *dataset.modality(modalities[generator->source_input()]).info.vocabulary;
  const Vocabulary& target =
      *dataset.modality(modalities[generator->target_input()]).info.vocabulary;
  const std::vector<std::vector<std::int64_t>> tokens = source.encode_all(texts);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    check<InputError>(!tokens[i].empty(), "nothing to translate in \"", texts[i], "\"");
  }
  constexpr std::size_t batch_size = 32;
  const Evaluating evaluating(model);
  const std::vector<std::size_t> order = by_length(tokens);
  std::vector<Translation> results(texts.size());
  for (std::size_t begin = 0; begin < order.size(); begin += batch_size) {
    const std::size_t end = std::min(begin + batch_size, order.size());
    std::vector<std::vector<std::int64_t>> part;
    for (std::size_t i = begin; i < end; ++i) {
      part.push_back(tokens[order[i]]);
    }
    const auto found = generator->generate(
        model.clean(batch_of_sources(model.inputs(), generator->source_input(), part, beside)),
        options);
    for (std::size_t i = begin; i < end; ++i) {
      const Hypothesis& best = found[i - begin].front();
      results[order[i]] = {target.decode(best.tokens), best.log_probability, best.score,
                           best.ended};
    }
  }
  return results;
}

std::string translation_json(const std::string& source, const Translation& translation) {
  return nlohmann::json{{"source", source},
                        {"translation", translation.text},
                        {"log_probability", translation.log_probability},
                        {"score", translation.score},
                        {"complete", translation.ended}}
             .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
         "\n";
}

}  // namespace heddle
