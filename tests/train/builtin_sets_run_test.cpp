#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "data/npy.h"
#include "tests/core/throws.h"
#include "tests/train/small_run.h"
#include "train/breakdown.h"
#include "train/final_evaluation.h"
#include "train/run.h"
#include "train/trainer.h"

namespace heddle {
namespace {

RunConfig twin(const char* set, std::int64_t train) {
  RunConfig config;
  config.data.set = set;
  config.data.train = train;
  config.data.valid = 180;
  config.data.test = 576;  // whole blocks of both sets
  config.model.hidden = 24;
  config.model.tokens.embedding = 12;
  config.model.tokens.hidden = 12;
  config.model.image.channels = {8, 12};
  config.model.missing_vectors = true;
  config.train.batch_size = 24;
  config.train.select = "accuracy";
  config.train.evaluate_subsets = false;
  config.optimizer.learning_rate = 4e-3;
  return config;
}

double test_accuracy(const RunConfig& config) {
  const TemporaryFolder folder;
  RunOptions options;
  options.folder = folder.path() / "run";
  const LoadedData data = load_data(config.data);
  return run_training(config, data, options).summary.metrics.at("test").at("accuracy");
}

// Far above what one modality can give, ½: only a model that fuses both gets here.
TEST(BuiltinSetsSlow, QuestionAndPictureTogetherAnswer) {
  RunConfig config = twin("answering", 1800);
  config.train.epochs = 10;
  EXPECT_GT(test_accuracy(config), 0.9);
}

// The picture alone gives ¾ at most, the record alone 0.69, both 0.94: a quarter has no record.
TEST(BuiltinSetsSlow, PictureAndRecordWithGapsTogetherDiagnose) {
  RunConfig config = twin("record", 2048);
  config.train.epochs = 12;
  const double accuracy = test_accuracy(config);
  EXPECT_GT(accuracy, 0.86);
  EXPECT_LE(accuracy, 0.95);
}

// Two of three votes give ¾ at most: only what fuses all three gets here.
TEST(BuiltinSetsSlow, UtterancesNeedAllThreeModalities) {
  RunConfig config = twin("utterances", 1200);
  config.data.modalities = {"text", "audio", "video"};
  config.model.name = "contextual";
  config.train.batch_size = 8;
  config.train.epochs = 8;
  EXPECT_GT(test_accuracy(config), 0.95);
}

/// Twelve samples of six patients whose one feature is the label, in folds.
class Folds : public testing::Test {
 protected:
  Folds() {
    std::ofstream table(folder_.path() / "table.tsv");
    table << "patient\tfold\tlabel\tx\n";
    for (int i = 0; i < 36; ++i) {
      table << i / 2 << '\t' << i / 2 % 3 << '\t' << i / 2 % 2 << '\t' << i / 2 % 2 << '\n';
    }
    table.close();
    write("[split]\nfolds = 'fold'\nvalid_share = 0.3\n");
    config_.data.kind = DataKind::folder;
    config_.data.description = (folder_.path() / "dataset.toml").string();
    config_.model.hidden = 4;
    config_.train.epochs = 30;
    config_.train.batch_size = 8;
    config_.optimizer.learning_rate = 0.05;
    options_.folder = folder_.path() / "out";
  }

  void write(const std::string& split) const {
    std::ofstream(folder_.path() / "dataset.toml")
        << "name = 'n'\n[table]\nfile = 'table.tsv'\n"
        << split
        << "[group]\ncolumn = 'patient'\n[label]\ncolumn = 'label'\nnames = ['well', 'ill']\n"
           "[[modality]]\nname = 'x'\nkind = 'features'\ncolumns = ['x']\n";
  }

