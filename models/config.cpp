#include "models/config.h"

#include <array>
#include <utility>

#include "core/error.h"

namespace heddle {
namespace {

template <typename Value, std::size_t count>
using Names = std::array<std::pair<std::string_view, Value>, count>;

constexpr Names<SequencePool, 2> pool_names = {
    {{"attention", SequencePool::attention}, {"final", SequencePool::final}}};
constexpr Names<TokenEncoderKind, 3> token_names = {
    {{"lstm", TokenEncoderKind::lstm},
     {"cnn", TokenEncoderKind::cnn},
     {"transformer", TokenEncoderKind::transformer}}};
constexpr Names<ImageEncoderKind, 4> image_names = {{{"cnn", ImageEncoderKind::cnn},
                                                     {"linear", ImageEncoderKind::linear},
                                                     {"resnet", ImageEncoderKind::resnet},
                                                     {"vit", ImageEncoderKind::vit}}};
constexpr Names<SequenceEncoderKind, 5> sequence_names = {
    {{"lstm", SequenceEncoderKind::lstm},
     {"conv", SequenceEncoderKind::conv},
     {"transformer", SequenceEncoderKind::transformer},
     {"conv_lstm", SequenceEncoderKind::conv_lstm},
     {"regions", SequenceEncoderKind::regions}}};
constexpr Names<PositionKind, 3> position_names = {{{"sinusoidal", PositionKind::sinusoidal},
                                                    {"learned", PositionKind::learned},
                                                    {"none", PositionKind::none}}};

template <typename Value, std::size_t count>
std::string_view name_in(const Names<Value, count>& names, Value value) {
  for (const auto& [name, named] : names) {
    if (named == value) {
      return name;
    }
  }
  fail("model configuration: ", static_cast<int>(value), " is no value of this option");
}

template <typename Value, std::size_t count>
Value value_in(const Names<Value, count>& names, std::string_view name, const char* what) {
  std::string known;
  for (const auto& [candidate, value] : names) {
    if (candidate == name) {
      return value;
    }
    known += concat(known.empty() ? "\"" : ", \"", candidate, "\"");
  }
  fail<InputError>(what, " is \"", name, "\"; expected one of ", known);
}

/// Far above what is useful, and small enough that no product of sizes can overflow.
constexpr std::int64_t largest_size = 1 << 16;
constexpr std::int64_t most_layers = 64;

void check_size(const char* what, std::int64_t value, std::int64_t least,
                std::int64_t most = largest_size) {
  check<InputError>(value >= least && value <= most, "model option ", what, " is ", value,
                    "; expected ", least, " … ", most);
}

void check_probability(const char* what, double value) {
  check<InputError>(value >= 0.0 && value < 1.0, "model option ", what, " is ", value,
                    "; expected 0 ≤ value < 1");
}

/// A Transformer of this width; `section` is the configuration's.
void check_heads(const char* section, std::int64_t width, std::int64_t heads,
                 std::int64_t feed_forward) {
  check_size(concat(section, ".heads").c_str(), heads, 1);
  check_size(concat(section, ".feed_forward").c_str(), feed_forward, 0);
  check<InputError>(width % heads == 0, "model option ", section, ".heads is ", heads,
                    " for a Transformer of width ", width,
                    "; expected a number that divides the width");
}

void check_channels(const char* what, const std::vector<std::int64_t>& channels) {
  check<InputError>(!channels.empty() && channels.size() <= most_layers, "model option ", what,
                    " has ", channels.size(), " entries; expected 1 … ", most_layers);
  for (const std::int64_t count : channels) {
    check_size(what, count, 1);
  }
}

}  // namespace

std::string_view name_of(SequencePool pool) { return name_in(pool_names, pool); }
std::string_view name_of(TokenEncoderKind kind) { return name_in(token_names, kind); }
std::string_view name_of(PositionKind kind) { return name_in(position_names, kind); }
std::string_view name_of(ImageEncoderKind kind) { return name_in(image_names, kind); }
std::string_view name_of(SequenceEncoderKind kind) { return name_in(sequence_names, kind); }

SequencePool sequence_pool_named(std::string_view name) {
  return value_in(pool_names, name, "pool");
}
TokenEncoderKind token_encoder_named(std::string_view name) {
  return value_in(token_names, name, "token encoder");
}
PositionKind position_kind_named(std::string_view name) {
  return value_in(position_names, name, "positions");
}
ImageEncoderKind image_encoder_named(std::string_view name) {
  return value_in(image_names, name, "image encoder");
}
SequenceEncoderKind sequence_encoder_named(std::string_view name) {
  return value_in(sequence_names, name, "sequence encoder");
}

namespace {

void check_tokens(const TokenEncoderConfig& tokens) {
  check_size("tokens.embedding", tokens.embedding, 1);
  check_size("tokens.hidden", tokens.hidden, 0);
  const bool has_lstm = tokens.kind == TokenEncoderKind::lstm;
  check_size("tokens.layers", tokens.layers, has_lstm ? 0 : 1, most_layers);
  check_size("tokens.filters", tokens.filters, 1);
  check_channels("tokens.widths", tokens.widths);
  for (std::size_t i = 0; i < tokens.widths.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      check<InputError>(tokens.widths[i] != tokens.widths[j], "model option tokens.widths holds ",
                        tokens.widths[i], " twice; expected different widths");
    }
  }
  check_probability("tokens.dropout", tokens.dropout);
  check_size("tokens.max_steps", tokens.transformer.max_steps, 1);
  if (tokens.kind == TokenEncoderKind::transformer) {
    check_heads("tokens", tokens.embedding, tokens.transformer.heads,
                tokens.transformer.feed_forward);
  }
}

void check_image(const ImageEncoderConfig& image, std::int64_t model_hidden) {
  check_channels("image.channels", image.channels);
  check_probability("image.dropout", image.dropout);
  check_size("image.groups", image.groups, 1);
  check_size("image.patch", image.patch, 1);
  check_size("image.hidden", image.hidden, 0);
  check_size("image.layers", image.layers, 1, most_layers);
  check_channels("image.blocks", image.blocks);
  if (image.kind == ImageEncoderKind::resnet) {
    check<InputError>(image.blocks.size() == 1 || image.blocks.size() == image.channels.size(),
                      "model option image.blocks has ", image.blocks.size(),
                      " entries but image.channels ", image.channels.size(),
                      "; expected as many, or one for all stages");
    for (const std::int64_t blocks : image.blocks) {
      check_size("image.blocks", blocks, 1, most_layers);
    }
    for (const std::int64_t channels : image.channels) {
      check<InputError>(channels % image.groups == 0, "model option image.groups is ", image.groups,
                        " but a stage has ", channels,
                        " channels; expected a number that divides all of image.channels");
    }
  }
  if (image.kind == ImageEncoderKind::vit) {
    check_heads("image", image.hidden > 0 ? image.hidden : model_hidden, image.heads,
                image.feed_forward);
  }
}

void check_sequence(const SequenceEncoderConfig& sequence, std::int64_t model_hidden) {
  check_size("sequence.hidden", sequence.hidden, 0);
  check_size("sequence.layers", sequence.layers, 1, most_layers);
  check_channels("sequence.channels", sequence.channels);
  check_size("sequence.kernel", sequence.kernel, 1);
  check<InputError>(sequence.kernel % 2 == 1, "model option sequence.kernel is ", sequence.kernel,
                    "; expected an odd number");
  check_probability("sequence.dropout", sequence.dropout);
  check<InputError>(
      sequence.kind != SequenceEncoderKind::conv || sequence.pool == SequencePool::attention,
      "model option sequence.pool is \"final\" but a convolution has no final "
      "states; expected \"attention\"");
  check<InputError>(
      sequence.kind != SequenceEncoderKind::regions || sequence.pool == SequencePool::attention,
      "model option sequence.pool is \"final\" but regions have no order and no "
      "last one; expected \"attention\"");
  check_size("sequence.max_steps", sequence.transformer.max_steps, 1);
  if (sequence.kind == SequenceEncoderKind::transformer) {
    check_heads("sequence", sequence.hidden > 0 ? sequence.hidden : model_hidden,
                sequence.transformer.heads, sequence.transformer.feed_forward);
  }
}

}  // namespace

