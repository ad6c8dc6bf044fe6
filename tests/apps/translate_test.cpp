#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/apps/program.h"
#include "tests/train/small_run.h"

namespace heddle {
namespace {

/// The twin of configs/twins, trained for a moment.
class Translate : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    trained_ = run_program({"train", HEDDLE_SOURCE_DIR "/configs/twins/translation.toml", "--out",
                            run(), "--set", "data.train=300", "--set", "data.test=20", "--set",
                            "data.valid=20", "--set", "train.max_steps=20"});
    ASSERT_EQ(trained_.code, 0) << trained_.errors;
  }
  static void TearDownTestSuite() { folder_.reset(); }
  static std::string run() { return folder_->path() / "run"; }

  static std::unique_ptr<TemporaryFolder> folder_;
  static Finished trained_;
};
std::unique_ptr<TemporaryFolder> Translate::folder_;
Finished Translate::trained_;

TEST_F(Translate, TrainingSaysWhatItCounted) {
  EXPECT_NE(trained_.output.find("bleu_without_picture"), std::string::npos) << trained_.output;
  EXPECT_NE(trained_.output.find("BLEU is nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp"),
            std::string::npos);
  EXPECT_NE(trained_.errors.find("of their places are padding"), std::string::npos)
      << trained_.errors;
  const std::string report = text_of(run() + "/report.html");
  EXPECT_NE(report.find("written"), std::string::npos);
  EXPECT_NE(report.find("reference"), std::string::npos);
}

TEST_F(Translate, WritesALineForEachText) {
  const std::vector<std::string> asked = {"translate", run(), "a young bat sees the kite",
                                          "the boat leaves a garden"};
  const Finished finished = run_program(asked);
  EXPECT_EQ(finished.code, 0) << finished.errors;
  EXPECT_EQ(std::count(finished.output.begin(), finished.output.end(), '\n'), 2);
  EXPECT_EQ(run_program(asked).output, finished.output);

  std::vector<std::string> with_json = asked;
  with_json.insert(with_json.end(), {"--json", "--beam", "3", "--length-penalty", "0.5"});
  std::istringstream lines(run_program(with_json).output);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const auto found = nlohmann::json::parse(line);
    EXPECT_EQ(found.at("source"), asked[static_cast<std::size_t>(2 + count)]);
    EXPECT_LE(found.at("log_probability").get<double>(), 0.0);
  }
  EXPECT_EQ(count, 2);
}

TEST_F(Translate, SaysWhatItCannotTranslate) {
  const Finished empty = run_program({"translate", run(), ""});
  EXPECT_EQ(empty.code, 4);
  EXPECT_NE(empty.errors.find("nothing to translate"), std::string::npos) << empty.errors;
  const Finished predict = run_program({"predict", run(), "3"});
  EXPECT_EQ(predict.code, 4);
  EXPECT_NE(predict.errors.find("heddle translate"), std::string::npos) << predict.errors;
  const Finished evaluated = run_program({"evaluate", run()});
  EXPECT_EQ(evaluated.code, 0) << evaluated.errors;
  EXPECT_NE(evaluated.output.find("BLEU is nrefs:1"), std::string::npos) << evaluated.output;
  const Finished explained = run_program({"explain", run()});
  EXPECT_EQ(explained.code, 4);
  EXPECT_NE(explained.errors.find("heddle translate"), std::string::npos) << explained.errors;
}

TEST_F(Translate, EvaluatesWithWhatStandsBesideTheSourceMasked) {
  const Finished table = run_program({"evaluate", run(), "--modalities", "all-subsets"});
  EXPECT_EQ(table.code, 0) << table.errors;
  EXPECT_NE(table.output.find("source + target "), std::string::npos) << table.output;
  EXPECT_NE(table.output.find("source + picture + target"), std::string::npos) << table.output;
  EXPECT_EQ(table.output.find("picture + target "), table.output.rfind("picture + target "));
  const Finished rates = run_program({"evaluate", run(), "--missing-rates", "1"});
  EXPECT_EQ(rates.code, 0) << rates.errors;
  EXPECT_NE(rates.output.find("bleu", rates.output.find("missing rate")), std::string::npos)
      << rates.output;
  const Finished wrong = run_program({"evaluate", run(), "--modalities", "picture,target"});
  EXPECT_EQ(wrong.code, 4);
  EXPECT_NE(wrong.errors.find("\"source\" is what this model reads"), std::string::npos)
      << wrong.errors;
}

TEST_F(Translate, ReadsAModelFile) {
  const std::string file = folder_->path() / "translation.heddle";
  const Finished written = run_program({"export", run(), "--out", file, "--int8"});
  ASSERT_EQ(written.code, 0) << written.errors;
  EXPECT_NE(written.output.find("bleu"), std::string::npos) << written.output;
  ASSERT_EQ(run_program({"export", run(), "--out", file}).code, 0);
  const std::string text = "a young bat sees the kite";
  const Finished found = run_program({"translate", file, text, "--json"});
  EXPECT_EQ(found.code, 0) << found.errors;
  EXPECT_EQ(found.output, run_program({"translate", run(), text, "--json"}).output);
  for (const char* command : {"predict", "serve-stdin"}) {
    std::vector<std::string> asked = {command, file};
    if (asked[0] == "predict") {
      asked.insert(asked.end(), {"--input", "source=" + text});
    }
    const Finished refused = run_program(asked);
    EXPECT_EQ(refused.code, 4);
    EXPECT_NE(refused.errors.find("heddle translate"), std::string::npos) << refused.errors;
  }
}

}  // namespace
}  // namespace heddle
