#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>
#include <numeric>

#include "apps/commands.h"
#include "apps/loaded_run.h"
#include "autograd/ops.h"
#include "core/error.h"
#include "data/batch.h"
#include "data/nearest_name.h"
#include "data/npy.h"
#include "train/final_evaluation.h"
#include "train/model_batch.h"
#include "train/retrieval.h"
#include "train/trained_model.h"

namespace heddle {

namespace {

/// The modality to search in: the one asked for, else the first that is paired with the query's.
std::string target_of(const RunConfig& config, const std::string& query, const std::string& asked) {
  std::vector<std::string> paired;
  std::vector<ModalityPair> pairs = config.task.pairs;
  pairs.insert(pairs.end(), config.task.evaluate.begin(), config.task.evaluate.end());
  for (const ModalityPair& pair : pairs) {
    if (pair.left == query || pair.right == query) {
      paired.push_back(pair.left == query ? pair.right : pair.left);
    }
  }
  check<InputError>(!paired.empty(), "no pair of task.pairs or task.evaluate has \"", query,
                    "\", so that nothing can be searched by it");
  if (asked.empty()) {
    return paired.front();
  }
  check<UsageError>(std::find(paired.begin(), paired.end(), asked) != paired.end(), "--to ", asked,
                    ": \"", query, "\" has no pair with it", suggestion(asked, paired));
  return asked;
}

/// The sample whose value a name means: a sample's name, or what it shows (a picture's name).
std::optional<std::int64_t> sample_called(const Dataset& dataset, const std::string& name) {
  for (const Split split : all_splits) {
    for (const std::int64_t sample : dataset.indices(split)) {
      if (dataset.name_of_identity(dataset.identity_of(sample)) == name ||
          dataset.name_of_sample(sample) == name) {
        return sample;
      }
    }
  }
  return std::nullopt;
}

/// A batch of one whose modality `name` is what `value` says: words, a name in the data, or a .npy
/// file of raw values. The other modalities are those of some sample, and not looked at.
SampleBatch query_batch(const LoadedRun& run, const std::string& name, const std::string& value) {
  const Dataset& dataset = run.data.dataset;
  const ModalityInfo& info = dataset.modality(name).info;
  const auto known =
      info.kind == ModalityKind::tokens ? std::nullopt : sample_called(dataset, value);
  const std::int64_t sample = known.value_or(dataset.indices(Split::train).front());
  SampleBatch batch = collate(dataset, std::span(&sample, 1), run.modalities);
  const auto place = std::find_if(batch.modalities.begin(), batch.modalities.end(),
                                  [&](const BatchModality& entry) { return entry.name == name; });
  if (info.kind == ModalityKind::tokens) {
    *place = batch_of_text(info, value);
  } else if (!known) {
    check<InputError>(std::filesystem::exists(value), "\"", value,
                      "\" is neither a name in data set \"", dataset.name,
                      "\" nor a .npy file of raw values; names are such as \"",
                      dataset.name_of_identity(dataset.identity_of(sample)), "\"");
    *place = batch_of_raw(info, read_npy(value, DType::f32));
  }
  check<InputError>(!place->present.defined() || place->present.data<bool>()[0], "sample \"", value,
                    "\" has no ", name);
  return batch;
}

RetrievalSide query_side(const LoadedRun& run, const std::string& name, const std::string& value) {
  const NoGrad no_grad;
  const Evaluating evaluating(*run.model);
  const ModelOutput output = (*run.model)(model_batch(query_batch(run, name, value), {}));
  const auto place = std::find(run.modalities.begin(), run.modalities.end(), name);
  const auto at = static_cast<std::size_t>(place - run.modalities.begin());
  return {.embeddings = output.embeddings[at].value().to(DType::f32).to(Device{}),
          .identities = {-1}};
}

struct Found {
  std::string name;
  std::string text;  // of tokens
  double score = 0.0;
};

std::vector<Found> search(const LoadedRun& run, const RetrievalSide& query,
                          const SearchItems& items, const std::string& target, std::int64_t top) {
  const Dataset& dataset = run.data.dataset;
  const Modality& modality = dataset.modality(target);
  const std::vector<float> scores =
      matmul(Variable(items.side.embeddings), Variable(query.embeddings.transpose(0, 1)))
          .value()
          .to_vector<float>();
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
    return scores[left] > scores[right];
  });
  std::vector<Found> found;
  for (std::size_t i = 0; i < order.size() && static_cast<std::int64_t>(i) < top; ++i) {
    const std::int64_t sample = items.samples[order[i]];
    Found& one = found.emplace_back();
    one.name = dataset.name_of_identity(dataset.identity_of(sample));
    one.score = static_cast<double>(scores[order[i]]);
    if (modality.info.kind == ModalityKind::tokens) {
      for (const std::string& word : modality.words(sample)) {
        one.text += (one.text.empty() ? "" : " ") + word;
      }
    }
  }
  return found;
}

std::string as_json(const RetrieveCommand& command, const std::string& query,
                    const std::string& target, const std::vector<Found>& found) {
  using Json = nlohmann::ordered_json;
  Json results = Json::array();
  for (const Found& one : found) {
    Json entry = {{"name", one.name}, {"score", one.score}};
    if (!one.text.empty()) {
      entry["text"] = one.text;
    }
    results.push_back(std::move(entry));
  }
  return Json({{"query", {{"modality", query}, {"value", command.query.second}}},
               {"split", command.split},
               {"target", target},
               {"results", results}})
             .dump(2) +
         "\n";
}

}  // namespace

int run(const RetrieveCommand& command) {
  check<UsageError>(!command.query.first.empty(),
                    "heddle retrieve: give what to search by, such as --text \"a dog runs\" or "
                    "--image NAME (heddle retrieve --help)");
  const Split split = split_named(command.split);
  LoadedRun run = load_run(command.source, command.device, command.overrides);
  check<InputError>(
      run.config.task.kind == TaskKind::retrieve, command.source,
      ": this model finds nothing; expected one trained with task.kind = \"retrieve\" "
      "(heddle predict or translate is for this one)");
  const std::string& query = command.query.first;
  check<InputError>(
      std::find(run.modalities.begin(), run.modalities.end(), query) != run.modalities.end(),
      "this model has no modality \"", query, "\"", suggestion(query, run.modalities));
  const std::string target = target_of(run.config, query, command.target);
  const RetrievalSide side = query_side(run, query, command.query.second);
  const EvaluatedModel evaluated = {*run.model, *run.loss, run.modalities};
  const Predictions predictions = evaluate_split(evaluated, run.data.dataset, run.config, split);
  check<InputError>(!predictions.samples.empty(), "data set \"", run.data.dataset.name,
                    "\" has no ", command.split, " samples");
  const SearchItems items = search_items(predictions, run.data.dataset, target);
  const std::vector<Found> found = search(run, side, items, target, command.top);
  if (command.json) {
    std::cout << as_json(command, query, target, found);
    return 0;
  }
  std::cout << std::fixed << std::setprecision(4);
  for (const Found& one : found) {
    std::cout << one.score << "  " << one.name << (one.text.empty() ? "" : "  ") << one.text
              << '\n';
  }
  return 0;
}

}  // namespace heddle
