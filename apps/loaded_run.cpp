#include "apps/loaded_run.h"

#include "train/trained_model.h"
#include "train/weights.h"

namespace heddle {

LoadedRun load_run(const std::string& source, const std::string& device,
                   std::vector<std::string> overrides) {
  if (!device.empty()) {
    overrides.push_back("train.device=\"" + device + "\"");
    if (device == "cpu") {
      overrides.emplace_back("train.math=\"f32\"");
    }
  }
  const WeightsFile file = find_weights(source);
  LoadedRun run;
  run.config = parse_run_config(file.config, source, overrides);
  run.data = load_data(run.config.data, file.tokenizers);
  run.loss.emplace(run.config.loss, run.data.dataset, run.config.task);
  run.model = model_for(run.config, run.data.dataset, *run.loss);
  run.modalities = modalities_used(run.config, run.data.dataset);
  load_weights(parameters_of(*run.model), file.weights, source);
  return run;
}

}  // namespace heddle
