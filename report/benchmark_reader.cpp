#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "report/benchmark.h"
#include "report/json_fields.h"

namespace heddle {
namespace {

using nlohmann::json;
using report::JsonFields;

constexpr std::uintmax_t largest_file = std::uintmax_t{64} << 20;
constexpr std::size_t most_rows = 20'000;
constexpr int deepest = 8;
constexpr double largest_threads = 1e6;

constexpr const char* expected_file =
    "expected a file that ./dev bench --out or heddle_ladder --out wrote";

json parsed(const std::string& name, std::string_view text) {
  const json::parser_callback_t shallow = [&](int depth, json::parse_event_t, json&) {
    check<InputError>(depth <= deepest, name, ": JSON nested deeper than ", deepest, "; ",
                      expected_file);
    return true;
  };
  try {
    return json::parse(text.begin(), text.end(), shallow);
  } catch (const json::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: …"
    const std::string_view what = error.what();
    const std::size_t bracket = what.find("] ");
    fail<InputError>(name, ": is not JSON (",
                     bracket == std::string_view::npos ? what : what.substr(bracket + 2), "); ",
                     expected_file);
  }
}

/// The three fields of a time. A median of 0 stands for a contender that never ran.
std::optional<BenchmarkTime> time_of(const JsonFields& fields, const std::string& prefix) {
  const std::optional<double> median = fields.number_or_none((prefix + "ms").c_str());
  if (!median || *median == 0.0) {
    return std::nullopt;
  }
  BenchmarkTime time{*median, *median, *median};
  time.least = fields.number_or_none((prefix + "least_ms").c_str()).value_or(*median);
  time.most = fields.number_or_none((prefix + "most_ms").c_str()).value_or(*median);
  check<InputError>(time.least <= time.median && time.median <= time.most, fields.where(), ": \"",
                    prefix, "ms\" is ", time.median, ", outside its own range of ", time.least,
                    " to ", time.most, "; the file is damaged");
  return time;
}

BenchmarkCase case_of(const JsonFields& fields) {
  return {fields.text("family"), fields.text("case"), fields.text("direction"),
          fields.number("bytes"), fields.number("operations")};
}

/// A ratio that is not that of the times beside it was written by hand.
void check_ratio(const JsonFields& fields, const BenchmarkRow& row) {
  const std::optional<double> written = fields.number_or_none("ratio");
  const std::optional<double> ratio = row.ratio();
  if (written && ratio) {
    check<InputError>(std::abs(*written - *ratio) <= 0.01 * *ratio, fields.where(),
                      ": \"ratio\" is ", *written, ", but opponent_ms / ours_ms is ", *ratio,
                      "; the file was changed, or damaged");
  }
}

BenchmarkRow row_of(const JsonFields& fields) {
  BenchmarkRow row;
  row.what = case_of(fields);
  row.cold = fields.boolean("cold");
  const double threads = fields.number("threads");
  check<InputError>(threads <= largest_threads, fields.where(), ": \"threads\" is ", threads,
                    "; expected at most ", largest_threads);
  row.threads = static_cast<std::int64_t>(threads);
  row.turns = static_cast<std::int64_t>(
      std::min(fields.number_or_none("turns").value_or(0.0), largest_threads));
  row.math = fields.text("math");
  row.ours = time_of(fields, "ours_");
  row.error = fields.number_or_none("max_error");
  row.opponent = fields.text_or_none("opponent");
  row.opponent_math = fields.text_or_none("opponent_math");
  row.theirs = time_of(fields, "opponent_");
  row.opponent_error = fields.number_or_none("opponent_max_error");
  row.note = fields.text_or_none("note");
  check_ratio(fields, row);
  return row;
}

LadderRow ladder_row_of(const JsonFields& fields) {
  LadderRow row;
  row.what = case_of(fields);
  row.dtype = fields.text("dtype");
  row.version = fields.text("version");
  row.math = fields.text("math");
  const std::optional<BenchmarkTime> time = time_of(fields, "");
  check<InputError>(time.has_value(), fields.where(),
                    ": \"ms\" is missing or 0; expected milliseconds");
  row.time = *time;
  row.note = fields.text_or_none("note");
  return row;
}

/// The number in "cpu, 2 threads"; 0 where there is none.
std::int64_t threads_in(const std::string& name) {
  const std::size_t comma = name.rfind(", ");
  std::int64_t threads = 0;
  for (std::size_t at = comma == std::string::npos ? name.size() : comma + 2;
       at < name.size() && name[at] >= '0' && name[at] <= '9' && threads < 1'000'000; ++at) {
    threads = 10 * threads + (name[at] - '0');
  }
  return threads;
}

void read_rates(const json& whole, BenchmarkFile& file) {
  if (const auto rates = whole.find("rates"); rates != whole.end()) {
    check<InputError>(rates->is_object(), file.name, ": \"rates\" is ", rates->type_name(),
                      "; expected an object with the rates of each setting");
    for (const auto& [on, values] : rates->items()) {
      const JsonFields fields(values, file.name + ": rates of \"" + on + "\"");
      file.rates.push_back({on, threads_in(on), fields.number("copy_gb_per_s"),
                            fields.number("f32_fma_gflop_per_s")});
    }
  }
  if (const auto calibration = whole.find("calibration"); calibration != whole.end()) {
    const JsonFields fields(*calibration, file.name + ": calibration");
    file.rates.push_back({file.machine, 0, fields.number("copy_gb_per_s"),
                          1e3 * fields.number("f32_fma_tflop_per_s")});
  }
}

}  // namespace

std::optional<double> BenchmarkRow::ratio() const {
  return ours && theirs ? std::optional(theirs->median / ours->median) : std::nullopt;
}

BenchmarkFile parse_benchmark_file(const std::string& name, std::string_view text) {
  const json whole = parsed(name, text);
  const JsonFields top(whole, name);
  const auto rows = whole.find("rows");
  check<InputError>(rows != whole.end() && rows->is_array(), name, ": has no list \"rows\"; ",
                    expected_file);
  check<InputError>(!rows->empty(), name,
                    ": has no rows: nothing was measured; leave it out, or measure again");
  check<InputError>(rows->size() <= most_rows, name, ": has ", rows->size(), " rows; at most ",
                    most_rows, " are drawn");
  BenchmarkFile file;
  file.name = name;
  file.machine = top.text("machine");
  file.commit = top.text("commit");
  file.date = top.text("date");
  read_rates(whole, file);
  for (std::size_t i = 0; i < rows->size(); ++i) {
    const JsonFields fields((*rows)[i], concat(name, ": rows[", i, "]"));
    const bool is_version = fields.has("version");
    check<InputError>(
        is_version || fields.has("ours_ms"), fields.where(),
        ": is of an unknown shape: it has neither \"ours_ms\" (a benchmark's row) nor "
        "\"version\" (a ladder's); ",
        expected_file);
    check<InputError>(is_version ? file.rows.empty() : file.ladder.empty(), fields.where(),
                      ": a benchmark's rows and a ladder's are mixed; ", expected_file);
    if (is_version) {
      file.ladder.push_back(ladder_row_of(fields));
    } else {
      file.rows.push_back(row_of(fields));
    }
  }
  return file;
}

BenchmarkFile read_benchmark_file(const std::string& path) {
  std::error_code problem;
  const bool is_file = std::filesystem::is_regular_file(path, problem);
  check<InputError>(is_file, path, ": there is no regular file of that name; ", expected_file);
  const std::uintmax_t size = std::filesystem::file_size(path, problem);
  check<InputError>(!problem && size <= largest_file, path, ": has ", size,
                    " bytes; files of benchmark rows have at most ", largest_file, " (64 MiB)");
  std::ifstream stream(path, std::ios::binary);
  std::string text(static_cast<std::size_t>(size), '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  check<InputError>(stream.gcount() == static_cast<std::streamsize>(text.size()), path,
                    ": cannot be read");
  return parse_benchmark_file(path, text);
}

}  // namespace heddle
