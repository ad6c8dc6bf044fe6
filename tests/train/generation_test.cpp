#include "train/generation.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/builtin/translation.h"
#include "data/safetensors.h"
#include "tests/core/throws.h"
#include "tests/train/small_run.h"
#include "train/checkpoint.h"
#include "train/final_evaluation.h"
#include "train/load_data.h"
#include "train/trained_model.h"
#include "train/trainer.h"

namespace heddle {
namespace {

RunConfig translation_config() {
  return parse_run_config(R"(
name = "small"
[task]
kind = "generate"
source = "source"
target = "target"
beam = 2
[data]
kind = "builtin"
set = "translation"
train = 2000
valid = 40
test = 100
[model]
name = "sequence_to_sequence"
hidden = 32
[model.sequence_to_sequence]
encoder_layers = 1
decoder_layers = 1
feed_forward = 64
dropout = 0.05
missing_vectors = true
[train]
epochs = 8
batch_tokens = 300
clip_norm = 1.0
modality_dropout = 0.1
[optimizer]
kind = "adam"
learning_rate = 5e-3
[schedule]
kind = "cosine"
warmup_steps = 60
)",
                          "small.toml");
}

void train(Trainer& trainer) {
  while (!trainer.finished()) {
    if (trainer.step().ends_epoch) {
      trainer.end_epoch();
    }
  }
}

// A fusion that does not work cannot get more than half of the sentences right.
TEST(Generation, LearnsTheTwinWithItsPictureAndNotWithout) {
  const RunConfig config = translation_config();
  const LoadedData data = load_data(config.data);
  Trainer trainer(config, data.dataset);
  train(trainer);
  const EvaluatedModel evaluated = {trainer.model(), trainer.loss(), trainer.modalities()};
  const Predictions test = evaluate_split(evaluated, data.dataset, config, Split::test);
  const Metrics metrics = metrics_of(test, data.dataset);
  EXPECT_GE(metrics.at("exact"), 0.95);
  EXPECT_GE(metrics.at("bleu"), 97.0);
  EXPECT_LT(metrics.at("perplexity"), 3.0);
  EvaluationOptions hides;
  hides.modalities = trainer.modalities();
  hides.shown = {true, false, true};
  hides.generation.emplace();
  const Predictions without = predict(trainer.model(), trainer.loss(), data.dataset,
                                      data.dataset.indices(Split::test), hides);
  EXPECT_LE(metrics_of(without, data.dataset).at("exact"), 0.6);
  const Metrics beside = evaluate_beside(evaluated, data.dataset, config);
  EXPECT_LT(beside.at("bleu_without_picture"), metrics.at("bleu") - 5.0);
  EXPECT_LT(beside.at("bleu_exchanged_picture"), metrics.at("bleu") - 5.0);
  EXPECT_EQ(best_possible(config.data, {"source", "target"}), 0.5);

  // Texts come back in the order they were asked for, and as those of one sample alone.
  const std::vector<std::int64_t>& items = data.dataset.indices(Split::test);
  for (const std::size_t i : {0u, 7u, 50u}) {
    const std::int64_t item = items[i];
    EvaluationOptions options;
    options.modalities = trainer.modalities();
    options.generation = generation_options(config.task);
    const Predictions alone =
        predict(trainer.model(), trainer.loss(), data.dataset, std::span(&item, 1), options);
    EXPECT_EQ(alone.generated.outputs[0], test.generated.outputs[i]);
    EXPECT_EQ(alone.generated.references[0], test.generated.references[i]);
  }
  const std::vector<std::string> asked = {"the old child sees a kite",
                                          "a bat never finds the boat"};
  const std::vector<Translation> found =
      translate(trainer.model(), data.dataset, trainer.modalities(), asked, {});
  EXPECT_EQ(found[0].text, "su nano gorma mo suti vid");
  // The picture of a sample decides: that of each of two neighbours shows another reading.
  const std::vector<std::string> bat = {"a bat sees the boat"};
  for (const std::int64_t sample : {items[0], items[1]}) {
    const Modality& picture = data.dataset.modality("picture");
    const BatchModality shown = batch_of_raw(picture.info, picture.sample(sample));
    const Translation seen = translate(trainer.model(), data.dataset, trainer.modalities(), bat, {},
                                       std::span(&shown, 1))
                                 .front();
    const bool is_animal = make_translation_sample(config.data.seed, sample).is_animal;
    EXPECT_EQ(seen.text, std::string("mo ") + (is_animal ? "fliro" : "holto") + " su navu vid");
  }
  EXPECT_TRUE(found[1].text == "nulo mo fliro su navu tro" ||
              found[1].text == "nulo mo holto su navu tro")
      << found[1].text;
}

TEST(Generation, ResumesWithTheSameBits) {
  RunConfig config = translation_config();
  config.data.train = 200;
  config.train.max_steps = 24;
  config.train.average_decay = 0.9;
  const LoadedData data = load_data(config.data);
  Trainer whole(config, data.dataset);
  train(whole);
  Trainer first(config, data.dataset);
  for (int i = 0; i < 13; ++i) {
    if (first.step().ends_epoch) {
      first.end_epoch();
    }
  }
  Trainer second(config, data.dataset);
  second.restore(first.snapshot());
  train(second);
  EXPECT_EQ(weights_sha256(second.parameters()), weights_sha256(whole.parameters()));
}

TEST(Generation, LabelsAreTheTokensAndTheirEnd) {
  SampleBatch batch;
  batch.modalities.push_back({.name = "german",
                              .kind = ModalityKind::tokens,
                              .values = Tensor::from<std::int64_t>({5, 7, 6, 0, 8, 0}, {3, 2}),
                              .lengths = Tensor::from<std::int64_t>({3, 1}, {2})});
  EXPECT_EQ(generation_labels(batch, "german", 3).to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{5, 7, 6, 3, 8, -1, 3, -1}));
}

