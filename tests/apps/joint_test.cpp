#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "tests/apps/program.h"
#include "tests/train/small_run.h"

namespace heddle {
namespace {

using nlohmann::json;

/// configs/joint/twins.toml as a matter of a second.
std::vector<std::string> joint_training(const std::string& out,
                                        const std::vector<std::string>& more = {}) {
  std::vector<std::string> words = {
      "train", HEDDLE_SOURCE_DIR "/configs/joint/twins.toml", "--out", out, "--threads", "2"};
  for (const std::string member : {"sentiment", "reading"}) {
    for (const char* setting :
         {"data.train=48", "data.valid=16", "data.test=16", "model.hidden=6",
          "model.tokens.embedding=5", "model.image.channels=[2,2]", "train.batch_size=8"}) {
      words.insert(words.end(), {"--set", "member." + member + "." + setting});
    }
  }
  words.insert(words.end(), {"--set", "train.epochs=4", "--set", "checkpoint.every_steps=5"});
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST(Joint, OneRunAnswersForEveryTaskAndEachFolderIsARunOfItsOwn) {
  const TemporaryFolder folder;
  const std::string out = folder.path() / "joint";
  const Finished trained = run_program(joint_training(out));
  ASSERT_EQ(trained.code, 0) << trained.errors;
  for (const char* part : {"reading\n", "sentiment\n", "mean over tasks", "reading/report.html"}) {
    EXPECT_NE(trained.output.find(part), std::string::npos) << trained.output;
  }
  const Finished whole = run_program({"evaluate", out, "--json"});
  ASSERT_EQ(whole.code, 0) << whole.errors;
  const json metrics = json::parse(whole.output)["metrics"];
  EXPECT_EQ(metrics, json::parse(text_of(out + "/summary.json"))["metrics"]["test"]);
  EXPECT_NE(run_program({"evaluate", out}).output.find("task reading"), std::string::npos);

  const Finished one = run_program({"evaluate", out + "/reading", "--json"});
  ASSERT_EQ(one.code, 0) << one.errors;
  EXPECT_EQ(json::parse(one.output)["metrics"]["loss"], metrics["reading.loss"]);
  const Finished answer = run_program({"predict", out + "/reading", "--text", "the film was good",
                                       "--input", "question=how was it judged", "--json"});
  ASSERT_EQ(answer.code, 0) << answer.errors;
  EXPECT_TRUE(json::parse(answer.output)["probabilities"].contains("praise"));
  const Finished file =
      run_program({"export", out + "/sentiment", "--out", folder.path() / "mood.heddle"});
  EXPECT_EQ(file.code, 0) << file.errors;

  const Finished refused = run_program({"predict", out, "--text", "the film was good"});
  EXPECT_EQ(refused.code, 4);
  EXPECT_NE(refused.errors.find("/joint/reading"), std::string::npos) << refused.errors;
}

TEST(Joint, KilledAtRandomMomentsItEndsWithTheSameBits) {
  const TemporaryFolder folder;
  const std::string whole = folder.path() / "whole";
  const auto before = std::chrono::steady_clock::now();
  ASSERT_EQ(run_program(joint_training(whole)).code, 0);
  const auto duration = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - before);
  const std::string out = folder.path() / "killed";
  std::mt19937 random(std::random_device{}());
  std::uniform_int_distribution<std::int64_t> moment(0,
                                                     std::max<std::int64_t>(1, duration.count()));
  for (int kills = 0, attempts = 0; kills < 5 && attempts < 30; ++attempts) {
    Program program(joint_training(out, {"--resume"}));
    if (!program.ended_within(std::chrono::milliseconds(moment(random)))) {
      program.send(SIGKILL);
    }
    kills += program.wait() == 128 + SIGKILL ? 1 : 0;
  }
  const Finished finished = run_program(joint_training(out, {"--resume"}));
  ASSERT_EQ(finished.code, 0) << finished.errors;
  for (const char* file :
       {"/metrics.jsonl", "/best.safetensors", "/last.safetensors", "/reading/best.safetensors"}) {
    EXPECT_EQ(text_of(out + file), text_of(whole + file)) << file;
  }
}

TEST(Joint, TasksListsItAndSeparatelyNeedsSeveralTasks) {
  const Finished tasks =
      run_program({"tasks", "--configs", HEDDLE_SOURCE_DIR "/configs/joint", "--json"});
  ASSERT_EQ(tasks.code, 0) << tasks.errors;
  const json list = json::parse(tasks.output);
  ASSERT_EQ(list.size(), 4u);
  for (const json& task : list) {
    EXPECT_EQ(task["kind"], "joint");
  }
  EXPECT_EQ(list[1]["data"], "built-in reading + built-in judgement");
  EXPECT_TRUE(list[1]["ready"]);
  const TemporaryFolder folder;
  const Finished refused = run_program(small_training(folder.path() / "run", {"--separately"}));
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.errors.find("joint"), std::string::npos) << refused.errors;
}

}  // namespace
}  // namespace heddle
