#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/safetensors.h"
#include "models/model.h"
#include "train/config.h"

namespace heddle {

/// A trained model as one file that needs nothing beside it: weights, configuration, vocabularies,
/// standardisation, names of the classes. It is a safetensors file with a checksum for every part
/// (docs/deployment.md says what its metadata hold).
struct ModelFile {
  RunConfig config;
  /// What the model is fed and what it says, without a sample: name, modalities, class names.
  Dataset data;
  bool classifies = true;
  bool scores = false;
  std::vector<NamedTensor> weights;  // named as the model names its parameters
};

enum class StoredWeights : std::uint8_t { f32, int8 };

/// Whether this is a model file (and not a run's weights or checkpoint, or something else).
bool is_model_file(const std::filesystem::path& path);

/// Errors: cannot be written.
void write_model_file(const std::filesystem::path& path, const ModelFile& file,
                      StoredWeights stored);

/// Weights come back as f32. Errors (InputError): damaged, or not what its metadata say.
ModelFile read_model_file(const std::filesystem::path& path);

/// The model of a file with its weights, on `device` (as device_named takes it).
std::unique_ptr<Model> model_of(const ModelFile& file, const std::string& device,
                                const std::string& source);

}  // namespace heddle
