#include "models/step_encoder.h"

#include "core/error.h"

namespace heddle {
namespace {

std::int64_t width_of(std::int64_t chosen, const ModelConfig& config) {
  return chosen > 0 ? chosen : config.hidden;
}

StepEncoder::Any words_encoder(const InputSpec& spec, const ModelConfig& config,
                               const Generator& generator) {
  switch (config.tokens.kind) {
    case TokenEncoderKind::cnn:
      return TextCnn(spec.vocabulary, config.tokens, generator, config.dtype);
    case TokenEncoderKind::transformer:
      return TextTransformer(spec.vocabulary, config.tokens, generator, config.dtype);
    case TokenEncoderKind::lstm:
      break;
  }
  return TextEncoder(spec.vocabulary, width_of(config.tokens.hidden, config), config.tokens,
                     generator, config.dtype);
}

StepEncoder::Any frames_encoder(const InputSpec& spec, const ModelConfig& config,
                                const Generator& generator) {
  const std::int64_t hidden = width_of(config.sequence.hidden, config);
  switch (config.sequence.kind) {
    case SequenceEncoderKind::conv:
      return ConvAudioEncoder(spec.shape[0], config.sequence, generator, config.dtype);
    case SequenceEncoderKind::transformer:
      return SequenceTransformer(spec.shape[0], hidden, config.sequence, generator, config.dtype);
    case SequenceEncoderKind::conv_lstm:
      return ConvLstmEncoder(spec.shape[0], hidden, config.sequence, generator, config.dtype);
    case SequenceEncoderKind::regions:
      return RegionEncoder(spec.shape[0], hidden, config.sequence.dropout, generator, config.dtype);
    case SequenceEncoderKind::lstm:
      break;
  }
  return LstmAudioEncoder(spec.shape[0], hidden, config.sequence, generator, config.dtype);
}

StepEncoder::Any make_encoder(const InputSpec& spec, const ModelConfig& config,
                              const Generator& generator) {
  check<InputError>(has_steps(spec, config), "input \"", spec.name,
                    "\": cannot be read step by step; expected tokens, a sequence of frames [F], "
                    "or an image whose encoder is not \"linear\"");
  switch (spec.kind) {
    case InputSpec::Kind::tokens:
      return words_encoder(spec, config, generator);
    case InputSpec::Kind::image:
      return PictureRegions(spec, config, generator);
    case InputSpec::Kind::features:
    case InputSpec::Kind::sequence:
      break;
  }
  return frames_encoder(spec, config, generator);
}

}  // namespace

bool has_steps(const InputSpec& spec, const ModelConfig& config) {
  return spec.kind == InputSpec::Kind::tokens ||
         (spec.kind == InputSpec::Kind::sequence && spec.shape.rank() == 1) ||
         (spec.kind == InputSpec::Kind::image && config.image.kind != ImageEncoderKind::linear);
}

bool has_final(const InputSpec& spec, const ModelConfig& config) {
  switch (spec.kind) {
    case InputSpec::Kind::tokens:
      return true;
    case InputSpec::Kind::sequence:
      return has_steps(spec, config) && config.sequence.kind != SequenceEncoderKind::conv &&
             config.sequence.kind != SequenceEncoderKind::regions;
    case InputSpec::Kind::features:
    case InputSpec::Kind::image:
      break;
  }
  return has_steps(spec, config);
}

StepEncoder::StepEncoder(const InputSpec& spec, const ModelConfig& config,
                         const Generator& generator)
    : encoder(make_encoder(spec, config, generator)) {}

EncodedSteps StepEncoder::operator()(const CleanInput& input) {
  return std::visit(
      [&](auto& inner) {
        if constexpr (requires { inner(input.values, input.lengths); }) {
          return inner(input.values, input.lengths);
        } else {
          return inner(input.values);
        }
      },
      encoder);
}

void StepEncoder::visit(Visitor& visitor) {
  std::visit([&](auto& inner) { inner.visit(visitor); }, encoder);
}

std::int64_t StepEncoder::width() const {
  return std::visit([](const auto& inner) { return inner.width(); }, encoder);
}

}  // namespace heddle
