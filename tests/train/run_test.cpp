#include "train/run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/error.h"
#include "tests/train/small_run.h"

namespace heddle {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> keys_of(const Json& json) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) {
    keys.push_back(key);
  }
  return keys;
}

class Run : public testing::Test {
 protected:
  RunOptions options(const std::string& name, RunFolder::Start start = RunFolder::Start::fresh) {
    RunOptions result;
    result.folder = folder_.path() / name;
    result.start = start;
    result.command = "heddle train small.toml";
    result.messages = &messages_;
    return result;
  }
  Json summary(const std::string& name) {
    return Json::parse(text_of(folder_.path() / name / "summary.json"));
  }

  TemporaryFolder folder_;
  RunConfig config_ = small_config();
  LoadedData data_ = load_data(config_.data);
  std::ostringstream messages_;
};

TEST_F(Run, LeavesEverythingItPromises) {
  static_cast<void>(run_training(config_, data_, options("a")));
  for (const char* name : {"config.toml", "metrics.jsonl", "best.safetensors", "last.safetensors",
                           "summary.json", "report.html"}) {
    EXPECT_TRUE(std::filesystem::exists(folder_.path() / "a" / name)) << name;
  }
  EXPECT_FALSE(std::filesystem::is_empty(folder_.path() / "a" / "checkpoints"));
  EXPECT_EQ(text_of(folder_.path() / "a" / "config.toml"), to_toml(config_));
  const std::string report = text_of(folder_.path() / "a" / "report.html");
  EXPECT_NE(report.find("heddle train small.toml"), std::string::npos);
}

TEST_F(Run, TheSummaryHasExactlyItsForm) {
  static_cast<void>(run_training(config_, data_, options("a")));
  const Json json = summary("a");
  EXPECT_EQ(keys_of(json),
            (std::vector<std::string>{"device", "threads", "seconds", "seed", "steps", "parameters",
                                      "weights_sha256", "metrics", "subsets", "collapsed"}));
  EXPECT_EQ(json["device"], "cpu");
  EXPECT_GE(json["threads"].get<int>(), 1);
  EXPECT_GT(json["seconds"].get<double>(), 0.0);
  EXPECT_EQ(json["seed"], 1);
  EXPECT_EQ(json["steps"], 12);
  EXPECT_GT(json["parameters"].get<int>(), 100);
  EXPECT_EQ(json["weights_sha256"].get<std::string>().size(), 64u);
  EXPECT_EQ(keys_of(json["metrics"]), (std::vector<std::string>{"test", "train", "valid"}));
  EXPECT_EQ(keys_of(json["metrics"]["test"]),
            (std::vector<std::string>{"accuracy", "auc", "auc_high", "auc_low", "f1_macro",
                                      "f1_weighted", "loss", "majority_accuracy"}));
  ASSERT_EQ(json["subsets"].size(), 7u);
  for (const Json& subset : json["subsets"]) {
    EXPECT_EQ(keys_of(subset),
              (std::vector<std::string>{"modalities", "accuracy", "best_possible"}));
  }
  EXPECT_EQ(json["subsets"][6]["modalities"], Json({"text", "image", "audio"}));
  EXPECT_EQ(json["subsets"][6]["best_possible"], 1.0);
  EXPECT_EQ(json["subsets"][0]["best_possible"], 0.625);
  // Everything shown is what the test metrics are.
  EXPECT_EQ(json["subsets"][6]["accuracy"], json["metrics"]["test"]["accuracy"]);
}

TEST_F(Run, MetricsAreJsonLines) {
  static_cast<void>(run_training(config_, data_, options("a")));
  std::ifstream in(folder_.path() / "a" / "metrics.jsonl");
  std::string line;
  std::int64_t train_lines = 0;
  std::int64_t valid_lines = 0;
  while (std::getline(in, line)) {
    const Json json = Json::parse(line);
    EXPECT_TRUE(json.contains("step") && json.contains("epoch") && json.contains("loss"));
    train_lines += json["split"] == "train" ? 1 : 0;
    valid_lines += json["split"] == "valid" ? 1 : 0;
  }
  EXPECT_EQ(train_lines, 6);  // 12 steps, a line every 2
  EXPECT_EQ(valid_lines, 3);
}

TEST_F(Run, TheSameSeedLeavesTheSameBytes) {
  static_cast<void>(run_training(config_, data_, options("a")));
  static_cast<void>(run_training(config_, data_, options("b")));
  for (const char* name :
       {"config.toml", "metrics.jsonl", "best.safetensors", "last.safetensors"}) {
    EXPECT_EQ(text_of(folder_.path() / "a" / name), text_of(folder_.path() / "b" / name)) << name;
  }
}

TEST_F(Run, ADamagedNewestCheckpointLosesNothingButTime) {
  config_.checkpoint.every_steps = 5;
  static_cast<void>(run_training(config_, data_, options("a")));
  const std::string expected = summary("a")["weights_sha256"];
  const std::string lines = text_of(folder_.path() / "a" / "metrics.jsonl");
  std::filesystem::path newest;
  for (const auto& entry :
       std::filesystem::directory_iterator(folder_.path() / "a" / "checkpoints")) {
    newest = std::max(newest, entry.path());
  }
  std::filesystem::resize_file(newest, std::filesystem::file_size(newest) / 2);
  static_cast<void>(run_training(config_, data_, options("a", RunFolder::Start::resume)));
  EXPECT_EQ(summary("a")["weights_sha256"], expected);
  EXPECT_EQ(text_of(folder_.path() / "a" / "metrics.jsonl"), lines);
  EXPECT_NE(messages_.str().find("damaged"), std::string::npos) << messages_.str();
}

