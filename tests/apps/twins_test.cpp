// Every configuration of configs/ runs for twenty steps, its data replaced by a built-in set that
// has modalities of the same kinds and a signal to find in them: its twin.

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "tests/apps/program.h"
#include "tests/train/small_run.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

const fs::path configs = fs::path(HEDDLE_SOURCE_DIR) / "configs";

struct Twin {
  std::string config;
  /// What makes it the built-in twin: values of --set; none where its data is built in.
  std::vector<std::string> settings;
  std::string device = "cpu";
  std::vector<std::string> members = {};  // of a joint run
};

void PrintTo(const Twin& twin, std::ostream* out) { *out << twin.config << " on " << twin.device; }

/// data={…} of a built-in set, with these modalities in place of the configuration's.
std::string data_of(const std::string& set, const std::string& modalities) {
  return "data={kind=\"builtin\", set=\"" + set + "\", modalities=[" + modalities + "]}";
}

std::vector<Twin> twins() {
  const std::string digits = data_of("sentiment", "\"audio\", \"image\"");
  const std::string three = data_of("utterances", "\"text\", \"audio\", \"video\"");
  const std::string translate = "task={kind=\"generate\", source=\"source\", target=\"target\"}";
  const std::string apart =
      "model.sequence_to_sequence.share_embeddings=false";  // two vocabularies
  const std::vector<std::string> tiny = {"model.hidden=6", "model.tokens.embedding=5",
                                         "model.image.channels=[2, 2]", "train.batch_size=4"};
  return {
      {"demo.toml", {}},
      {"demo.toml", tiny, "sim"},
      {"digits/noisy.toml", {digits}},
      {"digits/official.toml", {digits}},
      {"digits/speakers.toml", {digits}},
      {"easy_vqa/answer.toml", {data_of("answering", "\"question\", \"image\"")}},
      {"flickr8k/retrieval.toml",
       {data_of("retrieval", "\"text\", \"image\""), "model.hidden=32",
        "model.tokens.embedding=32"}},
      {"fusion/builtin.toml", {}},
      {"joint/sentiment_vqa.toml",
       {"member.sentiment." + data_of("judgement", "\"text\""),
        "member.vqa_rad.data={kind=\"builtin\", set=\"answering\", modalities=[\"text\", "
        "\"image\"], rename=[\"text=question\"]}",
        "member.vqa_rad.evaluate={}"},
       "cpu",
       {"sentiment", "vqa_rad"}},
      {"joint/twins.toml", {}, "cpu", {"reading", "sentiment"}},
      {"joint/vqa.toml",
       {"member.easy_vqa." + data_of("answering", "\"question\", \"image\""),
        "member.vqa_rad." + data_of("answering", "\"question\", \"image\""),
        "member.vqa_rad.evaluate={}"},
       "cpu",
       {"easy_vqa", "vqa_rad"}},
      {"joint/vqa_rad.toml",
       {"task.share=[\"question\", \"image\"]",
        "member.answer." + data_of("answering", "\"question\", \"image\""),
        "member.organ." + data_of("answering", "\"image\""),
        "member.type." + data_of("answering", "\"question\""), "member.answer.evaluate={}"},
       "cpu",
       {"answer", "organ", "type"}},
      {"mhh_covid19/image_record.toml", {data_of("record", "\"image\", \"record\"")}},
      {"mosi/bclstm.toml", {three, "train.batch_size=4"}},
      {"mosi/late.toml", {three, "train.batch_size=4"}},
      {"mosi/standard.toml", {data_of("utterances", "\"words\", \"audio\"")}},
      {"multi30k/crosslingual.toml",
       {data_of("translation", "\"source\", \"target\", \"picture\""),
        "task={kind=\"retrieve\", pairs=[[\"source\", \"picture\"], [\"target\", \"picture\"]], "
        "evaluate=[[\"target\", \"source\"]]}",
        "model.hidden=32", "model.tokens.embedding=32"}},
      {"multi30k/translate.toml",
       {data_of("translation", "\"source\", \"target\""), translate, apart, "model.hidden=32",
        "train.batch_tokens=200"}},
      {"multi30k/translate_images.toml",
       {data_of("translation", "\"source\", \"picture\", \"target\""), translate, apart,
        "model.hidden=32", "train.batch_tokens=200"}},
      {"retrieval.toml", {}},
      {"twins/translation.toml", {}},
      {"vqa_rad/answer.toml",
       {data_of("answering", "\"question\", \"image\""), "evaluate={}", "model.hidden=64"}},
  };
}

