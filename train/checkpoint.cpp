#include "train/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>

#include "core/error.h"
#include "data/atomic_file.h"

namespace heddle {

namespace {

constexpr const char* config_key = "heddle.config";
constexpr const char* state_key = "heddle.run_state";
constexpr const char* step_key = "heddle.step";
constexpr std::string_view tokenizer_key = "heddle.tokenizer.";
constexpr std::string_view prefix = "step-";
constexpr std::string_view ending = ".safetensors";

/// The step in a checkpoint's file name.
std::optional<std::int64_t> step_of(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  if (!name.starts_with(prefix) || !name.ends_with(ending) ||
      name.size() <= prefix.size() + ending.size()) {
    return std::nullopt;
  }
  std::int64_t step = 0;
  const char* first = name.data() + prefix.size();
  const char* last = name.data() + name.size() - ending.size();
  const auto result = std::from_chars(first, last, step);
  return result.ec == std::errc() && result.ptr == last && step >= 0 ? std::optional(step)
                                                                     : std::nullopt;
}

const std::string& metadata_of(const std::map<std::string, std::string>& metadata, const char* key,
                               const std::filesystem::path& path) {
  const auto found = metadata.find(key);
  check<InputError>(found != metadata.end(), path.string(), ": the metadata lack \"", key,
                    "\"; expected a file that Heddle wrote");
  return found->second;
}

/// All tensors, none without a checksum.
Safetensors read_whole(const std::filesystem::path& path) {
  const SafetensorsFile file = SafetensorsFile::open(path);
  check<InputError>(!file.checksums().empty(), path.string(),
                    ": has no checksums; expected a file that Heddle wrote");
  Safetensors whole{file.metadata(), {}};
  for (const SafetensorsFile::Entry& entry : file.entries()) {
    whole.tensors.push_back({entry.name, file.read(entry)});
  }
  return whole;
}

CheckpointFolder::Found read_checkpoint(const std::filesystem::path& path) {
  Safetensors file = read_whole(path);
  CheckpointFolder::Found found;
  found.path = path;
  found.config = metadata_of(file.metadata, config_key, path);
  found.snapshot.state = run_state_from_json(metadata_of(file.metadata, state_key, path));
  found.snapshot.tensors = std::move(file.tensors);
  return found;
}

}  // namespace

CheckpointFolder::CheckpointFolder(std::filesystem::path folder, std::int64_t keep)
    : folder_(std::move(folder)), keep_(keep) {
  check(keep >= 1, "checkpoints: keep is ", keep, "; expected at least 1");
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  check<InputError>(!error, folder_.string(), ": cannot be made: ", error.message());
}

std::filesystem::path CheckpointFolder::path_of(std::int64_t step) const {
  std::string digits = std::to_string(step);
  digits.insert(0, digits.size() < 8 ? 8 - digits.size() : 0, '0');
  return folder_ / concat(prefix, digits, ending);
}

std::vector<std::int64_t> CheckpointFolder::steps() const {
  std::vector<std::int64_t> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    if (const auto step = step_of(entry.path())) {
      found.push_back(*step);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

void CheckpointFolder::save(const Snapshot& snapshot, const std::string& config) const {
  write_safetensors(path_of(snapshot.state.step), snapshot.tensors,
                    {{config_key, config},
                     {step_key, std::to_string(snapshot.state.step)},
                     {state_key, to_json(snapshot.state)}});
  const std::vector<std::int64_t> all = steps();
  for (std::size_t i = 0; i + static_cast<std::size_t>(keep_) < all.size(); ++i) {
    std::error_code ignored;  // one too many is no harm; the next save tries again
    std::filesystem::remove(path_of(all[i]), ignored);
  }
}

CheckpointFolder::Search CheckpointFolder::newest() const {
  Search search;
  std::vector<std::int64_t> all = steps();
  std::reverse(all.begin(), all.end());
  for (const std::int64_t step : all) {
    try {
      search.found = read_checkpoint(path_of(step));
      return search;
    } catch (const InputError& error) {
      search.damaged.emplace_back(error.what());
      std::filesystem::path aside = path_of(step);
      aside += ".damaged";
      std::error_code ignored;  // then it is found and passed over again
      std::filesystem::rename(path_of(step), aside, ignored);
    }
  }
  return search;
}

void save_weights(const std::filesystem::path& path, const WeightsFile& file) {
  std::map<std::string, std::string> metadata = {{config_key, file.config},
                                                 {step_key, std::to_string(file.step)}};
  for (const auto& [modality, text] : file.tokenizers) {
    metadata[concat(tokenizer_key, modality)] = text;
  }
  write_safetensors(path, file.weights, metadata);
}

WeightsFile read_weights(const std::filesystem::path& path) {
  Safetensors file = read_whole(path);
  WeightsFile result;
  result.config = metadata_of(file.metadata, config_key, path);
  const std::string& step = metadata_of(file.metadata, step_key, path);
  const auto parsed = std::from_chars(step.data(), step.data() + step.size(), result.step);
  check<InputError>(parsed.ec == std::errc(), path.string(), ": ", step_key, " is \"", step,
                    "\"; expected a number");
  for (const auto& [key, text] : file.metadata) {
    if (key.starts_with(tokenizer_key)) {
      result.tokenizers[key.substr(tokenizer_key.size())] = text;
    }
  }
  if (!file.metadata.contains(state_key)) {
    result.weights = std::move(file.tensors);
    return result;
  }
  constexpr std::string_view weights = "weights.";
  for (NamedTensor& tensor : file.tensors) {
    if (tensor.name.starts_with(weights)) {
      result.weights.push_back({tensor.name.substr(weights.size()), tensor.tensor});
    }
  }
  return result;
}

}  // namespace heddle
