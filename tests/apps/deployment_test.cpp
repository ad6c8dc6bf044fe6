#include <gtest/gtest.h>
#include <png.h>
#include <sndfile.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "data/npy.h"
#include "tests/apps/program.h"
#include "tests/train/small_run.h"
#include "train/onnx_file.h"

namespace heddle {
namespace {

using nlohmann::json;

/// One small run and its model file for all tests here.
class Deployment : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    const Finished trained = run_program(small_training(path("run")));
    ASSERT_EQ(trained.code, 0) << trained.errors;
    const Finished written = run_program({"export", path("run"), "--out", path("small.heddle")});
    ASSERT_EQ(written.code, 0) << written.errors;
    EXPECT_NE(written.output.find("inputs text image audio"), std::string::npos) << written.output;
  }
  static void TearDownTestSuite() { folder_.reset(); }
  static std::string path(const char* name) { return folder_->path() / name; }

  static std::unique_ptr<TemporaryFolder> folder_;
};
std::unique_ptr<TemporaryFolder> Deployment::folder_;

/// 8-bit RGB.
void write_png(const std::string& path, std::uint32_t width, std::uint32_t height,
               const std::vector<std::uint8_t>& pixels) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = width;
  image.height = height;
  image.format = PNG_FORMAT_RGB;
  ASSERT_NE(png_image_write_to_file(&image, path.c_str(), 0, pixels.data(), 0, nullptr), 0);
}

/// A tone of 440 Hz.
void write_wav(const std::string& path, int rate, int count) {
  SF_INFO info{};
  info.samplerate = rate;
  info.channels = 1;
  info.format = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
  SNDFILE* const file = sf_open(path.c_str(), SFM_WRITE, &info);
  ASSERT_NE(file, nullptr);
  std::vector<float> tone;
  for (int i = 0; i < count; ++i) {
    tone.push_back(0.4f * std::sin(2.0f * 3.14159265f * 440.0f * static_cast<float>(i) /
                                   static_cast<float>(rate)));
  }
  EXPECT_EQ(sf_write_float(file, tone.data(), count), count);
  sf_close(file);
}

std::vector<json> lines_of(const std::string& text) {
  std::vector<json> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    lines.push_back(json::parse(line));
  }
  return lines;
}

TEST_F(Deployment, AModelFileAnswersAsTheRunDoesAndNeedsNothingBesideIt) {
  const std::vector<std::string> question = {"--text", "what a lovely day", "--json"};
  std::vector<std::string> of_run = {"predict", path("run")};
  of_run.insert(of_run.end(), question.begin(), question.end());
  const std::filesystem::path alone = folder_->path() / "elsewhere";
  std::filesystem::create_directories(alone);
  std::filesystem::copy_file(path("small.heddle"), alone / "m.heddle");
  std::vector<std::string> of_file = {"predict", alone / "m.heddle"};
  of_file.insert(of_file.end(), question.begin(), question.end());
  const Finished from_run = run_program(of_run);
  const Finished from_file = run_program(of_file);
  ASSERT_EQ(from_file.code, 0) << from_file.errors;
  EXPECT_EQ(from_file.output, from_run.output);
  const json told = json::parse(from_file.output);
  EXPECT_EQ(told["attention"]["words"].size(), 4u);
  EXPECT_NEAR(told["probabilities"]["negative"].get<double>() +
                  told["probabilities"]["positive"].get<double>(),
              1.0, 1e-6);
}

TEST_F(Deployment, AModelFileHasNoSamples) {
  const Finished asked = run_program({"predict", path("small.heddle"), "3"});
  EXPECT_EQ(asked.code, 4);
  EXPECT_NE(asked.errors.find("--text"), std::string::npos) << asked.errors;
}

TEST_F(Deployment, ServingAnswersEveryLineAndGoesOnAfterErrors) {
  const std::string questions =
      "{\"id\": \"first\", \"text\": \"what a lovely day\"}\n"
      "\n"
      "nonsense\n"
      "{\"id\": 2, \"txt\": \"typing error\"}\n"
      "{\"id\": 3, \"audio\": [[1, 2], [3]]}\n"
      "{\"id\": 4}\n"
      "{\"id\": 5, \"text\": \"awful\", \"image\": null}\n"
      "{\"statistics\": true}\n";
  const Finished served = run_program({"serve-stdin", path("small.heddle")}, {}, questions);
  ASSERT_EQ(served.code, 0) << served.errors;
  const std::vector<json> answers = lines_of(served.output);
  ASSERT_EQ(answers.size(), 7u) << served.output;
  EXPECT_EQ(answers[0]["id"], "first");
  EXPECT_GT(answers[0]["milliseconds"], 0.0);
  const Finished alone =
      run_program({"predict", path("small.heddle"), "--text", "what a lovely day", "--json"});
  EXPECT_EQ(answers[0]["probabilities"], json::parse(alone.output)["probabilities"]);
  EXPECT_TRUE(answers[1].contains("error"));
  EXPECT_NE(answers[2]["error"].get<std::string>().find("\"text\"?"), std::string::npos);
  EXPECT_EQ(answers[2]["id"], 2);
  EXPECT_NE(answers[3]["error"].get<std::string>().find("a list of 1"), std::string::npos);
  EXPECT_NE(answers[4]["error"].get<std::string>().find("text, image, audio"), std::string::npos);
  EXPECT_TRUE(answers[5].contains("class")) << answers[5];
  EXPECT_EQ(answers[6]["answers"], 2);
  EXPECT_LE(answers[6]["median_ms"], answers[6]["slowest_ms"]);
  EXPECT_NE(served.errors.find("2 answers, 4 refused"), std::string::npos) << served.errors;
}

