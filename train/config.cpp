#include "train/config.h"

#include <algorithm>
#include <string_view>

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

void validate_pairs(const std::vector<ModalityPair>& pairs) {
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    check<InputError>(
        !pairs[i].left.empty() && !pairs[i].right.empty() && pairs[i].left != pairs[i].right,
        "task: a pair is [\"", pairs[i].left, "\", \"", pairs[i].right,
        "\"]; expected two different modalities");
    for (std::size_t j = 0; j < i; ++j) {
      const bool same = pairs[j] == pairs[i] ||
                        (pairs[j].left == pairs[i].right && pairs[j].right == pairs[i].left);
      check<InputError>(!same, "task: the pair of \"", pairs[i].left, "\" and \"", pairs[i].right,
                        "\" is there twice, in pairs or evaluate; expected it once (both "
                        "directions always count)");
    }
  }
}

void validate_retrieval(const RunConfig& config) {
  check<InputError>(!config.task.pairs.empty(),
                    "task.pairs is empty; expected pairs of modalities to train on, such as "
                    "[[\"text\", \"image\"]]");
  std::vector<ModalityPair> pairs = config.task.pairs;
  pairs.insert(pairs.end(), config.task.evaluate.begin(), config.task.evaluate.end());
  validate_pairs(pairs);
  check<InputError>(config.train.modality_dropout == 0.0, "train.modality_dropout is ",
                    config.train.modality_dropout,
                    " but task.kind is \"retrieve\", whose towers see one modality each; "
                    "expected 0");
}

void validate_generation(const RunConfig& config) {
  check<InputError>(!config.task.source.empty() && !config.task.target.empty(),
                    "task.kind is \"generate\" but task.source or task.target is not given; "
                    "expected the names of two modalities of kind tokens");
  check<InputError>(
      config.loss.classification > 0.0 && config.loss.regression == 0.0 &&
          config.loss.class_weights == ClassWeights::none,
      "task.kind is \"generate\": the loss is the cross-entropy of tokens; expected "
      "loss.classification above 0, loss.regression = 0 and class_weights = \"none\"");
}

void validate_optimizer(const OptimizerConfig& config) {
  check<InputError>(!config.nesterov || config.momentum > 0.0,
                    "optimizer.nesterov is true but optimizer.momentum is 0; "
                    "give a momentum, such as 0.9");
  check<InputError>(config.kind == OptimizerKind::sgd || config.epsilon > 0.0,
                    "optimizer.epsilon is 0; Adam divides by it where a gradient is zero: "
                    "give a small number, such as 1e-8");
}

void validate_members(const RunConfig& config) {
  check<InputError>(!config.members.empty(),
                    "task.kind is \"joint\" but there is no task; expected a table "
                    "[member.NAME] for each");
  check<InputError>(
      !config.task.share.empty(),
      "task.kind is \"joint\" but task.share is empty, so that its members would have "
      "nothing in common; expected modalities, such as [\"text\"]");
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  for (std::size_t i = 0; i < config.members.size(); ++i) {
    const JointMember& member = config.members[i];
    check<InputError>(
        !member.name.empty() && member.name.find_first_not_of(allowed) == std::string::npos,
        "[member.", member.name, "]: expected a name of letters, digits, _ and -");
    const auto& share = config.task.share;
    check<InputError>(std::find(share.begin(), share.end(), member.name) == share.end(), "[member.",
                      member.name, "] is called as a shared modality; give it another name");
    check<InputError>(member.config.task.kind == TaskKind::classify, "[member.", member.name,
                      "]: task.kind is not \"classify\"; tasks that are trained together are of "
                      "classes, numbers or both");
    check<InputError>(member.config.model.tokens.vectors.empty(), "[member.", member.name,
                      "]: model.tokens.vectors is given, but tasks that are trained together learn "
                      "their word vectors; expected none");
    try {
      validate(member_run(config, i));
    } catch (const InputError& error) {
      fail<InputError>("[member.", member.name, "]: ", error.what());
    }
  }
}

