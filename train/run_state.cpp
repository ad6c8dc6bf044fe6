#include "train/run_state.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace heddle {

namespace {

using Json = nlohmann::ordered_json;

Json from_metrics(const Metrics& metrics) {
  Json result = Json::object();
  for (const auto& [name, value] : metrics) {
    result[name] = value;  // NaN and infinity are written as null
  }
  return result;
}

double number_of(const Json& json) {
  return json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
}

Metrics to_metrics(const Json& json) {
  Metrics result;
  for (const auto& [name, value] : json.items()) {
    result[name] = number_of(value);
  }
  return result;
}

Json from_generator(const Generator::State& state) {
  return Json::array({state.seed, state.stream, state.next});
}

Generator::State to_generator(const Json& json) {
  return {json.at(0).get<std::uint64_t>(), json.at(1).get<std::uint64_t>(),
          json.at(2).get<std::uint64_t>()};
}

Json from_sampler(const BatchSampler::State& state) {
  return {{"seed", state.seed}, {"epoch", state.epoch}, {"position", state.position}};
}

BatchSampler::State to_sampler(const Json& json) {
  return {json.at("seed").get<std::uint64_t>(), json.at("epoch").get<std::int64_t>(),
          json.at("position").get<std::int64_t>()};
}

Json from_entry(const HistoryEntry& entry) {
  return {{"step", entry.step},
          {"epoch", entry.epoch},
          {"split", entry.split},
          {"values", from_metrics(entry.values)}};
}

HistoryEntry to_entry(const Json& json) {
  return {json.at("step").get<std::int64_t>(), json.at("epoch").get<std::int64_t>(),
          json.at("split").get<std::string>(), to_metrics(json.at("values"))};
}

RunState parse(const Json& json) {
  RunState state;
  state.step = json.at("step").get<std::int64_t>();
  state.seconds = json.at("seconds").get<double>();
  state.means = {json.at("means").at("steps").get<std::int64_t>(),
                 json.at("means").at("loss").get<double>(),
                 json.at("means").at("gradient_norm").get<double>()};
  for (const Json& candidate : json.at("candidates")) {
    state.candidates.push_back(
        {candidate.at("step").get<std::int64_t>(), candidate.at("value").get<double>()});
  }
  state.epochs_without_gain = json.at("epochs_without_gain").get<std::int64_t>();
  state.stopped_early = json.at("stopped_early").get<bool>();
  state.sampler = to_sampler(json.at("sampler"));
  if (json.contains("other_samplers")) {
    for (const Json& sampler : json.at("other_samplers")) {
      state.other_samplers.push_back(to_sampler(sampler));
    }
  }
  for (const auto& [name, generator] : json.at("generators").items()) {
    state.generators[name] = to_generator(generator);
  }
  for (const Json& entry : json.at("history")) {
    state.history.push_back(to_entry(entry));
  }
  return state;
}

}  // namespace

std::string to_json(const RunState& state) {
  Json generators = Json::object();
  for (const auto& [name, generator] : state.generators) {
    generators[name] = from_generator(generator);
  }
  Json candidates = Json::array();
  for (const EpochCandidate& candidate : state.candidates) {
    candidates.push_back({{"step", candidate.step}, {"value", candidate.value}});
  }
  Json history = Json::array();
  for (const HistoryEntry& entry : state.history) {
    history.push_back(from_entry(entry));
  }
  Json json = {{"step", state.step},
               {"seconds", state.seconds},
               {"means",
                {{"steps", state.means.steps},
                 {"loss", state.means.loss},
                 {"gradient_norm", state.means.gradient_norm}}},
               {"candidates", candidates},
               {"epochs_without_gain", state.epochs_without_gain},
               {"stopped_early", state.stopped_early},
               {"sampler", from_sampler(state.sampler)},
               {"generators", generators},
               {"history", history}};
  for (const BatchSampler::State& sampler : state.other_samplers) {
    json["other_samplers"].push_back(from_sampler(sampler));
  }
  return json.dump();
}

RunState run_state_from_json(std::string_view text) {
  try {
    return parse(Json::parse(text));
  } catch (const nlohmann::json::exception& error) {
    fail<InputError>("the state of the run is not as Heddle writes it: ", error.what());
  }
}

std::string to_json_line(const HistoryEntry& entry) {
  Json line = {{"step", entry.step}, {"epoch", entry.epoch}, {"split", entry.split}};
  line.update(from_metrics(entry.values));
  return line.dump() + "\n";
}

}  // namespace heddle
