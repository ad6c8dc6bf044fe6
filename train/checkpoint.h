#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/safetensors.h"
#include "train/trainer.h"

namespace heddle {

/// The saved states of a run, one safetensors file per step ("step-00000420.safetensors"), the
/// newest few kept. A file appears whole or not at all, with a checksum per tensor.
class CheckpointFolder {
 public:
  /// Makes the folder if need be. `keep` ≥ 1.
  CheckpointFolder(std::filesystem::path folder, std::int64_t keep);

  /// Then removes all but the newest `keep`. `config` is the run's configuration in TOML.
  void save(const Snapshot& snapshot, const std::string& config) const;

  struct Found {
    Snapshot snapshot;
    std::string config;
    std::filesystem::path path;
  };
  struct Search {
    std::optional<Found> found;
    std::vector<std::string> damaged;  // why newer ones were passed over
  };
  /// The newest checkpoint that is whole: every checksum is compared, and a damaged one is passed
  /// over for the one before it (and renamed to "….damaged", so that it is not kept as the newest).
  Search newest() const;

  /// Steps that have a file, ascending.
  std::vector<std::int64_t> steps() const;
  std::filesystem::path path_of(std::int64_t step) const;

 private:
  std::filesystem::path folder_;
  std::int64_t keep_;
};

/// Weights alone, named as the model names its parameters: what `heddle predict` and other programs
/// read.
struct WeightsFile {
  std::vector<NamedTensor> weights;
  std::string config;  // of the run, in TOML
  std::int64_t step = 0;
  /// Byte-pair encodings of the data it was trained with, by modality (Bpe::to_text).
  std::map<std::string, std::string> tokenizers = {};
};
void save_weights(const std::filesystem::path& path, const WeightsFile& file);
/// Of a weights file, or the "weights." of a checkpoint. Errors (InputError): damaged, or written
/// by something else.
WeightsFile read_weights(const std::filesystem::path& path);

}  // namespace heddle
