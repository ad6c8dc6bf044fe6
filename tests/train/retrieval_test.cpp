#include "train/retrieval.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "data/builtin/retrieval.h"
#include "tests/train/small_run.h"
#include "train/run.h"
#include "train/trainer.h"

namespace heddle {
namespace {

std::filesystem::path source(const char* file) {
  return std::filesystem::path(HEDDLE_SOURCE_DIR) / file;
}

std::filesystem::path data_root() {
  const char* named = std::getenv("HEDDLE_DATA");
  return named != nullptr ? std::filesystem::path(named) : source("../shared/data");
}

/// The test metrics of the built-in twin after its whole training, on data that may be changed.
Metrics trained_twin(LoadedData data, const std::vector<std::string>& overrides = {}) {
  const RunConfig config = load_run_config(source("configs/retrieval.toml"), overrides);
  Trainer trainer(config, data.dataset);
  while (!trainer.finished()) {
    static_cast<void>(trainer.step());
  }
  return metrics_of(trainer.evaluate(Split::test), data.dataset);
}

LoadedData twin_data() { return load_data(load_run_config(source("configs/retrieval.toml")).data); }

TEST(RetrievalRun, TheBuiltInTwinComesNearTheBestPossible) {
  const Metrics metrics = trained_twin(twin_data());
  const BuiltinRetrieval made =
      make_builtin_retrieval({.seed = 1, .train = 2000, .valid = 200, .test = 200});
  const double best = best_possible_recall(made, Split::test, 1);
  EXPECT_GT(best, 0.7);
  EXPECT_LT(best, 0.95);
  EXPECT_GT(metrics.at("text_to_image_r1"), 0.85 * best);
  EXPECT_GT(metrics.at("image_to_text_r1"), 0.75 * best);
  const RunConfig config = load_run_config(source("configs/retrieval.toml"));
  const double best_mean = best_possible(config.data, {"text", "image"}).value();
  EXPECT_GT(metrics.at("recall_mean"), 0.95 * best_mean);
}

TEST(RetrievalRun, WrongPairsTeachNothing) {
  // Every training caption with the picture of another: what a mistake in pairing would do.
  LoadedData data = twin_data();
  for (Modality& modality : data.dataset.modalities) {
    if (modality.info.name == "image") {
      Tensor moved = modality.values.clone();
      moved.slice(0, 0, 1000).copy_(modality.values.slice(0, 1000, 2000));
      moved.slice(0, 1000, 2000).copy_(modality.values.slice(0, 0, 1000));
      modality.values = moved;
    }
  }
  const Metrics metrics = trained_twin(std::move(data), {"train.epochs=3"});
  EXPECT_LT(metrics.at("text_to_image_r1"), 0.1);
}

TEST(RetrievalRun, ASideCountsEachPictureOnce) {
  const BuiltinRetrieval made = make_builtin_retrieval({.train = 2, .valid = 0, .test = 5});
  Predictions predictions;
  predictions.samples = {2, 3, 4, 5, 6};
  for (const char* name : {"text", "image"}) {
    ModalityEmbeddings& entry = predictions.embeddings.emplace_back();
    entry.modality = name;
    entry.width = 1;
    entry.values = {0, 1, 2, 3, 4};
    entry.present = {1, 1, 0, 1, 1};
  }
  const SearchItems pictures = search_items(predictions, made.dataset, "image");
  EXPECT_EQ(pictures.samples, (std::vector<std::int64_t>{2, 5, 6}));
  EXPECT_EQ(pictures.side.identities, (std::vector<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(pictures.side.embeddings.to_vector<float>(), (std::vector<float>{0, 3, 4}));
  EXPECT_EQ(search_items(predictions, made.dataset, "text").samples,
            (std::vector<std::int64_t>{2, 3, 5, 6}));
}

TEST(RetrievalRun, PairsThatAreOnlyEvaluatedDoNotCountInTheMean) {
  Dataset dataset;
  dataset.name = "n";
  dataset.samples = 2;
  Predictions predictions;
  predictions.samples = {0, 1};
  predictions.pairs = {{{"a", "b"}, true}, {{"a", "c"}, false}};
  const std::vector<std::pair<const char*, std::vector<float>>> all = {
      {"a", {1, 0, 0, 1}}, {"b", {1, 0, 0, 1}}, {"c", {0, 1, 1, 0}}};
  for (const auto& [name, values] : all) {
    predictions.embeddings.push_back({name, 2, values, {1, 1}});
    dataset.modalities.emplace_back().info.name = name;
  }
  const Metrics metrics = retrieval_metrics(predictions, dataset);
  EXPECT_DOUBLE_EQ(metrics.at("a_to_b_r1"), 1.0);
  EXPECT_DOUBLE_EQ(metrics.at("a_to_c_r1"), 0.0);
  EXPECT_DOUBLE_EQ(metrics.at("c_to_a_median_rank"), 2.0);
  EXPECT_DOUBLE_EQ(metrics.at("recall_mean"), 1.0);
}

TEST(RetrievalRun, LeavesMetricsAndAReport) {
  const TemporaryFolder folder;
  const RunConfig config = load_run_config(
      source("configs/retrieval.toml"),
      std::vector<std::string>{"data.train=64", "data.valid=20", "data.test=20", "train.epochs=2"});
  const LoadedData data = load_data(config.data);
  RunOptions options;
  options.folder = folder.path() / "run";
  const RunOutcome outcome = run_training(config, data, options);
  const Metrics& test = outcome.summary.metrics.at("test");
  for (const char* name : {"loss", "recall_mean", "text_to_image_r1", "image_to_text_r10",
                           "text_to_image_median_rank"}) {
    EXPECT_TRUE(test.contains(name)) << name;
  }
  std::ostringstream report;
  report << std::ifstream(options.folder / "report.html").rdbuf();
  for (const char* part : {"Mean recall", "text → image, R@1", "median rank"}) {
    EXPECT_NE(report.str().find(part), std::string::npos) << part;
  }
  options.folder = folder.path() / "again";
  const RunOutcome again = run_training(config, data, options);
  EXPECT_EQ(outcome.summary.weights_sha256, again.summary.weights_sha256);
}

TEST(RetrievalRun, TripletAndFixedTemperatureTrainToo) {
  for (const auto loss : {ContrastiveLossKind::triplet, ContrastiveLossKind::infonce}) {
    RunConfig config = load_run_config(
        source("configs/retrieval.toml"),
        std::vector<std::string>{"data.train=128", "data.valid=20", "data.test=20"});
    config.loss.contrastive = loss;
    config.loss.learn_temperature = false;
    const LoadedData data = load_data(config.data);
    Trainer trainer(config, data.dataset);
    const double first = trainer.step().loss.value();
    double last = first;
    for (int i = 0; i < 15; ++i) {
      last = trainer.step().loss.value();
    }
    EXPECT_LT(last, first);
  }
}

/// Twenty steps of a configuration on real data.
void expect_twenty_steps(const char* file, const char* needed) {
  if (!std::filesystem::exists(data_root() / needed)) {
    GTEST_SKIP() << "there is no " << (data_root() / needed).string()
                 << "; set HEDDLE_DATA to the folder that holds flickr8k/ and multi30k/";
  }
  const bool is_flickr = std::string(needed).starts_with("flickr8k");
  const std::string folder = (is_flickr ? data_root() / "flickr8k" : data_root()).string();
  const std::vector<std::string> changes = {"data.folder=\"" + folder + "\"", "train.max_steps=20",
                                            "train.batch_size=32", "model.hidden=16",
                                            "model.tokens.embedding=16"};
  const RunConfig config = load_run_config(source(file), changes);
  const LoadedData data = load_data(config.data);
  Trainer trainer(config, data.dataset);
  double first = 0.0;
  double last = 0.0;
  for (int i = 0; i < 20; ++i) {
    const double loss = trainer.step().loss.value();
    first += i < 5 ? loss : 0.0;
    last += i >= 15 ? loss : 0.0;
  }
  EXPECT_TRUE(trainer.finished());
  EXPECT_LT(last, first);
  const Metrics metrics = metrics_of(trainer.evaluate(Split::valid), data.dataset);
  EXPECT_GT(metrics.at("recall_mean"), 0.0);
}

TEST(RetrievalRun, TwentyStepsOfFlickr8k) {
  expect_twenty_steps("configs/flickr8k/retrieval.toml", "flickr8k/captions.tsv");
}

TEST(RetrievalRun, TwentyStepsAcrossLanguages) {
  expect_twenty_steps("configs/multi30k/crosslingual.toml", "multi30k/train.tsv");
}

}  // namespace
}  // namespace heddle
