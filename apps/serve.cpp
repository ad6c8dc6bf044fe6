#include <chrono>
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "apps/answer.h"
#include "apps/commands.h"
#include "apps/latencies.h"
#include "apps/loaded_run.h"
#include "apps/question.h"
#include "core/error.h"

namespace heddle {
namespace {

using nlohmann::json;

constexpr std::size_t longest_line = std::size_t{64} << 20;  // bytes

/// Nested lists of numbers as a tensor. Errors (InputError): lists of unequal lengths, something
/// else than numbers in them.
void take_numbers(const json& value, std::size_t depth, std::vector<std::int64_t>& sizes,
                  std::vector<float>& numbers) {
  if (value.is_number()) {
    check<InputError>(depth == sizes.size(), "lists that differ in depth");
    numbers.push_back(value.get<float>());
    check<InputError>(std::isfinite(numbers.back()), "a number beyond single precision");
    return;
  }
  check<InputError>(value.is_array() && depth < static_cast<std::size_t>(Shape::max_rank),
                    "expected numbers in lists of at most ", Shape::max_rank, " levels");
  const auto size = static_cast<std::int64_t>(value.size());
  if (depth == sizes.size()) {
    check<InputError>(numbers.empty(), "lists that differ in depth");
    sizes.push_back(size);
  }
  check<InputError>(sizes[depth] == size && size > 0, "a list of ", size, " where others have ",
                    sizes[depth]);
  for (const json& part : value) {
    take_numbers(part, depth + 1, sizes, numbers);
  }
}

RawInput raw_input(const std::string& name, const json& value) {
  if (value.is_string()) {
    return value.get<std::string>();
  }
  std::vector<std::int64_t> sizes;
  std::vector<float> numbers;
  try {
    take_numbers(value, 0, sizes, numbers);
  } catch (const InputError& error) {
    fail<InputError>("\"", name, "\": ", error.what());
  }
  check<InputError>(!sizes.empty(), "\"", name,
                    "\" is a single number; expected text, the path of a .npy file, or a list");
  return Tensor::from(std::span<const float>(numbers), Shape{std::span<const std::int64_t>(sizes)});
}

json statistics(const Latencies& latencies) {
  return {{"answers", latencies.count()},
          {"median_ms", latencies.percentile(0.5)},
          {"p95_ms", latencies.percentile(0.95)},
          {"p99_ms", latencies.percentile(0.99)},
          {"slowest_ms", latencies.slowest()}};
}

json answer_to(LoadedRun& run, const json& request) {
  check<InputError>(request.is_object(), "expected a JSON object");
  std::vector<std::pair<std::string, RawInput>> inputs;
  for (const auto& [name, value] : request.items()) {
    if (name != "id" && !value.is_null()) {
      inputs.emplace_back(name, raw_input(name, value));
    }
  }
  const Question question = question_of(run, inputs);
  return answer_json(run, asked(run, question), question, 0);
}

/// One line's answer; what is wrong with the line is one too.
json answer_to_line(LoadedRun& run, const std::string& line, const Latencies& latencies) {
  json request;
  json told;
  try {
    check<InputError>(line.size() <= longest_line, "a line of ", line.size(),
                      " bytes, expected at most ", longest_line);
    request = json::parse(line);
    told = request.is_object() && request.contains("statistics") ? statistics(latencies)
                                                                 : answer_to(run, request);
  } catch (const json::exception& error) {
    told = {{"error", error.what()}};
  } catch (const InputError& error) {
    told = {{"error", error.what()}};
  } catch (const OutOfMemory& error) {
    told = {{"error", error.what()}};
  }
  if (request.is_object() && request.contains("id")) {
    told["id"] = request["id"];
  }
  return told;
}

}  // namespace

int run(const ServeCommand& command) {
  using Clock = std::chrono::steady_clock;
  LoadedRun run = load_for_prediction(command.source, command.device);
  check_predicts(run, command.source);
  Latencies latencies;
  std::int64_t refused = 0;
  for (std::string line; std::getline(std::cin, line);) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) {
      continue;
    }
    const Clock::time_point begin = Clock::now();
    json told = answer_to_line(run, line, latencies);
    const Clock::duration taken = Clock::now() - begin;
    if (told.contains("error")) {
      ++refused;
    } else if (!told.contains("median_ms")) {
      latencies.add(taken);
      told["milliseconds"] = std::chrono::duration<double, std::milli>(taken).count();
    }
    // Names from outside may hold any bytes; an answer is always one line of UTF-8.
    std::cout << told.dump(-1, ' ', false, json::error_handler_t::replace) << std::endl;
  }
  std::cerr << "heddle serve-stdin: " << latencies.count() << " answers, " << refused
            << " refused; median " << latencies.percentile(0.5) << " ms, 95 % within "
            << latencies.percentile(0.95) << " ms, 99 % within " << latencies.percentile(0.99)
            << " ms, slowest " << latencies.slowest() << " ms\n";
  return 0;
}

}  // namespace heddle