  TemporaryFolder folder_;
  RunConfig config_;
  RunOptions options_;
};

TEST_F(Folds, EverySampleIsTestedOnceByAModelThatNeverSawItsFold) {
  const FoldsOutcome outcome = run_folds(config_, options_);
  EXPECT_EQ(outcome.folds, (std::vector<std::string>{"0", "1", "2"}));
  ASSERT_EQ(outcome.runs.size(), 3u);
  EXPECT_EQ(outcome.pooled.at("accuracy"), 1.0);
  EXPECT_EQ(outcome.pooled.at("auc"), 1.0);
  EXPECT_TRUE(std::filesystem::exists(options_.folder / "fold-2" / "report.html"));
  const auto json = nlohmann::json::parse(std::ifstream(options_.folder / "folds.json"));
  EXPECT_EQ(json["pooled"]["accuracy"], 1.0);
  EXPECT_EQ(json["metrics"]["test"]["accuracy"]["mean"], 1.0);
  EXPECT_TRUE(json["collapsed"].empty());
}

TEST_F(Folds, AreRepeatedForEachSeed) {
  config_.train.epochs = 2;  // too few to be right everywhere
  config_.train.seed = 4;
  const FoldSeedsOutcome outcome = run_fold_seeds(config_, 2, options_);
  ASSERT_EQ(outcome.seeds.size(), 2u);
  config_.train.seed = 5;
  RunOptions elsewhere = options_;
  elsewhere.folder = folder_.path() / "alone";
  const FoldsOutcome alone = run_folds(config_, elsewhere);
  const auto loss = [&](std::size_t seed, std::size_t fold) {
    return outcome.seeds[seed].runs[fold].metrics.at("test").at("loss");
  };
  for (std::size_t fold = 0; fold < 3; ++fold) {
    EXPECT_EQ(loss(1, fold), alone.runs[fold].metrics.at("test").at("loss"));
  }
  const auto json = nlohmann::json::parse(std::ifstream(options_.folder / "seeds.json"));
  EXPECT_EQ(json["seeds"], (std::vector<int>{4, 5}));
  EXPECT_EQ(json["folds"], (std::vector<std::string>{"0", "1", "2"}));
  const double first = (loss(0, 0) + loss(0, 1) + loss(0, 2)) / 3.0;
  const double second = (loss(1, 0) + loss(1, 1) + loss(1, 2)) / 3.0;
  const auto& mean = json["metrics"]["test"]["loss"];
  EXPECT_NEAR(mean["mean"].get<double>(), (first + second) / 2.0, 1e-12);
  EXPECT_NEAR(mean["std"].get<double>(), std::abs(first - second) / std::sqrt(2.0), 1e-12);
  EXPECT_GT(mean["std"].get<double>(), 0.0);
  EXPECT_NEAR(json["by_fold"]["2"]["loss"]["mean"].get<double>(), (loss(0, 2) + loss(1, 2)) / 2.0,
              1e-12);
  EXPECT_NEAR(json["pooled"]["loss"]["mean"].get<double>(),
              (outcome.seeds[0].pooled.at("loss") + outcome.seeds[1].pooled.at("loss")) / 2.0,
              1e-12);
  EXPECT_FALSE(json["metrics"].contains("pooled"));
  EXPECT_TRUE(std::filesystem::exists(options_.folder / "seed-5" / "fold-2" / "report.html"));
}

/// The same samples with a number to predict and no classes.
class NumberFolds : public Folds {
 protected:
  NumberFolds() {
    std::ofstream(folder_.path() / "dataset.toml")
        << "name = 'n'\n[table]\nfile = 'table.tsv'\n[split]\nfolds = 'fold'\n"
           "valid_share = 0.3\n[group]\ncolumn = 'patient'\n[target]\ncolumn = 'label'\n"
           "[[modality]]\nname = 'x'\nkind = 'features'\ncolumns = ['x']\n";
    config_.loss.classification = 0.0;
    config_.loss.regression = 1.0;
    config_.train.select = "mae";
    config_.train.epochs = 60;
  }
};

TEST_F(NumberFolds, ANumberIsLearnedAloneAndHeldAgainstAConstant) {
  for (const auto kind : {RegressionLoss::absolute, RegressionLoss::squared}) {
    config_.loss.regression_kind = kind;
    options_.start = RunFolder::Start::overwrite;
    const FoldsOutcome outcome = run_folds(config_, options_);
    ASSERT_EQ(outcome.runs.size(), 3u);
    EXPECT_FALSE(outcome.pooled.contains("accuracy"));
    EXPECT_LT(outcome.pooled.at("mae"), 0.2);
    EXPECT_GT(outcome.pooled.at("correlation"), 0.9);
    const Metrics& test = outcome.runs[0].metrics.at("test");
    // The targets are 0 and 1: no constant is off by less than a half on average.
    EXPECT_NEAR(test.at("constant_mae"), 0.5, 0.15);
    EXPECT_NEAR(test.at("constant_mse"), 0.25, 0.1);
    EXPECT_LT(test.at("mae"), test.at("constant_mae"));
    std::ifstream file(options_.folder / "fold-0" / "report.html");
    const std::string page{std::istreambuf_iterator<char>(file), {}};
    EXPECT_NE(page.find("id=\"scatter\""), std::string::npos);
    EXPECT_EQ(page.find("id=\"confusion\""), std::string::npos);
    EXPECT_NE(page.find("predicted score"), std::string::npos);
  }
}

TEST(ConstantScores, AreMedianAndMeanOfTheTrainingSplit) {
  Dataset dataset;
  dataset.samples = 6;
  dataset.targets = Tensor::from<float>({5.0F, 1.0F, 2.0F, 9.0F, -4.0F, 100.0F}, {6});
  dataset.splits[0] = {0, 1, 2, 3};
  dataset.splits[2] = {4, 5};
  EXPECT_DOUBLE_EQ(constant_scores(dataset)->median, 3.5);
  EXPECT_DOUBLE_EQ(constant_scores(dataset)->mean, 4.25);
  dataset.splits[0] = {0, 1, 2};
  EXPECT_DOUBLE_EQ(constant_scores(dataset)->median, 2.0);
  dataset.targets = Tensor();
  EXPECT_FALSE(constant_scores(dataset).has_value());
}

TEST_F(Folds, DataWithoutFoldsIsAnError) {
  write("");
  EXPECT_NE(
      message_of<InputError>([&] { run_folds(config_, options_); }).find("has no key \"folds\""),
      std::string::npos);
  config_.data.kind = DataKind::builtin;
  EXPECT_THROW(run_folds(config_, options_), UsageError);
}

}  // namespace
}  // namespace heddle
