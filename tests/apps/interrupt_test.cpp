#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <utility>

#include "tests/apps/program.h"
#include "tests/train/small_run.h"

namespace heddle {
namespace {

using std::chrono::milliseconds;

std::string weights_of(const std::string& run) {
  return nlohmann::json::parse(text_of(run + "/summary.json"))["weights_sha256"];
}

/// Long enough to be interrupted, with a checkpoint every few steps.
std::vector<std::string> training(const std::string& out,
                                  const std::vector<std::string>& more = {}) {
  std::vector<std::string> all = {"--set", "train.epochs=40", "--set", "checkpoint.every_steps=7"};
  all.insert(all.end(), more.begin(), more.end());
  return small_training(out, all);
}

void wait_for_file(Program& program, const std::string& path) {
  for (int i = 0; i < 30000 && !std::filesystem::exists(path); ++i) {
    if (program.ended_within(milliseconds(1))) {
      FAIL() << "the program ended first: " << program.errors();
    }
  }
}

TEST(Interrupt, SignalsSaveAndResumingGivesTheSameWeights) {
  const TemporaryFolder folder;
  const std::string whole = folder.path() / "whole";
  // Long enough that the signal finds it training, however busy the machine is.
  const std::vector<std::string> longer = {"--set", "train.epochs=150"};
  ASSERT_EQ(run_program(training(whole, longer)).code, 0);
  for (const auto& [signal, code] : {std::pair{SIGINT, 130}, {SIGTERM, 143}}) {
    const std::string out = folder.path() / std::to_string(signal);
    {
      Program program(training(out, longer));
      wait_for_file(program, out + "/metrics.jsonl");
      program.send(signal);
      EXPECT_EQ(program.wait(), code) << program.errors();
      EXPECT_NE(program.errors().find("saved"), std::string::npos) << program.errors();
    }
    EXPECT_FALSE(std::filesystem::exists(out + "/summary.json"));
    EXPECT_FALSE(std::filesystem::is_empty(out + "/checkpoints"));
    const Finished resumed = run_program(training(out, {"--set", "train.epochs=150", "--resume"}));
    EXPECT_EQ(resumed.code, 0) << resumed.errors;
    EXPECT_NE(resumed.errors.find("resumed at step"), std::string::npos) << resumed.errors;
    EXPECT_EQ(weights_of(out), weights_of(whole));
    EXPECT_EQ(text_of(out + "/metrics.jsonl"), text_of(whole + "/metrics.jsonl"));
  }
}

TEST(Interrupt, ASecondSignalEndsItAtOnce) {
  const TemporaryFolder folder;
  const std::string out = folder.path() / "run";
  Program program(training(out, {"--set", "train.epochs=100000"}));
  wait_for_file(program, out + "/metrics.jsonl");
  program.send(SIGINT);
  program.send(SIGINT);
  EXPECT_EQ(program.wait(), 130);
}

/// A run killed without warning at a random moment, again and again, and resumed each time.
TEST(Interrupt, KilledAtTwentyRandomMomentsItEndsWithTheSameBits) {
  const TemporaryFolder folder;
  const std::string whole = folder.path() / "whole";
  const auto before = std::chrono::steady_clock::now();
  ASSERT_EQ(run_program(training(whole)).code, 0);
  const auto duration =
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - before);
  const std::string out = folder.path() / "killed";
  std::mt19937 random(std::random_device{}());
  std::uniform_int_distribution<std::int64_t> moment(0,
                                                     std::max<std::int64_t>(1, duration.count()));
  int kills = 0;
  for (int attempts = 0; kills < 20 && attempts < 200; ++attempts) {
    Program program(training(out, {"--resume"}));
    if (!program.ended_within(milliseconds(moment(random)))) {
      program.send(SIGKILL);
    }
    if (program.wait() == 128 + SIGKILL) {
      ++kills;
      continue;
    }
    // It got to its end between two kills: compare, and begin anew.
    ASSERT_EQ(program.wait(), 0) << program.errors();
    ASSERT_EQ(weights_of(out), weights_of(whole)) << "after " << kills << " kills";
    std::filesystem::remove_all(out);
  }
  EXPECT_EQ(kills, 20);
  const Finished finished = run_program(training(out, {"--resume"}));
  ASSERT_EQ(finished.code, 0) << finished.errors;
  EXPECT_EQ(weights_of(out), weights_of(whole));
  EXPECT_EQ(text_of(out + "/metrics.jsonl"), text_of(whole + "/metrics.jsonl"));
  EXPECT_EQ(text_of(out + "/best.safetensors"), text_of(whole + "/best.safetensors"));
}

TEST(Interrupt, ThreadsDoNotChangeTheWeights) {
  const TemporaryFolder folder;
  std::string expected;
  for (const char* threads : {"1", "2", "3", "4"}) {
    const std::string out = folder.path() / threads;
    std::vector<std::string> arguments = small_training(out);
    *std::find(arguments.begin(), arguments.end(), "2") = threads;
    ASSERT_EQ(run_program(arguments).code, 0);
    expected = expected.empty() ? weights_of(out) : expected;
    EXPECT_EQ(weights_of(out), expected) << threads << " threads";
  }
}

TEST(Interrupt, TwoProcessesDoNotShareAFolder) {
  const TemporaryFolder folder;
  const std::string out = folder.path() / "run";
  Program first(training(out, {"--set", "train.epochs=100000"}));
  wait_for_file(first, out + "/metrics.jsonl");
  const Finished second = run_program(training(out, {"--set", "train.epochs=100000", "--resume"}));
  EXPECT_EQ(second.code, 1);
  EXPECT_NE(second.errors.find("another process"), std::string::npos) << second.errors;
  first.send(SIGTERM);
  EXPECT_EQ(first.wait(), 143);
}

}  // namespace
}  // namespace heddle
