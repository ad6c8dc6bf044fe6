#include "train/config.h"

#include "core/device.h"
#include "core/error.h"

namespace heddle {

namespace {

void validate_name(const std::string& name) {
  check<InputError>(!name.empty() && name != "." && name != ".." &&
                        name.find_first_of("/\\\n\r\0") == std::string::npos,
                    "name is \"", name, "\"; expected a plain name, for it names the run folder");
}

void validate_device(const std::string& device) {
  try {
    static_cast<void>(device_named(device));
  } catch (const Error& error) {
    fail<InputError>("train.device: ", error.what());
  }
}

void validate_math(const RunConfig& config) {
  const std::string_view math = name_of(config.train.math);
  check<InputError>(
      config.train.math == Math::f32 || device_named(config.train.device).backend != Backend::cpu,
      "train.math is \"", math, "\" but train.device is \"", config.train.device,
      "\", which computes in f32 always; expected \"f32\", or device \"cuda\"");
  check<InputError>(config.train.math == Math::f32 || config.model.dtype == DType::f32,
                    "train.math is \"", math, "\" but model.dtype is \"",
                    name_of(config.model.dtype),
                    "\"; it says how f32 numbers are computed with: "
                    "expected dtype \"f32\", or math \"f32\"");
}

void validate_task(const RunConfig& config) {
  const bool writes = config.task.kind == TaskKind::generate;
  const bool can_write = config.model.name == "sequence_to_sequence";
  check<InputError>(writes == can_write, "task.kind is \"", writes ? "generate" : "classify",
                    "\" but model.name is \"", config.model.name, "\"; expected ",
                    writes ? "model.name = \"sequence_to_sequence\"" : "task.kind = \"generate\"");
  if (!writes) {
    return;
  }
  check<InputError>(!config.task.source.empty() && !config.task.target.empty(),
                    "task.kind is \"generate\" but task.source or task.target is not given; "
                    "expected the names of two modalities of kind tokens");
  check<InputError>(
      config.loss.classification > 0.0 && config.loss.regression == 0.0 &&
          config.loss.class_weights == ClassWeights::none,
      "task.kind is \"generate\": the loss is the cross-entropy of tokens; expected "
      "loss.classification above 0, loss.regression = 0 and class_weights = \"none\"");
}

}  // namespace

void validate(const RunConfig& config) {
  validate_name(config.name);
  validate_device(config.train.device);
  validate_math(config);
  check<InputError>(config.data.kind != DataKind::folder || !config.data.description.empty(),
                    "data.kind is \"folder\" but data.description is not given; "
                    "expected the path of a dataset.toml");
  validate_task(config);
  check<InputError>(config.loss.classification > 0.0 || config.loss.regression > 0.0,
                    "loss.classification and loss.regression are both 0; "
                    "expected at least one above 0, else there is nothing to learn");
  check<InputError>(
      config.train.choose == ChooseRule::best || config.train.select == "accuracy",
      "train.choose is \"one_standard_error\" but train.select is \"", config.train.select,
      "\"; the standard error of a share of samples is known: expected select = \"accuracy\"");
  check<InputError>(!config.optimizer.nesterov || config.optimizer.momentum > 0.0,
                    "optimizer.nesterov is true but optimizer.momentum is 0; "
                    "give a momentum, such as 0.9");
  check<InputError>(config.optimizer.kind == OptimizerKind::sgd || config.optimizer.epsilon > 0.0,
                    "optimizer.epsilon is 0; Adam divides by it where a gradient is zero: "
                    "give a small number, such as 1e-8");
}

}  // namespace heddle