void check_config(const ModelConfig& config) {
  check_size("hidden", config.hidden, 1);
  check_probability("dropout", config.dropout);
  check_tokens(config.tokens);
  check_size("features.hidden", config.features.hidden, 0);
  check_probability("features.dropout", config.features.dropout);
  check_image(config.image, config.hidden);
  check_sequence(config.sequence, config.hidden);
  check_size("contextual.projection", config.contextual.projection, 0);
  check_probability("contextual.input_dropout", config.contextual.input_dropout);
  check_size("contextual.layers", config.contextual.layers, 1, most_layers);
  check_probability("contextual.dropout", config.contextual.dropout);
  check_size("contextual.dense", config.contextual.dense, 0);
  check_probability("contextual.dense_dropout", config.contextual.dense_dropout);
  check_fusion_config(config.fusion);
  check<InputError>(
      config.contextual.fusion != FusionKind::late || config.contextual.fuse == FusionPlace::states,
      "model option contextual.fusion is \"late\", which fuses what classifiers say; "
      "expected contextual.fuse = \"states\" with it");
  check_size("joint.width", config.joint.width, 1);
  check_probability("joint.dropout", config.joint.dropout);
  const SequenceToSequenceConfig& sequences = config.sequence_to_sequence;
  check_size("sequence_to_sequence.encoder_layers", sequences.encoder_layers, 1, most_layers);
  check_size("sequence_to_sequence.decoder_layers", sequences.decoder_layers, 1, most_layers);
  check_size("sequence_to_sequence.heads", sequences.heads, 1, 1024);
  check_size("sequence_to_sequence.feed_forward", sequences.feed_forward, 0);
  check_probability("sequence_to_sequence.dropout", sequences.dropout);
  check<InputError>(is_floating(config.dtype), "model option dtype is ", config.dtype,
                    "; expected f32 or f64");
}

}  // namespace heddle
