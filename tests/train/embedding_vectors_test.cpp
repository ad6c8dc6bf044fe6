#include "train/embedding_vectors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/core/throws.h"
#include "tests/train/small_run.h"
#include "train/run.h"
#include "train/trained_model.h"
#include "train/trainer.h"

namespace heddle {
namespace {

constexpr std::int64_t width = 3;

/// A file of vectors for every second word of the built-in sentences.
class EmbeddingVectors : public testing::Test {
 protected:
  EmbeddingVectors() : config_(small_config()), data_(load_data(config_.data)) {
    std::ofstream file(path());
    file << "unheard-of 9 9 9\n";
    for (std::int64_t number = 2; number < vocabulary().size(); number += 2) {
      file << vocabulary().word(number) << ' ' << value(number, 0) << ' ' << value(number, 1) << ' '
           << value(number, 2) << '\n';
    }
    file.close();
    config_.model.tokens.vectors = path().string();
    config_.train.epochs = 2;
  }

  static float value(std::int64_t number, std::int64_t column) {
    return static_cast<float>((number * 7 + column * 5) % 23 - 10) / 64.0f;  // few digits
  }
  std::filesystem::path path() const { return folder_.path() / "vectors.txt"; }
  const Vocabulary& vocabulary() const { return *data_.dataset.modality("text").info.vocabulary; }
  static std::vector<float> table_of(const std::vector<NamedParameter>& parameters) {
    for (const NamedParameter& parameter : parameters) {
      if (parameter.name == "text.embedding.weight") {
        return parameter.variable.value().to_vector<float>();
      }
    }
    ADD_FAILURE() << "no table";
    return {};
  }
  RunConfig resolved() const { return with_vector_width(config_, folder_.path() / "none", false); }