TEST_F(Run, ResumingAFinishedRunChangesNothing) {
  static_cast<void>(run_training(config_, data_, options("a")));
  const Json before = summary("a");
  static_cast<void>(run_training(config_, data_, options("a", RunFolder::Start::resume)));
  EXPECT_EQ(summary("a"), before);
}

TEST_F(Run, AFolderWithARunIsNotReplacedByAccident) {
  static_cast<void>(run_training(config_, data_, options("a")));
  EXPECT_THROW(static_cast<void>(run_training(config_, data_, options("a"))), UsageError);
  std::ofstream(folder_.path() / "a" / "notes.txt") << "mine";
  static_cast<void>(run_training(config_, data_, options("a", RunFolder::Start::overwrite)));
  EXPECT_EQ(text_of(folder_.path() / "a" / "notes.txt"), "mine");
}

TEST_F(Run, AnotherDeviceResumes) {
  const std::string weights = run_training(config_, data_, options("a")).summary.weights_sha256;
  config_.train.device = "sim";
  const RunOutcome resumed = run_training(config_, data_, options("a", RunFolder::Start::resume));
  EXPECT_EQ(resumed.summary.weights_sha256, weights);
  EXPECT_EQ(summary("a")["device"], "sim");
  EXPECT_EQ(text_of(folder_.path() / "a" / "config.toml"), to_toml(config_));
}

TEST_F(Run, AnotherConfigurationDoesNotResume) {
  static_cast<void>(run_training(config_, data_, options("a")));
  config_.train.epochs = 9;
  try {
    static_cast<void>(run_training(config_, data_, options("a", RunFolder::Start::resume)));
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("epochs = 3"), std::string::npos) << error.what();
  }
}

TEST_F(Run, OneProcessPerFolder) {
  const RunFolder holder(folder_.path() / "a", RunFolder::Start::fresh);
  EXPECT_THROW(RunFolder(folder_.path() / "a", RunFolder::Start::resume), Error);
}

TEST_F(Run, LeftoversOfAKilledWriterAreRemoved) {
  std::filesystem::create_directories(folder_.path() / "a" / "checkpoints");
  const std::filesystem::path leftover =
      folder_.path() / "a" / "checkpoints" / ".step-00000003.safetensors.tmp-1-1";
  std::ofstream(leftover) << "half";
  const RunFolder folder(folder_.path() / "a", RunFolder::Start::resume);
  EXPECT_FALSE(std::filesystem::exists(leftover));
}

TEST_F(Run, SeedsHaveMeanAndDeviation) {
  config_.train.watch_test = true;
  const SeedsOutcome outcome = run_seeds(config_, 3, std::span(&data_, 1), options("s"));
  ASSERT_EQ(outcome.runs.size(), 3u);
  const Json json = Json::parse(text_of(folder_.path() / "s" / "seeds.json"));
  EXPECT_EQ(keys_of(json), (std::vector<std::string>{"seeds", "metrics", "collapsed"}));
  EXPECT_EQ(json["seeds"], Json({1, 2, 3}));
  EXPECT_EQ(keys_of(json["metrics"]),
            (std::vector<std::string>{"test", "test_best_epoch", "train", "valid"}));
  const Json& accuracy = json["metrics"]["test"]["accuracy"];
  EXPECT_EQ(keys_of(accuracy), (std::vector<std::string>{"mean", "std"}));
  double mean = 0.0;
  for (const RunSummary& run : outcome.runs) {
    mean += run.metrics.at("test").at("accuracy") / 3.0;
    EXPECT_GE(run.metrics.at("test_best_epoch").at("accuracy"),
              run.metrics.at("test").at("accuracy"));
  }
  EXPECT_NEAR(accuracy["mean"].get<double>(), mean, 1e-12);
  EXPECT_TRUE(std::filesystem::exists(folder_.path() / "s" / "seed-2" / "summary.json"));
  EXPECT_TRUE(std::filesystem::exists(folder_.path() / "s" / "summary.json"));
  EXPECT_TRUE(std::filesystem::exists(folder_.path() / "s" / "report.html"));
}

TEST_F(Run, SeedsAreResumedToo) {
  const SeedsOutcome whole = run_seeds(config_, 2, std::span(&data_, 1), options("whole"));
  // As if the process had died while it trained the second seed.
  std::filesystem::create_directories(folder_.path() / "part");
  std::ofstream(folder_.path() / "part" / "config.toml") << to_toml(config_);
  static_cast<void>(run_training(config_, data_, options("part/seed-1")));
  const SeedsOutcome resumed =
      run_seeds(config_, 2, std::span(&data_, 1), options("part", RunFolder::Start::resume));
  ASSERT_EQ(resumed.runs.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(resumed.runs[i].weights_sha256, whole.runs[i].weights_sha256);
    EXPECT_EQ(resumed.runs[i].metrics, whole.runs[i].metrics);
  }
}

TEST(Results, SpreadIsOfTheSample) {
  EXPECT_DOUBLE_EQ(spread_of({1.0, 2.0, 6.0}).mean, 3.0);
  EXPECT_DOUBLE_EQ(spread_of({1.0, 2.0, 6.0}).deviation, std::sqrt(7.0));
  EXPECT_EQ(spread_of({5.0}).deviation, 0.0);
}

}  // namespace
}  // namespace heddle