/// A description of a data set is no configuration to train.
bool describes_data(const fs::path& path) {
  const std::string text = "\n" + text_of(path.string());
  return text.find("\n[[modality]]") != std::string::npos;
}

TEST(Twins, EveryConfigurationHasOne) {
  std::set<std::string> known;
  for (const Twin& twin : twins()) {
    known.insert(twin.config);
    EXPECT_TRUE(fs::exists(configs / twin.config)) << twin.config << " is gone: remove its twin";
  }
  for (const auto& entry : fs::recursive_directory_iterator(configs)) {
    const std::string name = entry.path().lexically_relative(configs).generic_string();
    if (entry.path().extension() == ".toml" && !describes_data(entry.path())) {
      EXPECT_TRUE(known.contains(name))
          << "configs/" << name
          << " has no built-in twin, so nothing runs it. Add a row to twins() in this file: the "
             "built-in set (docs/data.md) with modalities of the same kinds, and what else must "
             "differ. Where no set fits, add one to data/builtin/.";
    }
  }
}

class TwentySteps : public testing::TestWithParam<Twin> {
 protected:
  std::vector<double> losses() const {
    std::vector<double> found;
    std::ifstream lines(folder_ / "metrics.jsonl");
    for (std::string line; std::getline(lines, line);) {
      const auto entry = nlohmann::json::parse(line);
      if (entry.at("split") == "train") {
        found.push_back(entry.at("loss").is_number() ? entry.at("loss").get<double>() : NAN);
      }
    }
    return found;
  }

  const TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path() / "run";
};

TEST_P(TwentySteps, LearnOnTheTwinAndLeaveTheirFiles) {
  std::vector<std::string> arguments = {"train",    (configs / GetParam().config).string(),
                                        "--out",    folder_.string(),
                                        "--device", GetParam().device};
  std::vector<std::string> settings = GetParam().settings;
  const std::string samples = GetParam().device == "sim" ? "12" : "96";
  const bool is_grouped =
      GetParam().config.starts_with("mosi/") && GetParam().config != "mosi/standard.toml";
  // Settings of the twin come first: data={…} replaces the table that these go into.
  settings.insert(settings.end(), {"train.epochs=20", "train.max_steps=20", "train.log_every=5",
                                   "train.evaluate_subsets=false"});
  const std::vector<std::string>& members = GetParam().members;
  for (const std::string& member : members.empty() ? std::vector<std::string>{""} : members) {
    const std::string task = member.empty() ? "" : "member." + member + ".";
    settings.insert(settings.end(), {task + "data.train=" + samples, task + "data.valid=12",
                                     task + "data.test=12"});
    if (!is_grouped && GetParam().device == "cpu") {
      settings.push_back(task + "train.batch_size=16");
    }
  }
  for (const std::string& setting : settings) {
    arguments.insert(arguments.end(), {"--set", setting});
  }
  const Finished run = run_program(arguments);
  ASSERT_EQ(run.code, 0) << run.errors;
  const std::vector<double> found = losses();
  ASSERT_EQ(found.size(), 4u) << run.errors;
  for (const double loss : found) {
    EXPECT_TRUE(std::isfinite(loss)) << loss;
  }
  EXPECT_LT(*std::min_element(found.begin() + 1, found.end()), found.front());
  std::vector<fs::path> files = {"config.toml", "best.safetensors", "last.safetensors"};
  if (members.empty()) {
    files.emplace_back("report.html");
  }
  for (const std::string& member : members) {
    files.push_back(fs::path(member) / "report.html");
  }
  for (const fs::path& file : files) {
    EXPECT_GT(fs::file_size(folder_ / file), 0u) << file;
  }
  const auto summary = nlohmann::json::parse(text_of((folder_ / "summary.json").string()));
  EXPECT_EQ(summary.at("steps"), 20);
  EXPECT_TRUE(summary.at("metrics").contains("test"));
}

INSTANTIATE_TEST_SUITE_P(Configurations, TwentySteps, testing::ValuesIn(twins()),
                         [](const testing::TestParamInfo<Twin>& which) {
                           std::string name = which.param.config + "_" + which.param.device;
                           std::replace_if(
                               name.begin(), name.end(),
                               [](char c) {
                                 return std::isalnum(static_cast<unsigned char>(c)) == 0;
                               },
                               '_');
                           return name;
                         });

}  // namespace
}  // namespace heddle
