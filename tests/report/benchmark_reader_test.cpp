#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/error.h"
#include "report/benchmark.h"
#include "tests/report/benchmark_samples.h"

namespace heddle {
namespace {

std::string error_of(const std::string& text) {
  try {
    static_cast<void>(parse_benchmark_file("some.json", text));
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

void expect_error(const std::string& text, const std::string& found, const std::string& expected) {
  const std::string message = error_of(text);
  EXPECT_TRUE(message.starts_with("some.json: ")) << message;
  EXPECT_NE(message.find(found), std::string::npos) << message;
  EXPECT_NE(message.find(expected), std::string::npos) << message;
}

TEST(BenchmarkReader, ReadsRows) {
  const BenchmarkFile file =
      parse_benchmark_file("a.json", rows_json(R"("turns": 7, "opponent_max_error": 2e-7,)"));
  EXPECT_EQ(file.machine, "EPYC");
  EXPECT_EQ(file.commit, "abc123");
  EXPECT_EQ(file.date, "2026-11-28");
  ASSERT_EQ(file.rates.size(), 1u);
  EXPECT_EQ(file.rates[0].threads, 2);
  EXPECT_EQ(file.rates[0].copy_gb_per_s, 20.0);
  ASSERT_EQ(file.rows.size(), 1u);
  const BenchmarkRow& row = file.rows[0];
  EXPECT_EQ(row.what.family, "softmax");
  EXPECT_EQ(row.turns, 7);
  EXPECT_TRUE(row.cold);
  EXPECT_EQ(row.ours->least, 1.5);
  EXPECT_EQ(row.theirs->most, 5.0);
  EXPECT_EQ(*row.opponent_error, 2e-7);
  EXPECT_EQ(*row.ratio(), 2.0);
}

TEST(BenchmarkReader, ReadsLadders) {
  const BenchmarkFile file = parse_benchmark_file("l.json", ladder_json());
  ASSERT_EQ(file.ladder.size(), 3u);
  EXPECT_EQ(file.ladder[1].version, "online");
  EXPECT_EQ(file.ladder[1].time.least, 1.0) << "the median where there is no least";
  EXPECT_EQ(file.rates.at(0).fma_gflop_per_s, 500.0);
}

TEST(BenchmarkReader, AMissingTimeIsNoRatio) {
  const BenchmarkFile file = parse_benchmark_file(
      "a.json", with(with(with(rows_json(), "\"opponent_ms\": 4", "\"opponent_ms\": null"),
                          "\"ratio\": 2", "\"ratio\": null"),
                     "\"note\": \"\"", "\"note\": \"it has no bf16\""));
  EXPECT_FALSE(file.rows[0].ratio());
  EXPECT_EQ(file.rows[0].note, "it has no bf16");
  // A contender of ours that never ran is written with a median of 0.
  const BenchmarkFile never =
      parse_benchmark_file("a.json", with(with(rows_json(), "\"ours_ms\": 2", "\"ours_ms\": 0"),
                                          "\"ratio\": 2", "\"ratio\": null"));
  EXPECT_FALSE(never.rows[0].ours);
}

TEST(BenchmarkReader, RefusesOtherFiles) {
  expect_error("", "is not JSON", "./dev bench --out");
  expect_error("{\"rows\": [", "is not JSON (parse error at line 1", "heddle_ladder --out");
  expect_error("[1]", "is array", "expected an object");
  expect_error("{}", "has no list \"rows\"", "./dev bench --out");
  expect_error("{\"rows\": 3}", "has no list \"rows\"", "./dev bench --out");
  expect_error("{\"rows\": []}", "has no rows", "measure again");
  expect_error(with(rows_json(), "\"ours_ms\"", "\"my_ms\""), "rows[0]: is of an unknown shape",
               "\"ours_ms\"");
  expect_error(with(ladder_json(), "\"version\": \"online\"", "\"ours_ms\": 1"),
               "rows[1]: a benchmark's rows and a ladder's are mixed", "expected a file");
  expect_error(std::string(100'000, '['), "nested deeper than 8", "expected a file");
  expect_error("{\"rows\": [1e999]}", "is not JSON", "expected a file");
}

TEST(BenchmarkReader, RefusesWrongFieldsByName) {
  const std::string good = rows_json();
  expect_error(with(good, "\"machine\": \"EPYC\"", "\"machine\": 3"), "\"machine\" is 3",
               "expected text");
  expect_error(with(good, "\"cold\": true", "\"cold\": 1"), "rows[0]: \"cold\" is 1",
               "expected true or false");
  expect_error(with(good, "\"bytes\": 1000", "\"bytes\": -1"), "rows[0]: \"bytes\" is -1",
               "expected a number from 0");
  expect_error(with(good, "\"family\": \"softmax\",", ""), "rows[0]: \"family\" is missing",
               "expected text");
  expect_error(with(good, "\"copy_gb_per_s\": 20", "\"copy_gb_per_s\": \"fast\""),
               "rates of \"cpu, 2 threads\": \"copy_gb_per_s\" is \"fast\"", "a number from 0");
  expect_error(with(good, "\"ours_least_ms\": 1.5", "\"ours_least_ms\": 2.5"), "\"ours_ms\" is 2",
               "outside its own range");
  expect_error(with(good, "\"ratio\": 2", "\"ratio\": 3"),
               "\"ratio\" is 3, but opponent_ms / ours_ms is 2", "was changed");
  expect_error(with(ladder_json(), "\"ms\": 4", "\"ms\": 0"), "rows[0]: \"ms\" is missing or 0",
               "expected milliseconds");
}

TEST(BenchmarkReader, RefusesFilesByTheirSizeUnread) {
  const std::filesystem::path path =
      std::filesystem::path(testing::TempDir()) / "heddle_large_rows.json";
  std::ofstream(path) << '{';
  std::filesystem::resize_file(path, (std::uintmax_t{64} << 20) + 1);  // a hole, no disk is used
  std::string message;
  try {
    static_cast<void>(read_benchmark_file(path));
  } catch (const InputError& error) {
    message = error.what();
  }
  std::filesystem::remove(path);
  EXPECT_NE(message.find("has 67108865 bytes"), std::string::npos) << message;
  EXPECT_NE(message.find("64 MiB"), std::string::npos) << message;
  EXPECT_THROW(static_cast<void>(read_benchmark_file(path)), InputError) << "it is gone";
  EXPECT_THROW(static_cast<void>(read_benchmark_file(testing::TempDir())), InputError);
}

}  // namespace
}  // namespace heddle
