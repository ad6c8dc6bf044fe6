#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/model.h"
#include "train/config.h"
#include "train/load_data.h"
#include "train/loss.h"
#include "train/trained_tasks.h"

namespace heddle {

/// A trained model with its data, ready to be asked.
struct LoadedRun {
  RunConfig config;
  LoadedData data;
  bool has_data = true;  // false: `data` says what goes in and out, and has no sample
  std::optional<Loss> loss;
  std::unique_ptr<Model> model;
  std::vector<std::string> modalities;  // in the model's order
};

/// Several tasks trained together, with their data, ready to be asked.
struct LoadedTasks {
  RunConfig config;
  std::vector<LoadedData> data;  // one per task
  std::optional<TrainedTasks> tasks;
};

/// What `source` holds where that is a joint run as a whole; null where it is of one task. Errors
/// and `device`: as load_run.
std::unique_ptr<LoadedTasks> load_joint_run(const std::string& source, const std::string& device,
                                            std::vector<std::string> overrides = {});

/// `source` as find_weights takes it. Errors (InputError): several tasks trained together; nothing
/// of ours there, damaged, or the data cannot be loaded. `device` empty: the one it was trained on.
/// A model trained with other mathematics than the device has is run in f32.
LoadedRun load_run(const std::string& source, const std::string& device,
                   std::vector<std::string> overrides = {});

/// As load_run; a model file (train/model_file.h) too, which brings no data along.
LoadedRun load_for_prediction(const std::string& source, const std::string& device);

/// Errors (InputError): a model that finds, which is asked for nothing of one sample alone; names
/// the commands that ask it.
void check_answers(const LoadedRun& run, const std::string& source);
/// Errors (InputError): as check_answers; a model that writes texts, which predicts no class; names
/// the command that asks it.
void check_predicts(const LoadedRun& run, const std::string& source);

}  // namespace heddle
