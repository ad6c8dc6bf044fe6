#include "train/model_file.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/error.h"
#include "models/build.h"
#include "train/int8_weights.h"
#include "train/model_batch.h"
#include "train/trained_model.h"
#include "train/weights.h"

namespace heddle {
namespace {

using nlohmann::json;

constexpr const char* model_key = "heddle.model";
constexpr const char* config_key = "heddle.config";
constexpr int format = 1;
constexpr std::int64_t largest_window = std::int64_t{1} << 20;
constexpr std::int64_t largest_sample = std::int64_t{1} << 26;  // numbers in one sample or frame

json to_json(const ModalityInfo& info) {
  json told = {{"name", info.name},
               {"kind", name_of(info.kind)},
               {"shape", std::vector<std::int64_t>(info.shape.begin(), info.shape.end())}};
  if (info.vocabulary != nullptr && info.vocabulary->bpe() != nullptr) {
    told["merges"] = info.vocabulary->bpe()->to_text();
  } else if (info.vocabulary != nullptr) {
    json& words = told["words"] = json::array();
    for (std::int64_t number = Vocabulary::unknown + 1; number < info.vocabulary->size();
         ++number) {
      words.push_back(info.vocabulary->word(number));
    }
  }
  if (info.standardisation.power != 1.0f) {
    told["power"] = info.standardisation.power;
  }
  if (!info.standardisation.mean.empty()) {
    told["mean"] = info.standardisation.mean;
    told["scale"] = info.standardisation.scale;
  }
  if (info.log_mel) {
    const LogMelOptions& made = *info.log_mel;
    told["log_mel"] = {{"sample_rate", made.sample_rate},
                       {"window", made.window},
                       {"hop", made.hop},
                       {"bands", made.bands},
                       {"low", made.low},
                       {"high", made.high},
                       {"floor", made.floor}};
  }
  return told;
}

/// Frames are made of waveforms by these. Errors: options that LogMel refuses; bands that the input
/// does not have.
LogMelOptions log_mel_from_json(const json& told, const ModalityInfo& info) {
  LogMelOptions options;
  options.sample_rate = told.at("sample_rate").get<double>();
  options.window = told.at("window").get<std::int64_t>();
  options.hop = told.at("hop").get<std::int64_t>();
  options.bands = told.at("bands").get<std::int64_t>();
  options.low = told.at("low").get<double>();
  options.high = told.at("high").get<double>();
  options.floor = told.at("floor").get<double>();
  check<InputError>(info.kind == ModalityKind::sequence && options.bands == info.shape[0] &&
                        options.window <= largest_window && options.hop >= 1,
                    "input \"", info.name, "\" has log_mel of ", options.bands, " bands, window ",
                    options.window, ", hop ", options.hop, "; expected as many bands as features");
  static_cast<void>(LogMel(options));
  return options;
}

std::vector<float> finite_numbers(const json& values, std::int64_t most) {
  const auto numbers = values.get<std::vector<float>>();
  check<InputError>(numbers.size() == 1 || static_cast<std::int64_t>(numbers.size()) == most,
                    numbers.size(), " numbers; expected 1 or ", most);
  for (const float number : numbers) {
    check<InputError>(std::isfinite(number), "a number that is not finite");
  }
  return numbers;
}

ModalityInfo info_from_json(const json& told) {
  ModalityInfo info;
  info.name = told.at("name").get<std::string>();
  info.kind = modality_kind_named(told.at("kind").get<std::string>());
  const auto sizes = told.at("shape").get<std::vector<std::int64_t>>();
  const std::size_t rank = info.kind == ModalityKind::tokens  ? 0
                           : info.kind == ModalityKind::image ? 3
                                                              : 1;
  check<InputError>(sizes.size() == rank, "input \"", info.name, "\" has ", sizes.size(),
                    " sizes; expected ", rank);
  std::int64_t elements = 1;
  for (const std::int64_t size : sizes) {
    check<InputError>(size >= 1 && size <= largest_sample / elements, "input \"", info.name,
                      "\" has a size of ", size, "; expected at most ", largest_sample,
                      " numbers in one sample");
    elements *= size;
  }
  info.shape = Shape{std::span<const std::int64_t>(sizes)};
  if (info.kind == ModalityKind::tokens) {
    check<InputError>(told.contains("words") != told.contains("merges"), "input \"", info.name,
                      "\": expected either words or the merges of byte pairs");
    info.vocabulary = std::make_shared<const Vocabulary>(
        told.contains("merges")
            ? Vocabulary(Bpe::from_text(told.at("merges").get<std::string>(),
                                        concat("input \"", info.name, "\": merges")))
            : Vocabulary(told.at("words").get<std::vector<std::string>>()));
  }
  if (told.contains("log_mel")) {
    info.log_mel = log_mel_from_json(told.at("log_mel"), info);
  }
  if (told.contains("power")) {
    info.standardisation.power = told.at("power").get<float>();
    check<InputError>(
        rank > 0 && info.standardisation.power > 0.0f && std::isfinite(info.standardisation.power),
        "input \"", info.name, "\" has words or numbers to the power of ",
        info.standardisation.power);
  }
  if (told.contains("mean")) {
    check<InputError>(rank > 0, "input \"", info.name, "\" has words and a mean");
    info.standardisation.mean = finite_numbers(told.at("mean"), sizes.front());
    info.standardisation.scale = finite_numbers(told.at("scale"), sizes.front());
    check<InputError>(info.standardisation.mean.size() == info.standardisation.scale.size(),
                      "input \"", info.name, "\" has another number of means than of scales");
  }
  return info;
}

/// Fills all but weights and configuration. Errors: of this project, or of the JSON library.
StoredWeights take_description(const std::string& text, ModelFile& file) {
  const json told = json::parse(text);
  const int version = told.at("format").get<int>();
  check<InputError>(version == format, "format ", version, "; this program knows ", format,
                    ", so another version of it is needed");
  file.data.name = told.at("data").get<std::string>();
  file.data.class_names = told.at("classes").get<std::vector<std::string>>();
  file.classifies = told.at("classifies").get<bool>();
  file.scores = told.at("scores").get<bool>();
  check<InputError>(!file.classifies || !file.data.class_names.empty(),
                    "it classifies, but has no classes");
  for (const json& input : told.at("inputs")) {
    Modality& modality = file.data.modalities.emplace_back();
    modality.info = info_from_json(input);
  }
  const auto weights = told.at("weights").get<std::string>();
  check<InputError>(weights == "f32" || weights == "int8", "weights \"", weights,
                    "\"; expected f32 or int8");
  return weights == "int8" ? StoredWeights::int8 : StoredWeights::f32;
}

}  // namespace

bool is_model_file(const std::filesystem::path& path) {
  return std::filesystem::is_regular_file(path) &&
         SafetensorsFile::open(path).metadata().contains(model_key);
}

void write_model_file(const std::filesystem::path& path, const ModelFile& file,
                      StoredWeights stored) {
  RunConfig config = file.config;
  config.train.device = "cpu";  // where it will run is not known
  config.train.math = Math::f32;
  json told = {{"format", format},
               {"data", file.data.name},
               {"classes", file.data.class_names},
               {"classifies", file.classifies},
               {"scores", file.scores},
               {"inputs", json::array()},
               {"weights", stored == StoredWeights::int8 ? "int8" : "f32"}};
  for (const Modality& modality : file.data.modalities) {
    told["inputs"].push_back(to_json(modality.info));
  }
  const std::map<std::string, std::string> metadata = {{config_key, to_toml(config)},
                                                       {model_key, told.dump()}};
  if (stored == StoredWeights::f32) {
    write_safetensors(path, file.weights, metadata);
    return;
  }
  const Int8Weights small = as_int8(file.weights);
  write_safetensors(path, small.tensors, metadata, small.codes);
}

ModelFile read_model_file(const std::filesystem::path& path) {
  const SafetensorsFile whole = SafetensorsFile::open(path);
  const auto found = whole.metadata().find(model_key);
  check<InputError>(found != whole.metadata().end() && whole.metadata().contains(config_key) &&
                        !whole.checksums().empty(),
                    path.string(), ": expected a file that heddle export wrote");
  ModelFile file;
  StoredWeights stored = StoredWeights::f32;
  try {
    stored = take_description(found->second, file);
  } catch (const json::exception& error) {
    fail<InputError>(path.string(), ": metadata \"", model_key, "\": ", error.what());
  } catch (const Error& error) {
    fail<InputError>(path.string(), ": metadata \"", model_key, "\": ", error.what());
  }
  file.config = parse_run_config(whole.metadata().at(config_key), path.string());
  for (const SafetensorsFile::Entry& entry : whole.entries()) {
    file.weights.push_back({entry.name, whole.read(entry)});
  }
  if (stored == StoredWeights::int8) {
    file.weights = from_int8(file.weights);
  }
  return file;
}

std::unique_ptr<Model> model_of(const ModelFile& file, const std::string& device,
                                const std::string& source) {
  auto model = build_model(model_config_of(file.config), input_specs(file.data),
                           file.classifies ? file.data.classes() : 0, file.scores,
                           Generator(file.config.train.seed));
  load_weights(parameters_of(*model), file.weights, source);
  const Device where = device_named(device.empty() ? "cpu" : device);
  for (NamedParameter& parameter : parameters_of(*model)) {
    parameter.variable.set_value(parameter.variable.value().to(where));
  }
  return model;
}

}  // namespace heddle