void validate_task(const RunConfig& config) {
  const std::string& model = config.model.name;
  check<InputError>(
      !config.train.auxiliary.is_on || config.task.kind == TaskKind::classify,
      "train.auxiliary has a weighting, but task.kind is not \"classify\": there are no "
      "labels for a head of one modality; expected weighting = \"none\"");
  check<InputError>(
      (config.task.kind == TaskKind::retrieve) == (model == "joint_embedding"),
      config.task.kind == TaskKind::retrieve
          ? concat("task.kind is \"retrieve\" but model.name is \"", model,
                   "\"; expected \"joint_embedding\", which gives embeddings")
          : "model.name is \"joint_embedding\", which gives embeddings and no classes; expected "
            "task.kind = \"retrieve\"");
  check<InputError>(
      (config.task.kind == TaskKind::generate) == (model == "sequence_to_sequence"),
      config.task.kind == TaskKind::generate
          ? concat("task.kind is \"generate\" but model.name is \"", model,
                   "\"; expected model.name = \"sequence_to_sequence\"")
          : "model.name is \"sequence_to_sequence\", which writes texts; expected task.kind = "
            "\"generate\"");
  switch (config.task.kind) {
    case TaskKind::retrieve:
      validate_retrieval(config);
      return;
    case TaskKind::generate:
      validate_generation(config);
      break;
    case TaskKind::joint:
    case TaskKind::classify:
      break;
  }
  check<InputError>(config.loss.classification > 0.0 || config.loss.regression > 0.0,
                    "loss.classification and loss.regression are both 0; "
                    "expected at least one above 0, else there is nothing to learn");
}

void validate_adversaries(const RunConfig& config) {
  check<InputError>(config.train.domain.column.empty() || config.data.kind == DataKind::folder,
                    "train.domain.column is \"", config.train.domain.column,
                    "\" but data.kind is \"builtin\", which has no table; expected data.kind = "
                    "\"folder\"");
  const bool freezes = !config.model.tokens.vectors.empty() && config.model.tokens.freeze_vectors;
  check<InputError>(!freezes || config.train.attack.kind == AttackKind::none,
                    "train.attack moves embedding tables along their gradients, but "
                    "model.tokens.freeze_vectors is true; expected one of them");
}

}  // namespace

RunConfig member_run(const RunConfig& joint, std::size_t member) {
  const JointMember& own = joint.members[member];
  RunConfig run = joint;
  run.members.clear();
  run.name = own.name;
  run.description = joint.description;
  run.task = own.config.task;
  run.data = own.config.data;
  run.model = own.config.model;
  run.loss = own.config.loss;
  run.evaluate = own.config.evaluate;
  run.train.batch_size = own.config.train.batch_size;
  run.train.batch_tokens = own.config.train.batch_tokens;
  run.train.modality_dropout = own.config.train.modality_dropout;
  run.train.modality_dropout_start = own.config.train.modality_dropout_start;
  run.train.evaluation_batch_size = own.config.train.evaluation_batch_size;
  return run;
}

RunConfig only_member(const RunConfig& joint, std::size_t member, std::int64_t epoch_steps) {
  RunConfig alone = joint;
  alone.members = {joint.members[member]};
  alone.task.epoch_steps = epoch_steps;
  return alone;
}

void validate(const RunConfig& config) {
  validate_name(config.name);
  validate_device(config.train.device);
  validate_math(config);
  if (config.task.kind == TaskKind::joint) {
    validate_members(config);
    validate_optimizer(config.optimizer);
    return;
  }
  check<InputError>(config.data.kind != DataKind::folder || !config.data.description.empty(),
                    "data.kind is \"folder\" but data.description is not given; "
                    "expected the path of a dataset.toml");
  check<InputError>(config.data.kind == DataKind::folder || config.evaluate.by.empty(),
                    "evaluate.by is \"", config.evaluate.by,
                    "\" but data.kind is \"builtin\", which has no table to find such a column "
                    "in; expected \"\", or data.kind = \"folder\"");
  validate_task(config);
  validate_adversaries(config);
  check<InputError>(
      config.train.choose == ChooseRule::best || config.train.select == "accuracy",
      "train.choose is \"one_standard_error\" but train.select is \"", config.train.select,
      "\"; the standard error of a share of samples is known: expected select = \"accuracy\"");
  validate_optimizer(config.optimizer);
}

}  // namespace heddle