  TemporaryFolder folder_;
  RunConfig config_;
  LoadedData data_;
};

TEST_F(EmbeddingVectors, FillTheRowsOfTheirWordsAndScaleTheOthers) {
  const RunConfig config = resolved();
  EXPECT_EQ(config.model.tokens.embedding, width);
  Trainer trainer(config, data_.dataset);
  const std::vector<float> before = table_of(trainer.parameters());
  const std::vector<std::string> messages = trainer.take_word_vectors();
  const std::vector<float> after = table_of(trainer.parameters());
  const std::int64_t words = vocabulary().size() - 2;
  const std::int64_t found = (words + 1) / 2;
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_TRUE(
      messages[0].starts_with(std::to_string(found) + " of " + std::to_string(words) + " ("))
      << messages[0];
  double squares = 0.0;
  double sum = 0.0;
  double other_squares = 0.0;
  std::int64_t others = 0;
  for (std::int64_t number = 0; number < vocabulary().size(); ++number) {
    for (std::int64_t k = 0; k < width; ++k) {
      const auto at = static_cast<std::size_t>(number * width + k);
      if (number >= 2 && number % 2 == 0) {
        EXPECT_EQ(after[at], value(number, k)) << number;
        squares += after[at] * after[at];
        sum += after[at];
      } else {
        EXPECT_EQ(std::signbit(after[at]), std::signbit(before[at]));
        other_squares += after[at] * after[at];
        ++others;
      }
    }
  }
  const auto count = static_cast<double>(found * width);
  const double spread = std::sqrt(squares / count - sum / count * (sum / count));
  EXPECT_NEAR(std::sqrt(other_squares / static_cast<double>(others)), spread, 0.2 * spread);
}

TEST_F(EmbeddingVectors, FrozenTablesKeepTheirBits) {
  config_.model.tokens.freeze_vectors = true;
  config_.train.average_decay = 0.9;
  config_.optimizer.weight_decay = 0.1;
  Trainer trainer(resolved(), data_.dataset);
  trainer.take_word_vectors();
  const std::vector<float> before = table_of(trainer.parameters());
  const std::string others_before = weights_sha256(trainer.parameters());
  while (!trainer.finished()) {
    if (trainer.step().ends_epoch) {
      trainer.end_epoch();
    }
  }
  EXPECT_EQ(table_of(trainer.parameters()), before);
  EXPECT_NE(weights_sha256(trainer.parameters()), others_before);
  for (const NamedTensor& tensor : trainer.chosen_weights()) {
    if (tensor.name == "text.embedding.weight") {
      EXPECT_EQ(tensor.tensor.to_vector<float>(), before);
    }
  }
  for (const NamedTensor& tensor : trainer.snapshot().tensors) {
    EXPECT_NE(tensor.name, "first.text.embedding.weight");
  }
  // And learned ones do not.
  config_.model.tokens.freeze_vectors = false;
  Trainer learning(resolved(), data_.dataset);
  learning.take_word_vectors();
  learning.step();
  EXPECT_NE(table_of(learning.parameters()), before);
}

TEST_F(EmbeddingVectors, ARunNeedsTheFileOnce) {
  RunOptions options;
  std::ostringstream messages;
  options.messages = &messages;
  options.folder = folder_.path() / "whole";
  config_.model.tokens.freeze_vectors = true;
  const RunOutcome whole = run_training(config_, data_, options);
  EXPECT_NE(messages.str().find("words of \"text\" have a vector in"), std::string::npos);
  // Half of it, then the rest without the file.
  {
    options.folder = folder_.path() / "half";
    RunConfig half = resolved();
    Trainer trainer(half, data_.dataset);
    trainer.take_word_vectors();
    for (int step = 0; step < 3; ++step) {
      trainer.step();
    }
    const RunFolder made(options.folder, RunFolder::Start::fresh);
    made.keep_config(to_toml(half));
    CheckpointFolder(made.checkpoints(), 2).save(trainer.snapshot(), to_toml(half));
  }
  std::filesystem::remove(path());
  options.start = RunFolder::Start::resume;
  const RunOutcome resumed = run_training(config_, data_, options);
  EXPECT_EQ(resumed.summary.weights_sha256, whole.summary.weights_sha256);
  // What evaluates, predicts and exports builds the model of the weights' own configuration.
  const WeightsFile weights = find_weights(folder_.path() / "whole");
  const RunConfig told = parse_run_config(weights.config, "weights");
  const auto model = model_for(told, data_.dataset, Loss(told, data_.dataset));
  load_weights(parameters_of(*model), weights.weights, "weights");
  options.start = RunFolder::Start::fresh;
  options.folder = folder_.path() / "another";
  EXPECT_NE(message_of<InputError>([&] {
              run_training(config_, data_, options);
            }).find("vectors.txt: cannot open"),
            std::string::npos);
}

TEST_F(EmbeddingVectors, AFileThatCannotBeUsedClearsNoOldRun) {
  RunOptions options;
  options.folder = folder_.path() / "run";
  run_training(config_, data_, options);
  std::ofstream(path()) << "film 1 2 3\nfilm 1 2\n";
  options.start = RunFolder::Start::overwrite;
  EXPECT_NE(message_of<InputError>([&] { run_training(config_, data_, options); }).find("line 2"),
            std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(options.folder / "best.safetensors"));
}

TEST_F(EmbeddingVectors, SayWhatDoesNotFit) {
  config_.model.tokens.vector_width = 5;
  const std::string wide = message_of<InputError>([&] { resolved(); });
  EXPECT_NE(wide.find("model.tokens.embedding is 5 but "), std::string::npos) << wide;
  EXPECT_NE(wide.find("has vectors of 3 numbers; leave model.tokens.embedding out"),
            std::string::npos)
      << wide;
  config_.model.tokens.vector_width.reset();
  std::ofstream(path()) << "Film 1 2 3\nFILM 1 2 3\nNot 1 2 3\nAwful 4 5 6\n";
  Trainer trainer(resolved(), data_.dataset);
  const std::string cased = message_of<InputError>([&] { trainer.take_word_vectors(); });
  EXPECT_NE(cased.find("has no word of the vocabulary; "), std::string::npos) << cased;
  EXPECT_NE(cased.find(" are there with capital letters"), std::string::npos) << cased;
}

TEST_F(EmbeddingVectors, KeysAreWrittenBack) {
  const RunConfig open =
      parse_run_config("[model.tokens]\nvectors = \"glove.txt\"\nfreeze_vectors = true\n", "t");
  EXPECT_EQ(open.model.tokens.embedding, 0);
  EXPECT_EQ(to_toml(parse_run_config(to_toml(open), "again")), to_toml(open));
  EXPECT_EQ(to_toml(parse_run_config(to_toml(resolved()), "again")), to_toml(resolved()));
  const std::string both = message_of<InputError>([] {
    parse_run_config(
        "[model.tokens]\nvectors = \"g\"\nfreeze_vectors = true\n[train.attack]\n"
        "kind = \"fgm\"\n",
        "t");
  });
  EXPECT_NE(both.find("model.tokens.freeze_vectors is true"), std::string::npos) << both;
  EXPECT_THROW(parse_run_config("[model.tokens]\nfreeze_vectors = true\n", "t"), InputError);
}

}  // namespace
}  // namespace heddle
