#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "models/model.h"
#include "train/checkpoint.h"
#include "train/config.h"
#include "train/loss.h"

namespace heddle {

/// The names of the modalities a configuration uses: those it lists, else all of the data set.
std::vector<std::string> modalities_used(const RunConfig& config, const Dataset& dataset);

/// The model's part of a configuration, with the names that its task gives it.
ModelConfig model_config_of(const RunConfig& config);

/// The model a configuration describes for this data, with fresh weights, on its device.
/// Errors (InputError): what the model cannot take.
std::unique_ptr<Model> model_for(const RunConfig& config, const Dataset& dataset, const Loss& loss);

/// The weights of a run folder (the best ones; else those of its newest whole checkpoint), of a
/// weights file, of a checkpoint or of a model file, with the configuration they were trained by.
/// Errors (InputError): nothing of ours there, or damaged.
WeightsFile find_weights(const std::filesystem::path& run_or_file);

/// Switches everything inside a model to evaluation while it lives, then back to what it was.
class Evaluating {
 public:
  explicit Evaluating(Model& model);
  ~Evaluating();
  Evaluating(const Evaluating&) = delete;
  Evaluating& operator=(const Evaluating&) = delete;

 private:
  Model& model_;
  std::vector<bool> before_;
};

}  // namespace heddle
