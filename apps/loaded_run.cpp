#include "apps/loaded_run.h"

#include <filesystem>
#include <utility>

#include "core/error.h"
#include "train/model_file.h"
#include "train/trained_model.h"
#include "train/weights.h"

namespace heddle {

namespace {

void add_device(const std::string& device, std::vector<std::string>& overrides) {
  if (!device.empty()) {
    overrides.push_back("train.device=\"" + device + "\"");
    if (device == "cpu") {
      overrides.emplace_back("train.math=\"f32\"");
    }
  }
}

}  // namespace

std::unique_ptr<LoadedTasks> load_joint_run(const std::string& source, const std::string& device,
                                            std::vector<std::string> overrides) {
  add_device(device, overrides);
  const WeightsFile file = find_weights(source);
  RunConfig config = parse_run_config(file.config, source, overrides);
  if (config.task.kind != TaskKind::joint) {
    return nullptr;
  }
  auto run = std::make_unique<LoadedTasks>();
  run->config = std::move(config);
  run->data = load_tasks(run->config);
  std::vector<const Dataset*> datasets;
  for (const LoadedData& data : run->data) {
    datasets.push_back(&data.dataset);
  }
  run->tasks.emplace(run->config, datasets);
  load_weights(run->tasks->parameters(), file.weights, source);
  return run;
}

LoadedRun load_run(const std::string& source, const std::string& device,
                   std::vector<std::string> overrides) {
  add_device(device, overrides);
  const WeightsFile file = find_weights(source);
  LoadedRun run;
  run.config = parse_run_config(file.config, source, overrides);
  if (run.config.task.kind == TaskKind::joint) {
    const std::string& first = run.config.members.front().name;
    fail<InputError>(source,
                     ": this run is of several tasks trained together; expected the folder of one "
                     "inside it, such as ",
                     (std::filesystem::path(source) / first).string());
  }
  run.data = load_data(run.config.data, run.config.evaluate.by, file.tokenizers);
  run.loss.emplace(run.config, run.data.dataset);
  run.model = model_for(run.config, run.data.dataset, *run.loss);
  run.modalities = modalities_used(run.config, run.data.dataset);
  load_weights(parameters_of(*run.model), file.weights, source);
  return run;
}

void check_answers(const LoadedRun& run, const std::string& source) {
  check<InputError>(run.config.task.kind != TaskKind::retrieve, source,
                    ": this model predicts nothing, it finds: use heddle retrieve (and heddle "
                    "evaluate for its recalls)");
}

void check_predicts(const LoadedRun& run, const std::string& source) {
  check_answers(run, source);
  check<InputError>(run.model->generator() == nullptr, source,
                    ": this model writes texts and predicts no class; expected heddle translate ",
                    source, " \"…\"");
}

LoadedRun load_for_prediction(const std::string& source, const std::string& device) {
  if (!is_model_file(source)) {
    return load_run(source, device);
  }
  ModelFile file = read_model_file(source);
  LoadedRun run;
  run.model = model_of(file, device, source);
  run.config = std::move(file.config);
  run.data.dataset = std::move(file.data);
  run.has_data = false;
  run.modalities = run.data.dataset.modality_names();
  return run;
}

}  // namespace heddle
