#include "train/config_fields.h"

#include "data/builtin/sets.h"

namespace heddle {

namespace {

using Range = ConfigFields::Range;
constexpr Range fraction = {0.0, 1.0};

void describe_task(ConfigFields& fields, TaskConfig& task) {
  fields.choice("kind", task.kind, {"classify", "retrieve", "generate", "joint"});
  if (task.kind == TaskKind::joint) {
    fields.texts("share", task.share);
    fields.choice("weighting", task.weighting, {"fixed", "uncertainty"});
    fields.count("epoch_steps", task.epoch_steps, 0, 10'000'000);
  }
  if (task.kind == TaskKind::retrieve) {
    fields.pairs("pairs", task.pairs);
    fields.pairs("evaluate", task.evaluate);
  }
  if (task.kind == TaskKind::generate) {
    fields.text("source", task.source);
    fields.text("target", task.target);
    fields.count("beam", task.beam, 1, 1000);
    fields.number("length_penalty", task.length_penalty, {-10.0, 10.0});
    fields.flag("bleu_lower_case", task.bleu_lower_case);
  }
}

void describe_data(ConfigFields& fields, DataConfig& data) {
  fields.choice("kind", data.kind, {"builtin", "folder"});
  fields.texts("modalities", data.modalities);
  fields.texts("rename", data.rename);
  if (data.kind == DataKind::builtin) {
    fields.name_among("set", data.set, builtin_set_names());
    fields.seed("seed", data.seed);
    fields.count("train", data.train, 1, 10'000'000);
    fields.count("valid", data.valid, 0, 10'000'000);
    fields.count("test", data.test, 0, 10'000'000);
    return;
  }
  fields.text("description", data.description);
  fields.text("folder", data.folder);
  fields.optional_number("valid_share", data.valid_share, {0.0, 0.9});
  fields.optional_seed("valid_seed", data.valid_seed);
  fields.optional_count("fold", data.fold, 0);
  fields.optional_flag("held_out_unlabelled", data.held_out_unlabelled);
}

void describe_auxiliary(ConfigFields& fields, AuxiliaryConfig& auxiliary) {
  std::size_t which = auxiliary.is_on ? 1 + static_cast<std::size_t>(auxiliary.weighting) : 0;
  fields.word("weighting", {"none", "fixed", "uncertainty"}, which);
  auxiliary.is_on = which > 0;
  if (auxiliary.is_on) {
    auxiliary.weighting = static_cast<LossWeighting>(which - 1);
    if (auxiliary.weighting == LossWeighting::fixed) {
      fields.number("weight", auxiliary.weight, {1e-6, 1e6});
    }
  }
}

void describe_attack(ConfigFields& fields, AttackConfig& attack) {
  fields.choice("kind", attack.kind, {"none", "fgm", "pgd"});
  if (attack.kind != AttackKind::none) {
    fields.number("epsilon", attack.epsilon, {1e-12, 1e6});
  }
  if (attack.kind == AttackKind::pgd) {
    fields.number("step", attack.step, {0.0, 1e6});
    fields.count("steps", attack.steps, 1, 100);
  }
}

void describe_discriminator(ConfigFields& fields, DiscriminatorConfig& discriminator) {
  fields.choice("schedule", discriminator.schedule, {"dann", "constant"});
  fields.count("hidden", discriminator.hidden, 1, 65536);
}

void describe_adversaries(ConfigFields& fields, TrainConfig& train) {
  constexpr Range weight = {0.0, 1e6};
  fields.table("domain", [&] {
    fields.text("column", train.domain.column);
    if (!train.domain.column.empty()) {
      fields.number("weight", train.domain.discriminator.weight, weight);
      describe_discriminator(fields, train.domain.discriminator);
      fields.count("unlabelled_batch_size", train.domain.unlabelled_batch_size, 0);
    }
  });
  fields.table("modality_adversary", [&] {
    fields.number("weight", train.modality_adversary.weight, weight);
    if (train.modality_adversary.weight > 0.0) {
      describe_discriminator(fields, train.modality_adversary);
    }
  });
}

/// Whom keys of [train] are for: a run of one task has all, a joint run those of the run, each of
/// its members those of a task.
struct TrainKeys {
  bool of_run = true;
  bool of_task = true;
};

void describe_train(ConfigFields& fields, TrainConfig& train, TrainKeys keys) {
  if (keys.of_run) {
    fields.seed("seed", train.seed);
    fields.text("device", train.device);
    fields.choice("math", train.math, {"f32", "tf32", "bf16"});
    fields.optional_flag("graph", train.graph);
    fields.count("epochs", train.epochs, 1);
    fields.count("max_steps", train.max_steps, 0);
  }
  if (keys.of_task) {
    fields.count("batch_size", train.batch_size, 1);
    fields.count("batch_tokens", train.batch_tokens, 0);
    fields.number("modality_dropout", train.modality_dropout, fraction);
    fields.count("modality_dropout_start", train.modality_dropout_start, 0);
  }
  if (keys.of_run) {
    fields.number("average_decay", train.average_decay, {0.0, 0.999999});
    fields.number("clip_norm", train.clip_norm, {0.0});
    fields.text("select", train.select);
  }
  if (keys.of_run && keys.of_task) {
    fields.choice("choose", train.choose, {"best", "one_standard_error"});
  }
  if (keys.of_run) {
    fields.count("patience", train.patience, 0);
    fields.count("log_every", train.log_every, 1);
  }
  if (keys.of_task) {
    fields.count("evaluation_batch_size", train.evaluation_batch_size, 0);
  }
  if (keys.of_run) {
    fields.flag("watch_test", train.watch_test);
    fields.flag("evaluate_subsets", train.evaluate_subsets);
    fields.table("attack", [&] { describe_attack(fields, train.attack); });
  }
  if (keys.of_run && keys.of_task) {
    describe_adversaries(fields, train);
    fields.table("auxiliary", [&] { describe_auxiliary(fields, train.auxiliary); });
  }
}

void describe_loss(ConfigFields& fields, LossConfig& loss) {
  fields.number("classification", loss.classification, {0.0});
  fields.number("regression", loss.regression, {0.0});
  if (loss.regression > 0.0) {
    fields.choice("regression_kind", loss.regression_kind, {"absolute", "squared"});
  }
  if (loss.classification > 0.0) {
    fields.number("label_smoothing", loss.label_smoothing, fraction);
    fields.choice("class_weights", loss.class_weights, {"none", "balanced"});
  }
}

void describe_contrastive(ConfigFields& fields, LossConfig& loss) {
  fields.choice("contrastive", loss.contrastive, {"infonce", "triplet"});
  if (loss.contrastive == ContrastiveLossKind::infonce) {
    fields.number("temperature", loss.temperature, {0.01, 10.0});
    fields.flag("learn_temperature", loss.learn_temperature);
  } else {
    fields.number("margin", loss.margin, {0.0, 2.0});
    fields.choice("negatives", loss.negatives, {"hardest", "all"});
  }
}

void describe_optimizer(ConfigFields& fields, OptimizerConfig& optimizer) {
  fields.choice("kind", optimizer.kind, {"adam", "adamw", "sgd"});
  fields.number("learning_rate", optimizer.learning_rate, {0.0, 1e6});
  fields.number("weight_decay", optimizer.weight_decay, {0.0, 1e6});
  if (optimizer.kind == OptimizerKind::sgd) {
    fields.number("momentum", optimizer.momentum, {0.0, 0.999999});
    fields.flag("nesterov", optimizer.nesterov);
  } else {
    fields.number("beta1", optimizer.beta1, {0.0, 0.999999});
    fields.number("beta2", optimizer.beta2, {0.0, 0.99999999});
    fields.number("epsilon", optimizer.epsilon, {0.0, 1.0});
  }
  fields.flag("lazy_embeddings", optimizer.lazy_embeddings);
}

void describe_schedule(ConfigFields& fields, ScheduleConfig& schedule) {
  fields.choice("kind", schedule.kind, {"constant", "cosine", "step", "inverse_sqrt"});
  fields.count("warmup_steps", schedule.warmup_steps, 0);
  if (schedule.kind == ScheduleKind::cosine) {
    fields.number("final_factor", schedule.final_factor, fraction);
  }
  if (schedule.kind == ScheduleKind::step) {
    fields.count("step_epochs", schedule.step_epochs, 1);
    fields.number("step_factor", schedule.step_factor, fraction);
  }
}

void describe_losses(ConfigFields& fields, RunConfig& config) {
  fields.table("loss", [&] {
    if (config.task.kind == TaskKind::retrieve) {
      describe_contrastive(fields, config.loss);
    } else {
      describe_loss(fields, config.loss);
    }
  });
}

void describe_evaluation(ConfigFields& fields, RunConfig& config) {
  fields.table("evaluate", [&] { fields.text("by", config.evaluate.by); });
}

void describe_member(ConfigFields& fields, JointMember& member) {
  RunConfig& config = member.config;
  fields.number("weight", member.weight, {1e-6, 1e6});
  fields.table("task", [&] { describe_task(fields, config.task); });
  fields.table("data", [&] { describe_data(fields, config.data); });
  fields.table("model", [&] { describe_model(fields, config.model); });
  fields.table("train", [&] { describe_train(fields, config.train, {.of_run = false}); });
  describe_losses(fields, config);
  describe_evaluation(fields, config);
}

void describe_members(ConfigFields& fields, std::vector<JointMember>& members) {
  std::vector<std::string> names;
  for (const JointMember& member : members) {
    names.push_back(member.name);
  }
  fields.tables_in("member", names);
  members.resize(names.size());
  fields.table("member", [&] {
    for (std::size_t i = 0; i < names.size(); ++i) {
      members[i].name = names[i];
      fields.table(names[i], [&] { describe_member(fields, members[i]); });
    }
  });
}

}  // namespace

void describe(ConfigFields& fields, RunConfig& config) {
  fields.text("name", config.name);
  fields.text("description", config.description);
  fields.table("task", [&] { describe_task(fields, config.task); });
  const bool is_joint = config.task.kind == TaskKind::joint;
  if (!is_joint) {
    fields.table("data", [&] { describe_data(fields, config.data); });
    fields.table("model", [&] { describe_model(fields, config.model); });
  }
  fields.table("train", [&] { describe_train(fields, config.train, {.of_task = !is_joint}); });
  if (!is_joint) {
    describe_losses(fields, config);
  }
  fields.table("optimizer", [&] { describe_optimizer(fields, config.optimizer); });
  fields.table("schedule", [&] { describe_schedule(fields, config.schedule); });
  if (!is_joint) {
    describe_evaluation(fields, config);
  }
  fields.table("checkpoint", [&] {
    fields.count("every_epochs", config.checkpoint.every_epochs, 0);
    fields.count("every_steps", config.checkpoint.every_steps, 0);
    fields.count("keep", config.checkpoint.keep, 1, 1000);
  });
  if (is_joint) {
    describe_members(fields, config.members);
  }
}

}  // namespace heddle
