#include "train/trained_model.h"

#include <cstddef>
#include <utility>

#include "core/error.h"
#include "models/auxiliary_heads.h"
#include "models/build.h"
#include "train/load_data.h"
#include "train/model_batch.h"
#include "train/model_file.h"

namespace heddle {

std::vector<std::string> modalities_used(const RunConfig& config, const Dataset& dataset) {
  return config.data.modalities.empty() ? dataset.modality_names() : config.data.modalities;
}

ModelConfig model_config_of(const RunConfig& config) {
  ModelConfig model = config.model;
  model.sequence_to_sequence.source = config.task.source;
  model.sequence_to_sequence.target = config.task.target;
  return model;
}

std::unique_ptr<Model> model_for(const RunConfig& config, const Dataset& dataset,
                                 const Loss& loss) {
  const std::vector<InputSpec> specs = input_specs(dataset, config.data.modalities);
  check<InputError>(!specs.empty(), "data set \"", dataset.name,
                    "\" has no modalities; expected at least one");
  ModelConfig described = model_config_of(config);
  described.joint.learned_temperature = loss.learned_temperature();
  const Generator weights = Generator(config.train.seed).named("weights");
  std::unique_ptr<Model> model = build_model(
      described, specs, loss.classifies() ? dataset.classes() : 0, loss.scores(), weights);
  check<InputError>(!model->takes_groups() || dataset.has_groups(), "model \"", config.model.name,
                    "\" takes groups of samples, but data set \"", dataset.name,
                    "\" has none; name a group column, or choose another model");
  if (const AuxiliaryConfig& auxiliary = config.train.auxiliary; auxiliary.is_on) {
    const auto outputs = static_cast<std::int64_t>(1 + specs.size());
    model = std::make_unique<ModelWithHeads>(
        std::move(model), loss.classifies() ? dataset.classes() : 0, loss.scores(),
        auxiliary.weighting == LossWeighting::uncertainty ? outputs * loss.parts() : 0,
        weights.named("auxiliary"));
  }
  const Device device = device_named(config.train.device);
  model->math = config.train.math;
  for (NamedParameter& parameter : parameters_of(*model)) {
    if (parameter.variable.device() != device) {
      parameter.variable.set_value(parameter.variable.value().to(device));
    }
  }
  return model;
}

WeightsFile find_weights(const std::filesystem::path& run_or_file) {
  if (is_model_file(run_or_file)) {
    ModelFile file = read_model_file(run_or_file);
    return {std::move(file.weights), to_toml(file.config), 0, tokenizers_of(file.data)};
  }
  if (!std::filesystem::is_directory(run_or_file)) {
    return read_weights(run_or_file);
  }
  const std::filesystem::path best = run_or_file / "best.safetensors";
  if (std::filesystem::exists(best)) {
    return read_weights(best);
  }
  const std::filesystem::path checkpoints = run_or_file / "checkpoints";
  check<InputError>(std::filesystem::is_directory(checkpoints), run_or_file.string(),
                    ": neither best.safetensors nor checkpoints/ is here; expected the folder of "
                    "a run (of one seed)");
  const CheckpointFolder folder(checkpoints, 1);
  const std::vector<std::int64_t> steps = folder.steps();
  check<InputError>(!steps.empty(), checkpoints.string(), ": no checkpoint yet");
  return read_weights(folder.path_of(steps.back()));
}

Evaluating::Evaluating(Model& model) : model_(model) {
  Visitor visitor({.parameter = {},
                   .training =
                       [&](const std::string&, bool& flag) {
                         before_.push_back(flag);
                         flag = false;
                       },
                   .generator = {}});
  model.visit(visitor);
}

Evaluating::~Evaluating() {
  std::size_t next = 0;
  Visitor visitor({.parameter = {},
                   .training = [&](const std::string&, bool& flag) { flag = before_[next++]; },
                   .generator = {}});
  model_.visit(visitor);
}

}  // namespace heddle
