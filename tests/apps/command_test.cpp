#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>

#include "core/tensor.h"
#include "data/npy.h"
#include "tests/apps/program.h"
#include "tests/train/small_run.h"

namespace heddle {
namespace {

void expect_output(const std::vector<std::string>& arguments,
                   const std::vector<std::string>& parts) {
  const Finished finished = run_program(arguments);
  EXPECT_EQ(finished.code, 0) << testing::PrintToString(arguments) << finished.errors;
  for (const std::string& part : parts) {
    EXPECT_NE(finished.output.find(part), std::string::npos)
        << testing::PrintToString(arguments) << " lacks " << part << ":\n"
        << finished.output;
  }
}

/// One small run for all tests here.
class Command : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    const Finished finished = run_program(small_training(run()));
    ASSERT_EQ(finished.code, 0) << finished.errors;
  }
  static void TearDownTestSuite() { folder_.reset(); }
  static std::string run() { return folder_->path() / "run"; }
  static std::string file(const char* name) { return folder_->path() / name; }

  static std::unique_ptr<TemporaryFolder> folder_;
};
std::unique_ptr<TemporaryFolder> Command::folder_;

TEST_F(Command, HelpSaysWhatThereIs) {
  expect_output({"--help"}, {"train", "evaluate", "predict", "export", "serve-stdin", "inspect",
                             "data", "doctor", "Exit codes", "130", "HEDDLE_THREADS"});
  expect_output({"train", "--help"},
                {"--set", "--resume", "--seeds", "--folds", "--out", "Examples"});
  expect_output({"evaluate", "--help"}, {"--json", "Examples"});
  expect_output({"predict", "--help"}, {"--text", "--image", "--audio", "Examples", "masked"});
  expect_output({"inspect", "--help"}, {"--strict", "Example"});
  expect_output({"data", "show", "--help"}, {"--config", "Examples"});
  expect_output({"bench", "report", "--help"}, {"--html", "Examples"});
}

TEST_F(Command, VersionIsOneLine) {
  const Finished finished = run_program({"--version"});
  EXPECT_EQ(finished.code, 0);
  EXPECT_TRUE(finished.output.starts_with("heddle 0.")) << finished.output;
}

TEST_F(Command, DoctorNamesBackends) {
  expect_output({"doctor"}, {"processor", "threads", "CUDA toolkit", "CUDA driver",
                             "backend cpu    works", "backend cuda   does not work: "});
}

TEST_F(Command, BenchReportDrawsRows) {
  const std::string rows = file("rows.json");
  const std::string page = file("bench.html");
  std::ofstream(rows) << R"({"machine": "EPYC", "commit": "abc", "date": "2026-11-28", "rows": [
    {"family": "softmax", "case": "rows 8", "direction": "forward", "math": "f32", "threads": 2,
     "cold": false, "ours_ms": 4, "opponent": "PyTorch", "opponent_math": "f32", "opponent_ms": 2,
     "ratio": 0.5, "bytes": 1000, "operations": 500}]})";
  expect_output({"bench", "report", rows, "--html", page}, {"written: " + page, "1 row of 1 file"});
  EXPECT_NE(text_of(page).find("✗ slower"), std::string::npos);

  const Finished no_file = run_program({"bench", "report", file("none.json"), "--html", page});
  EXPECT_EQ(no_file.code, 4);
  EXPECT_NE(no_file.errors.find("there is no regular file of that name"), std::string::npos)
      << no_file.errors;
  EXPECT_EQ(run_program({"bench", "report", rows}).code, 2) << "no page named";
  EXPECT_EQ(run_program({"bench", "report", rows, "--html", file("no/such/bench.html")}).code, 4);
}

TEST_F(Command, EvaluateAgreesWithTheSummary) {
  const auto summary = nlohmann::json::parse(text_of(run() + "/summary.json"));
  for (const std::string& source : {run(), run() + "/best.safetensors"}) {
    const Finished finished = run_program({"evaluate", source, "--json"});
    ASSERT_EQ(finished.code, 0) << finished.errors;
    const auto json = nlohmann::json::parse(finished.output);
    EXPECT_EQ(json["metrics"], summary["metrics"]["test"]);
    EXPECT_EQ(json["subsets"], summary["subsets"]);
  }
  expect_output({"evaluate", run(), "--split", "valid"}, {"accuracy", "confusion"});
}

