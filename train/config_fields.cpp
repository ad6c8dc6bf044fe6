#include "train/config_fields.h"

#include <algorithm>

#include "data/builtin/sets.h"

namespace heddle {

namespace {

using Range = ConfigFields::Range;
constexpr Range fraction = {0.0, 1.0};
constexpr Range dropout = {0.0, 0.99};

/// A word that is kept as it is written. A name that is none of them is told as the first.
void name_among(ConfigFields& fields, std::string_view key, std::string& value,
                const std::vector<std::string>& names) {
  const auto found = std::find(names.begin(), names.end(), value);
  auto which = static_cast<std::size_t>(found == names.end() ? 0 : found - names.begin());
  fields.word(key, names, which);
  value = names[which];
}

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
  if (data.kind == DataKind::builtin) {
    name_among(fields, "set", data.set, builtin_set_names());
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
}

void describe_pool(ConfigFields& fields, SequencePool& pool) {
  fields.choice("pool", pool, {"attention", "final"});
}

void describe_transformer(ConfigFields& fields, TransformerConfig& transformer) {
  fields.count("heads", transformer.heads, 1, 1024);
  fields.count("feed_forward", transformer.feed_forward, 0);
  fields.choice("positions", transformer.positions, {"sinusoidal", "learned", "none"});
  if (transformer.positions == PositionKind::learned) {
    fields.count("max_steps", transformer.max_steps, 1, 65536);
  }
}

void describe_embedding(ConfigFields& fields, TokenEncoderConfig& tokens) {
  fields.text("vectors", tokens.vectors);
  if (tokens.vectors.empty()) {
    fields.count("embedding", tokens.embedding, 1);
    return;
  }
  fields.flag("freeze_vectors", tokens.freeze_vectors);
  fields.optional_count("embedding", tokens.vector_width, 1);
  tokens.embedding = tokens.vector_width.value_or(0);
}

void describe_tokens(ConfigFields& fields, TokenEncoderConfig& tokens) {
  fields.choice("kind", tokens.kind, {"lstm", "cnn", "transformer"});
  describe_embedding(fields, tokens);
  if (tokens.kind == TokenEncoderKind::cnn) {
    fields.counts("widths", tokens.widths, 1);
    fields.count("filters", tokens.filters, 1);
  } else {
    if (tokens.kind == TokenEncoderKind::lstm) {
      fields.count("hidden", tokens.hidden, 0);
    }
    fields.count("layers", tokens.layers, tokens.kind == TokenEncoderKind::lstm ? 0 : 1, 16);
  }
  if (tokens.kind == TokenEncoderKind::transformer) {
    describe_transformer(fields, tokens.transformer);
  }
  fields.number("dropout", tokens.dropout, dropout);
  if (tokens.kind != TokenEncoderKind::cnn) {
    describe_pool(fields, tokens.pool);
  }
}

void describe_image(ConfigFields& fields, ImageEncoderConfig& image) {
  fields.choice("kind", image.kind, {"cnn", "linear", "resnet", "vit"});
  if (image.kind == ImageEncoderKind::cnn || image.kind == ImageEncoderKind::resnet) {
    fields.counts("channels", image.channels, 1);
  }
  if (image.kind == ImageEncoderKind::resnet) {
    fields.counts("blocks", image.blocks, 1);
    fields.count("groups", image.groups, 1);
  }
  if (image.kind == ImageEncoderKind::vit) {
    fields.count("patch", image.patch, 1);
    fields.count("hidden", image.hidden, 0);
    fields.count("layers", image.layers, 1, 16);
    fields.count("heads", image.heads, 1, 1024);
    fields.count("feed_forward", image.feed_forward, 0);
  }
  if (image.kind == ImageEncoderKind::resnet || image.kind == ImageEncoderKind::vit) {
    describe_pool(fields, image.pool);
  }
  fields.number("dropout", image.dropout, dropout);
}

void describe_sequence(ConfigFields& fields, SequenceEncoderConfig& sequence) {
  fields.choice("kind", sequence.kind, {"lstm", "conv", "transformer", "conv_lstm", "regions"});
  const bool convolves =
      sequence.kind == SequenceEncoderKind::conv || sequence.kind == SequenceEncoderKind::conv_lstm;
  const bool is_summed_up =
      sequence.kind != SequenceEncoderKind::conv && sequence.kind != SequenceEncoderKind::regions;
  if (sequence.kind != SequenceEncoderKind::conv) {
    fields.count("hidden", sequence.hidden, 0);
  }
  if (is_summed_up) {
    fields.count("layers", sequence.layers, 1, 16);
    describe_pool(fields, sequence.pool);
  }
  if (convolves) {
    fields.counts("channels", sequence.channels, 1);
    fields.count("kernel", sequence.kernel, 1, 101);
  }
  if (sequence.kind == SequenceEncoderKind::transformer) {
    describe_transformer(fields, sequence.transformer);
  }
  fields.number("dropout", sequence.dropout, dropout);
}

/// What a fusion of this kind needs to be told. `per_step`: it fuses the steps of aligned
/// modalities, one by one.
void describe_fusion(ConfigFields& fields, FusionConfig& fusion, FusionKind kind, bool per_step) {
  switch (kind) {
    case FusionKind::attention:
      if (!per_step) {
        fields.choice("tokens", fusion.tokens, {"modalities", "steps"});
      }
      break;
    case FusionKind::tensor:
      fields.count("width", fusion.width, 1, 4096);
      break;
    case FusionKind::low_rank:
      fields.count("rank", fusion.rank, 1, 4096);
      break;
    case FusionKind::bilinear:
      fields.count("factors", fusion.factors, 1, 4096);
      break;
    case FusionKind::cross_modal:
      fields.count("heads", fusion.heads, 1, 4096);
      fields.count("layers", fusion.layers, 1, 64);
      fields.number("dropout", fusion.dropout, dropout);
      if (!per_step) {
        fields.choice("pool", fusion.pool, {"mean", "last"});
      }
      break;
    case FusionKind::late:
      fields.choice("weights", fusion.weights, {"learned", "equal"});
      break;
    case FusionKind::concat:
    case FusionKind::gated:
    case FusionKind::memory:
    case FusionKind::co_attention:
      break;
  }
}

/// "early" (features side by side), or a kind of fusion.
void describe_contextual_fusion(ConfigFields& fields, ContextualConfig& contextual) {
  std::vector<std::string> words = fusion_kind_names();
  words.insert(words.begin(), "early");
  std::size_t which =
      contextual.fusion.has_value() ? 1 + static_cast<std::size_t>(*contextual.fusion) : 0;
  fields.word("fusion", words, which);
  contextual.fusion.reset();
  if (which > 0) {
    contextual.fusion = static_cast<FusionKind>(which - 1);
    fields.choice("fuse", contextual.fuse, {"features", "states"});
  }
}

void describe_contextual(ConfigFields& fields, ContextualConfig& contextual) {
  describe_contextual_fusion(fields, contextual);
  fields.count("projection", contextual.projection, 0);
  fields.number("input_dropout", contextual.input_dropout, dropout);
  fields.count("layers", contextual.layers, 1, 16);
  fields.number("dropout", contextual.dropout, dropout);
  fields.count("dense", contextual.dense, 0);
  fields.number("dense_dropout", contextual.dense_dropout, dropout);
}

void describe_encoders(ConfigFields& fields, ModelConfig& model) {
  fields.table("tokens", [&] { describe_tokens(fields, model.tokens); });
  fields.table("features", [&] { fields.number("dropout", model.features.dropout, dropout); });
  fields.table("image", [&] { describe_image(fields, model.image); });
  fields.table("sequence", [&] { describe_sequence(fields, model.sequence); });
}

void describe_sentiment(ConfigFields& fields, ModelConfig& model) {
  describe_pool(fields, model.pool);
  fields.text("time_modality", model.time_modality);
  fields.flag("token_context", model.token_context);
  fields.flag("missing_vectors", model.missing_vectors);
  fields.number("dropout", model.dropout, dropout);
  describe_encoders(fields, model);
}

void describe_fusion_model(ConfigFields& fields, ModelConfig& model) {
  fields.flag("missing_vectors", model.missing_vectors);
  fields.number("dropout", model.dropout, dropout);
  fields.table("fusion", [&] {
    fields.choice("kind", model.fusion.kind, fusion_kind_names());
    describe_fusion(fields, model.fusion, model.fusion.kind, false);
  });
  describe_encoders(fields, model);
}

void describe_joint(ConfigFields& fields, ModelConfig& model) {
  fields.table("joint", [&] {
    fields.count("width", model.joint.width, 1, 65536);
    fields.number("dropout", model.joint.dropout, dropout);
  });
  describe_encoders(fields, model);
}

void describe_sequence_to_sequence(ConfigFields& fields, ModelConfig& model) {
  SequenceToSequenceConfig& config = model.sequence_to_sequence;
  const std::vector<std::string> coders = {"transformer", "lstm"};
  fields.choice("encoder", config.encoder, coders);
  fields.choice("decoder", config.decoder, coders);
  fields.count("encoder_layers", config.encoder_layers, 1, 64);
  fields.count("decoder_layers", config.decoder_layers, 1, 64);
  if (config.encoder == SequenceCoderKind::transformer ||
      config.decoder == SequenceCoderKind::transformer) {
    fields.count("heads", config.heads, 1, 1024);
    fields.count("feed_forward", config.feed_forward, 0, 65536);
  }
  if (config.decoder == SequenceCoderKind::lstm) {
    fields.choice("attention", config.attention, {"dot", "additive"});
  }
  fields.number("dropout", config.dropout, dropout);
  fields.flag("tie_output", config.tie_output);
  fields.flag("share_embeddings", config.share_embeddings);
  fields.choice("fusion", config.fusion, {"tokens", "gate"});
  fields.flag("missing_vectors", model.missing_vectors);
  fields.number("feature_dropout", model.features.dropout, dropout);
}

void describe_model(ConfigFields& fields, ModelConfig& model) {
  name_among(fields, "name", model.name,
             {"sentiment", "contextual", "fusion", "joint_embedding", "sequence_to_sequence"});
  fields.count("hidden", model.hidden, 1, 65536);
  std::size_t type = model.dtype == DType::f64 ? 1 : 0;
  fields.word("dtype", {"f32", "f64"}, type);
  model.dtype = type == 1 ? DType::f64 : DType::f32;
  if (model.name == "contextual") {
    fields.flag("missing_vectors", model.missing_vectors);
    fields.table("contextual", [&] { describe_contextual(fields, model.contextual); });
    if (model.contextual.fusion.has_value()) {
      fields.table("fusion",
                   [&] { describe_fusion(fields, model.fusion, *model.contextual.fusion, true); });
    }
  } else if (model.name == "fusion") {
    describe_fusion_model(fields, model);
  } else if (model.name == "joint_embedding") {
    describe_joint(fields, model);
  } else if (model.name == "sequence_to_sequence") {
    fields.table("sequence_to_sequence", [&] { describe_sequence_to_sequence(fields, model); });
  } else {
    describe_sentiment(fields, model);
  }
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
