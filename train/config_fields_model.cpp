#include "train/config_fields.h"

// [model] and its tables.

namespace heddle {

namespace {

using Range = ConfigFields::Range;
constexpr Range dropout = {0.0, 0.99};

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
    fields.number("embedding_deviation", tokens.embedding_deviation, {1e-6, 1e3});
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
  fields.table("features", [&] {
    fields.count("hidden", model.features.hidden, 0);
    fields.number("dropout", model.features.dropout, dropout);
  });
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
    fields.flag("projection", model.joint.projection);
    if (model.joint.projection) {
      fields.count("width", model.joint.width, 1, 65536);
    }
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

}  // namespace

void describe_model(ConfigFields& fields, ModelConfig& model) {
  fields.name_among(
      "name", model.name,
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

}  // namespace heddle