TEST(Generation, ConfigurationGoesRoundAndIsChecked) {
  const RunConfig config = translation_config();
  const std::string text = to_toml(config);
  EXPECT_EQ(to_toml(parse_run_config(text, "again")), text);
  for (const char* key :
       {"source = \"source\"", "beam = 2", "length_penalty", "bleu_lower_case",
        "set = \"translation\"", "encoder = \"transformer\"", "batch_tokens = 300",
        "share_embeddings", "fusion = \"tokens\"", "feature_dropout"}) {
    EXPECT_NE(text.find(key), std::string::npos) << key;
  }
  const auto message = [&](const std::string& change) {
    const std::vector<std::string> changes = {change};
    return message_of<InputError>([&] { validate(parse_run_config(text, "f", changes)); });
  };
  EXPECT_NE(message("task.target=\"\"").find("task.source or task.target is not given"),
            std::string::npos);
  EXPECT_NE(message("loss.regression=1.0").find("the loss is the cross-entropy of tokens"),
            std::string::npos);
  EXPECT_NE(message("task.sorce=\"x\"").find("source"), std::string::npos);
  EXPECT_NE(message("data.set=\"translate\"").find("translation"), std::string::npos);
  RunConfig wrong;
  wrong.task.kind = TaskKind::generate;
  EXPECT_NE(message_of<InputError>([&] {
              validate(wrong);
            }).find("expected model.name = \"sequence_to_sequence\""),
            std::string::npos);
}

TEST(Generation, WeightsKeepTheirTokenizers) {
  const TemporaryFolder folder;
  const std::vector<std::string> texts = {"ein hund läuft", "ein \x80 hund"};
  const std::string tokenizer = Bpe::learned(texts, 5).to_text();
  const auto path = folder.path() / "w.safetensors";
  save_weights(path, {.weights = {{"a", Tensor::zeros({2})}},
                      .config = "x",
                      .step = 3,
                      .tokenizers = {{"german", tokenizer}}});
  const WeightsFile read = read_weights(path);
  EXPECT_EQ(read.tokenizers.at("german"), tokenizer);
  EXPECT_EQ(Bpe::from_text(read.tokenizers.at("german"), "w").encode(texts[1]),
            Bpe::learned(texts, 5).encode(texts[1]));
}

TEST(Generation, JsonHoldsWhatWasFound) {
  const auto line = nlohmann::json::parse(translation_json(
      "a \x80 \"dog\"",
      {.text = "ein hund", .log_probability = -1.5, .score = -1.0, .ended = true}));
  EXPECT_EQ(line.at("source"), "a \xEF\xBF\xBD \"dog\"");
  EXPECT_EQ(line.at("translation"), "ein hund");
  EXPECT_EQ(line.at("complete"), true);
  EXPECT_EQ(line.at("log_probability"), -1.5);
}

}  // namespace
}  // namespace heddle