TEST_F(Deployment, NumbersMayComeAsLists) {
  json picture = json::array();
  for (int plane = 0; plane < 3; ++plane) {
    picture.push_back(std::vector<std::vector<float>>(32, std::vector<float>(32, 0.5f)));
  }
  const Finished served =
      run_program({"serve-stdin", path("run")}, {}, json({{"image", picture}}).dump() + "\n");
  const std::vector<json> answers = lines_of(served.output);
  ASSERT_EQ(answers.size(), 1u) << served.errors;
  EXPECT_TRUE(answers[0].contains("class")) << answers[0];
}

TEST_F(Deployment, ExplainsSamplesAsAPageOrAsJson) {
  const Finished page = run_program({"explain", path("run"), "--count", "3"});
  ASSERT_EQ(page.code, 0) << page.errors;
  EXPECT_NE(text_of(path("run") + "/explanations.html").find("Shapley"), std::string::npos);
  const Finished told = run_program({"explain", path("run"), "81", "--json"});
  ASSERT_EQ(told.code, 0) << told.errors;
  const json samples = json::parse(told.output)["samples"];
  ASSERT_EQ(samples.size(), 1u);
  EXPECT_EQ(samples[0]["sample"], "81");
  EXPECT_EQ(samples[0]["shapley"].size(), 3u);
  EXPECT_EQ(run_program({"explain", path("run"), "nobody"}).code, 4);
}

TEST_F(Deployment, PicturesAndRecordingsAreReadAsTheyAre) {
  // A picture of another size, half of each colour: raw 0.5, as the array of the same.
  write_png(path("face.png"), 20, 16, std::vector<std::uint8_t>(20 * 16 * 3, 128));
  const Finished picture =
      run_program({"predict", path("small.heddle"), "--image", path("face.png"), "--json"});
  ASSERT_EQ(picture.code, 0) << picture.errors;
  const std::vector<float> grey(3 * 32 * 32, 128.0f / 255.0f);
  write_npy(path("face.npy"), Tensor::from(std::span<const float>(grey), {3, 32, 32}));
  const Finished array =
      run_program({"predict", path("small.heddle"), "--image", path("face.npy"), "--json"});
  EXPECT_NEAR(json::parse(picture.output)["probabilities"]["positive"].get<double>(),
              json::parse(array.output)["probabilities"]["positive"].get<double>(), 1e-5);

  write_wav(path("tone.wav"), 8000, 4000);
  const Finished sound =
      run_program({"predict", path("small.heddle"), "--audio", path("tone.wav"), "--json"});
  EXPECT_EQ(sound.code, 0) << sound.errors;
  write_wav(path("fast.wav"), 16000, 4000);
  const Finished fast = run_program({"predict", path("small.heddle"), "--audio", path("fast.wav")});
  EXPECT_EQ(fast.code, 4);
  EXPECT_NE(fast.errors.find("learned at 8000 Hz"), std::string::npos) << fast.errors;
  const Finished wrong =
      run_program({"predict", path("small.heddle"), "--audio", path("face.png")});
  EXPECT_EQ(wrong.code, 4);
  EXPECT_NE(wrong.errors.find("of kind sequence"), std::string::npos) << wrong.errors;
}

TEST_F(Deployment, EightBitsAreSmallerAndSayWhatTheyCost) {
  const Finished written =
      run_program({"export", path("run"), "--out", path("int8.heddle"), "--int8"});
  ASSERT_EQ(written.code, 0) << written.errors;
  for (const char* part : {"of 8 bits", "test split", "accuracy", "loss"}) {
    EXPECT_NE(written.output.find(part), std::string::npos) << written.output;
  }
  EXPECT_LT(std::filesystem::file_size(path("int8.heddle")),
            std::filesystem::file_size(path("small.heddle")));
  const std::vector<std::string> question = {"--text", "what a lovely day", "--json"};
  json answers[2];
  for (int i = 0; i < 2; ++i) {
    std::vector<std::string> words = {"predict", path(i == 0 ? "small.heddle" : "int8.heddle")};
    words.insert(words.end(), question.begin(), question.end());
    answers[i] = json::parse(run_program(words).output);
  }
  EXPECT_NEAR(answers[0]["probabilities"]["positive"].get<double>(),
              answers[1]["probabilities"]["positive"].get<double>(), 0.02);
}

TEST_F(Deployment, OnnxIsWrittenFromAModelFileOrTheProgramSaysWhatItNeeds) {
  const Finished written =
      run_program({"export", path("small.heddle"), "--onnx", path("small.onnx")});
  if (!can_write_onnx()) {
    EXPECT_EQ(written.code, 1);
    EXPECT_NE(written.errors.find("libonnx-dev"), std::string::npos) << written.errors;
    return;
  }
  ASSERT_EQ(written.code, 0) << written.errors;
  for (const char* part : {"operator set 13", "text_lengths", "[batch, 3, 32, 32]", "probabilities",
                           "text_attention"}) {
    EXPECT_NE(written.output.find(part), std::string::npos) << written.output;
  }
  EXPECT_GT(std::filesystem::file_size(path("small.onnx")), 1000u);
}

TEST_F(Deployment, AnExportNeedsSomethingToWrite) {
  const Finished nothing = run_program({"export", path("run")});
  EXPECT_EQ(nothing.code, 2);
  EXPECT_NE(nothing.errors.find("--onnx"), std::string::npos) << nothing.errors;
  EXPECT_EQ(run_program({"export", path("run"), "--onnx", path("x.onnx"), "--int8"}).code, 2);
  EXPECT_FALSE(std::filesystem::exists(path("x.onnx")));
}

}  // namespace
}  // namespace heddle
