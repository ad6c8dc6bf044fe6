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
constexpr Names<ImageEncoderKind, 2> image_names = {
    {{"cnn", ImageEncoderKind::cnn}, {"linear", ImageEncoderKind::linear}}};
constexpr Names<SequenceEncoderKind, 2> sequence_names = {
    {{"lstm", SequenceEncoderKind::lstm}, {"conv", SequenceEncoderKind::conv}}};

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

void check_channels(const char* what, const std::vector<std::int64_t>& channels) {
  check<InputError>(!channels.empty() && channels.size() <= most_layers, "model option ", what,
                    " has ", channels.size(), " entries; expected 1 … ", most_layers);
  for (const std::int64_t count : channels) {
    check_size(what, count, 1);
  }
}

}  // namespace

std::string_view name_of(SequencePool pool) { return name_in(pool_names, pool); }
std::string_view name_of(ImageEncoderKind kind) { return name_in(image_names, kind); }
std::string_view name_of(SequenceEncoderKind kind) { return name_in(sequence_names, kind); }

SequencePool sequence_pool_named(std::string_view name) {
  return value_in(pool_names, name, "pool");
}
ImageEncoderKind image_encoder_named(std::string_view name) {
  return value_in(image_names, name, "image encoder");
}
SequenceEncoderKind sequence_encoder_named(std::string_view name) {
  return value_in(sequence_names, name, "sequence encoder");
}

void check_config(const ModelConfig& config) {
  check_size("hidden", config.hidden, 1);
  check_probability("dropout", config.dropout);
  check_size("tokens.embedding", config.tokens.embedding, 1);
  check_size("tokens.hidden", config.tokens.hidden, 0);
  check_size("tokens.layers", config.tokens.layers, 1, most_layers);
  check_probability("tokens.dropout", config.tokens.dropout);
  check_probability("features.dropout", config.features.dropout);
  check_channels("image.channels", config.image.channels);
  check_probability("image.dropout", config.image.dropout);
  check_size("sequence.hidden", config.sequence.hidden, 0);
  check_size("sequence.layers", config.sequence.layers, 1, most_layers);
  check_channels("sequence.channels", config.sequence.channels);
  check_size("sequence.kernel", config.sequence.kernel, 1);
  check<InputError>(config.sequence.kernel % 2 == 1, "model option sequence.kernel is ",
                    config.sequence.kernel, "; expected an odd number");
  check_probability("sequence.dropout", config.sequence.dropout);
  check<InputError>(config.sequence.kind != SequenceEncoderKind::conv ||
                        config.sequence.pool == SequencePool::attention,
                    "model option sequence.pool is \"final\" but a convolution has no final "
                    "states; expected \"attention\"");
  check_size("contextual.projection", config.contextual.projection, 0);
  check_probability("contextual.input_dropout", config.contextual.input_dropout);
  check_size("contextual.layers", config.contextual.layers, 1, most_layers);
  check_probability("contextual.dropout", config.contextual.dropout);
  check_size("contextual.dense", config.contextual.dense, 0);
  check_probability("contextual.dense_dropout", config.contextual.dense_dropout);
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
