#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/apps/program.h"
#include "tests/train/small_run.h"

namespace heddle {
namespace {

TEST(ExitCode, DoneIs0) {
  const TemporaryFolder folder;
  const Finished finished = run_program(small_training(folder.path() / "run"));
  EXPECT_EQ(finished.code, 0) << finished.errors;
  EXPECT_NE(finished.output.find("test"), std::string::npos);
  EXPECT_NE(finished.output.find("report.html"), std::string::npos);
}

TEST(ExitCode, FailedIs1) {
  const TemporaryFolder folder;
  const Finished finished =
      run_program(small_training(folder.path() / "run", {"--device", "cuda"}));
  EXPECT_EQ(finished.code, 1);
  EXPECT_NE(finished.errors.find("cuda"), std::string::npos) << finished.errors;
}

TEST(ExitCode, UsageIs2) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"trian"},
                                             {"train"},
                                             {"train", "x.toml", "--sed", "1"},
                                             {"train", "x.toml", "--resume", "--overwrite"},
                                             {"train", "x.toml", "--seeds", "0"},
                                             {"train", "x.toml", "--threads", "none"},
                                             {"data"},
                                             {"predict", "out/run"}}) {
    const Finished finished = run_program(arguments);
    EXPECT_EQ(finished.code, 2) << testing::PrintToString(arguments) << finished.errors;
    EXPECT_NE(finished.errors.find("--help"), std::string::npos) << finished.errors;
  }
}

TEST(ExitCode, AFolderThatHoldsARunIsUsage) {
  const TemporaryFolder folder;
  const std::vector<std::string> arguments = small_training(folder.path() / "run");
  EXPECT_EQ(run_program(arguments).code, 0);
  const Finished again = run_program(arguments);
  EXPECT_EQ(again.code, 2);
  EXPECT_NE(again.errors.find("--resume"), std::string::npos) << again.errors;
}

TEST(ExitCode, OutOfMemoryIs3) {
  const TemporaryFolder folder;
  const Finished finished =
      run_program(small_training(folder.path() / "run"), {"HEDDLE_MEMORY_LIMIT=1"});
  EXPECT_EQ(finished.code, 3) << finished.errors;
  EXPECT_NE(finished.errors.find("limit"), std::string::npos) << finished.errors;
}

TEST(ExitCode, BadInputIs4) {
  const TemporaryFolder folder;
  const std::string bad = folder.path() / "bad.toml";
  std::ofstream(bad) << "[train]\nepoch = 3\n";
  const Finished typo = run_program({"train", bad});
  EXPECT_EQ(typo.code, 4);
  EXPECT_NE(typo.errors.find("bad.toml:2"), std::string::npos) << typo.errors;
  EXPECT_NE(typo.errors.find("epochs"), std::string::npos) << typo.errors;
  EXPECT_EQ(run_program({"train", "/nowhere.toml"}).code, 4);
  EXPECT_EQ(run_program({"inspect", bad}).code, 4);
  EXPECT_EQ(run_program({"evaluate", folder.path()}).code, 4);
  EXPECT_EQ(run_program({"data", "show", "100000"}).code, 4);
}

TEST(ExitCode, NumericFailureIs5AndNamesTheStep) {
  const TemporaryFolder folder;
  const Finished finished = run_program(small_training(
      folder.path() / "run",
      {"--set", "optimizer.learning_rate=1e5", "--set", "optimizer.weight_decay=1e5", "--set",
       "schedule.warmup_steps=0", "--set", "train.epochs=40", "--set", "train.clip_norm=0"}));
  EXPECT_EQ(finished.code, 5) << finished.errors;
  EXPECT_NE(finished.errors.find("step "), std::string::npos) << finished.errors;
  EXPECT_NE(finished.errors.find("optimizer.learning_rate"), std::string::npos) << finished.errors;
}

TEST(ExitCode, NoneIsLeftHalfWay) {
  // What is refused before training must not leave a run behind.
  const TemporaryFolder folder;
  const std::string out = folder.path() / "run";
  EXPECT_EQ(run_program(small_training(out, {"--set", "train.select=acuracy"})).code, 4);
  EXPECT_FALSE(std::filesystem::exists(out));
}

}  // namespace
}  // namespace heddle
