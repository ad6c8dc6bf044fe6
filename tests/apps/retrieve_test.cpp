#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/tensor.h"
#include "data/npy.h"
#include "tests/apps/program.h"
#include "tests/train/small_run.h"

namespace heddle {
namespace {

/// One small retrieval run for all tests here.
class Retrieve : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    const Finished finished =
        run_program({"train", HEDDLE_SOURCE_DIR "/configs/retrieval.toml", "--out", run(), "--set",
                     "data.train=128", "--set", "data.valid=20", "--set", "data.test=20", "--set",
                     "train.epochs=2"});
    ASSERT_EQ(finished.code, 0) << finished.errors;
  }
  static void TearDownTestSuite() { folder_.reset(); }
  static std::string run() { return folder_->path() / "run"; }
  static std::string file(const char* name) { return folder_->path() / name; }

  static std::unique_ptr<TemporaryFolder> folder_;
};
std::unique_ptr<TemporaryFolder> Retrieve::folder_;

TEST_F(Retrieve, WordsFindPictures) {
  const Finished found = run_program(
      {"retrieve", run(), "--text", "a red disc in the top left", "--top", "3", "--json"});
  ASSERT_EQ(found.code, 0) << found.errors;
  const nlohmann::json json = nlohmann::json::parse(found.output);
  EXPECT_EQ(json["target"], "image");
  EXPECT_EQ(json["split"], "test");
  ASSERT_EQ(json["results"].size(), 3u);
  double before = 1.0 + 1e-6;
  for (const auto& result : json["results"]) {
    EXPECT_TRUE(result["name"].get<std::string>().starts_with("picture ")) << result;
    EXPECT_LE(result["score"].get<double>(), before);
    before = result["score"];
  }
}

TEST_F(Retrieve, APictureFindsItsCaptions) {
  const Finished found = run_program({"retrieve", run(), "--image", "picture 74", "--top", "20"});
  ASSERT_EQ(found.code, 0) << found.errors;
  EXPECT_EQ(std::count(found.output.begin(), found.output.end(), '\n'), 20);
  EXPECT_NE(found.output.find("picture 74  "), std::string::npos) << found.output;
  write_npy(file("picture.npy"), Tensor::zeros({3, 24, 24}));
  EXPECT_EQ(run_program({"retrieve", run(), "--image", file("picture.npy")}).code, 0);
}

TEST_F(Retrieve, SaysWhatDoesNotFit) {
  const auto refused = [](const std::vector<std::string>& words, int code, const char* part) {
    const Finished finished = run_program(words);
    EXPECT_EQ(finished.code, code) << finished.errors;
    EXPECT_NE(finished.errors.find(part), std::string::npos) << finished.errors;
  };
  refused({"retrieve", run()}, 2, "--text");
  refused({"retrieve", run(), "--text", "a", "--image", "b"}, 2, "both given");
  refused({"retrieve", run(), "--input", "txt=a"}, 4, "\"text\"");
  refused({"retrieve", run(), "--image", "nothing"}, 4, "neither a name");
  refused({"retrieve", run(), "--text", "a disc", "--to", "audio"}, 2, "no pair");
  refused({"predict", run(), "--text", "a disc"}, 4, "heddle retrieve");
  refused({"export", run(), "--out", file("model.heddle")}, 4, "heddle retrieve");
  refused({"explain", run()}, 4, "heddle retrieve");
  refused({"serve-stdin", run()}, 4, "heddle retrieve");
  refused({"evaluate", run(), "--modalities", "text"}, 2, "needs both");
  refused({"evaluate", run(), "--missing-rates", "0.5"}, 2, "needs both");
}

TEST_F(Retrieve, EvaluateGivesRecalls) {
  const Finished finished = run_program({"evaluate", run()});
  EXPECT_EQ(finished.code, 0) << finished.errors;
  for (const char* part : {"recall_mean", "image_to_text_r5", "text_to_image_median_rank"}) {
    EXPECT_NE(finished.output.find(part), std::string::npos) << part << finished.output;
  }
}

}  // namespace
}  // namespace heddle