/// Every metric of `some` is in `all` with the same value, which has more (intervals).
void expect_among(const nlohmann::json& some, const nlohmann::json& all) {
  EXPECT_GE(some.size(), 4u);
  for (const auto& [name, value] : some.items()) {
    EXPECT_EQ(value, all[name]) << name;
  }
}

TEST_F(Command, EvaluateWithModalitiesMissing) {
  const Finished finished = run_program(
      {"evaluate", run(), "--json", "--modalities", "all-subsets", "--missing-rates", "0,0.5,1"});
  ASSERT_EQ(finished.code, 0) << finished.errors;
  const auto json = nlohmann::json::parse(finished.output);
  ASSERT_EQ(json["subsets"].size(), 7u);
  expect_among(json["subsets"].back()["metrics"], json["metrics"]);
  for (const auto& subset : json["subsets"]) {
    EXPECT_EQ(subset["metrics"]["accuracy"], subset["accuracy"]);
  }
  const auto& rates = json["missing_rates"];
  ASSERT_EQ(rates.size(), 3u);
  expect_among(rates[0]["metrics"], json["metrics"]);
  EXPECT_EQ(rates[0]["hidden"], 0.0);
  EXPECT_NEAR(rates[2]["hidden"], 2.0 / 3.0, 1e-12);
  EXPECT_NE(rates[1]["metrics"]["loss"], rates[0]["metrics"]["loss"]);

  const Finished again = run_program({"evaluate", run(), "--json", "--missing-rates", "0.5"});
  EXPECT_EQ(nlohmann::json::parse(again.output)["missing_rates"][0], rates[1]);
  const Finished some = run_program({"evaluate", run(), "--json", "--modalities", "audio,text"});
  ASSERT_EQ(some.code, 0) << some.errors;
  expect_among(json["subsets"][4]["metrics"], nlohmann::json::parse(some.output)["metrics"]);

  expect_output({"evaluate", run(), "--modalities", "all-subsets", "--missing-rates", "0.25"},
                {"modalities", "image + audio", "f1_macro", "missing rate", "0.25 ("});
  EXPECT_EQ(run_program({"evaluate", run(), "--missing-rates", "2"}).code, 2);
  const Finished unknown = run_program({"evaluate", run(), "--modalities", "txt"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_NE(unknown.errors.find("did you mean \"text\"?"), std::string::npos) << unknown.errors;
}

TEST_F(Command, AnyDeviceAnswersAlike) {
  const Finished here = run_program({"evaluate", run(), "--json"});
  const Finished there = run_program({"evaluate", run(), "--json", "--device", "sim"});
  ASSERT_EQ(there.code, 0) << there.errors;
  const double expected = nlohmann::json::parse(here.output)["metrics"]["loss"];
  const double found = nlohmann::json::parse(there.output)["metrics"]["loss"];
  EXPECT_NEAR(found, expected, 1e-5);
  expect_output({"predict", run(), "70", "--device", "sim"}, {"truth"});
  EXPECT_EQ(run_program({"evaluate", run(), "--device", "tpu"}).code, 4);
}

TEST_F(Command, EvaluateReadsCheckpoints) {
  for (const auto& entry : std::filesystem::directory_iterator(run() + "/checkpoints")) {
    expect_output({"evaluate", entry.path()}, {"accuracy"});
  }
}

TEST_F(Command, PredictASampleOfTheData) {
  expect_output({"predict", run(), "80"},
                {"negative", "positive", "attention over words", "truth"});
}

TEST_F(Command, PredictWhatIsGivenAndMaskTheRest) {
  expect_output({"predict", run(), "--text", "what a day"}, {"negative", "what", "day"});
  const std::vector<float> picture(3 * 32 * 32, 0.5f);
  write_npy(file("face.npy"), Tensor::from(std::span<const float>(picture), {3, 32, 32}));
  expect_output({"predict", run(), "--image", file("face.npy")}, {"negative"});
  const std::vector<float> sound(24 * 24, -3.0f);
  write_npy(file("tone.npy"), Tensor::from(std::span<const float>(sound), {24, 24}));
  expect_output({"predict", run(), "--text", "hello there", "--image", file("face.npy"), "--audio",
                 file("tone.npy")},
                {"positive"});
}

TEST_F(Command, PredictDoesNotTakeAttentionOverFramesForAttentionOverWords) {
  const Finished trained =
      run_program(small_training(file("frames"), {"--set", "model.time_modality=\"audio\""}));
  ASSERT_EQ(trained.code, 0) << trained.errors;
  const std::vector<float> sound(24 * 24, -3.0f);
  write_npy(file("sound.npy"), Tensor::from(std::span<const float>(sound), {24, 24}));
  std::string as_many_words = "day";
  for (int i = 1; i < 24; ++i) {
    as_many_words += " day";
  }
  const Finished told = run_program(
      {"predict", file("frames"), "--text", as_many_words, "--audio", file("sound.npy")});
  ASSERT_EQ(told.code, 0) << told.errors;
  EXPECT_EQ(told.output.find("attention over words"), std::string::npos) << told.output;
  const Finished json = run_program(
      {"predict", file("frames"), "--text", as_many_words, "--audio", file("sound.npy"), "--json"});
  EXPECT_FALSE(nlohmann::json::parse(json.output).contains("attention")) << json.output;
}

TEST_F(Command, PredictRefusesWhatDoesNotFit) {
  write_npy(file("small.npy"), Tensor::zeros({3, 8, 8}));
  const Finished shape = run_program({"predict", run(), "--image", file("small.npy")});
  EXPECT_EQ(shape.code, 4);
  EXPECT_NE(shape.errors.find("[3, 32, 32]"), std::string::npos) << shape.errors;
  const Finished name = run_program({"predict", run(), "--input", "imagee=" + file("small.npy")});
  EXPECT_EQ(name.code, 4);
  EXPECT_NE(name.errors.find("\"image\""), std::string::npos) << name.errors;
}

TEST_F(Command, TasksSayWhetherTheirDataAreThere) {
  const std::string configs = HEDDLE_SOURCE_DIR "/configs";
  const Finished told = run_program({"tasks", "--configs", configs, "--json"});
  ASSERT_EQ(told.code, 0) << told.errors;
  std::map<std::string, nlohmann::json> by_config;
  for (const auto& task : nlohmann::json::parse(told.output)) {
    by_config[task["config"].get<std::string>()] = task;
  }
  EXPECT_GE(by_config.size(), 12u);
  const auto& demo = by_config.at(configs + "/demo.toml");
  EXPECT_EQ(demo["state"], "built in");
  EXPECT_EQ(demo["kind"], "classify");
  EXPECT_TRUE(demo["ready"]);
  EXPECT_EQ(by_config.at(configs + "/retrieval.toml")["kind"], "retrieve");
  const auto& mosi = by_config.at(configs + "/mosi/bclstm.toml");
  const bool there = std::filesystem::exists(HEDDLE_SOURCE_DIR "/../shared/data/mosi/text.npy");
  EXPECT_EQ(mosi["ready"], there) << mosi["state"];
  EXPECT_EQ(run_program({"tasks", "--configs", "/nowhere"}).code, 4);
}

TEST_F(Command, InspectListsTensorsAndChecksThem) {
  expect_output({"inspect", run() + "/best.safetensors", "--strict"},
                {"F32", "SHA-256 fits", "heddle.config"});
  std::string bytes = text_of(run() + "/best.safetensors");
  bytes.back() = static_cast<char>(bytes.back() ^ 4);
  std::ofstream(file("bad.safetensors"), std::ios::binary) << bytes;
  const Finished damaged = run_program({"inspect", file("bad.safetensors")});
  EXPECT_EQ(damaged.code, 4);
  EXPECT_NE(damaged.errors.find("SHA-256"), std::string::npos) << damaged.errors;
}

TEST_F(Command, DataShowDrawsASample) {
  const Finished finished = run_program({"data", "show", "17"});
  EXPECT_EQ(finished.code, 0) << finished.errors;
  for (const char* part : {"text:", "image:", "audio:", "label:", "hidden cues", "(train)"}) {
    EXPECT_NE(finished.output.find(part), std::string::npos) << part << finished.output;
  }
  EXPECT_EQ(finished.output.find('\033'), std::string::npos) << "no colours in a file";
}

}  // namespace
}  // namespace heddle
