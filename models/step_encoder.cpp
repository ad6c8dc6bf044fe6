#include "models/step_encoder.h"

#include "core/error.h"

namespace heddle {
namespace {

std::variant<TextEncoder, LstmAudioEncoder, ConvAudioEncoder> make_encoder(
    const InputSpec& spec, const ModelConfig& config, const Generator& generator) {
  if (spec.kind == InputSpec::Kind::tokens) {
    const std::int64_t hidden = config.tokens.hidden > 0 ? config.tokens.hidden : config.hidden;
    return TextEncoder(spec.vocabulary, hidden, config.tokens, generator, config.dtype);
  }
  check(spec.kind == InputSpec::Kind::sequence && spec.shape.rank() == 1, "input \"", spec.name,
        "\": cannot be read step by step; expected tokens, or a sequence of frames [F]");
  if (config.sequence.kind == SequenceEncoderKind::conv) {
    return ConvAudioEncoder(spec.shape[0], config.sequence, generator, config.dtype);
  }
  const std::int64_t hidden = config.sequence.hidden > 0 ? config.sequence.hidden : config.hidden;
  return LstmAudioEncoder(spec.shape[0], hidden, config.sequence, generator, config.dtype);
}

}  // namespace

StepEncoder::StepEncoder(const InputSpec& spec, const ModelConfig& config,
                         const Generator& generator)
    : encoder(make_encoder(spec, config, generator)) {}

EncodedSteps StepEncoder::operator()(const CleanInput& input) {
  return std::visit([&](auto& inner) { return inner(input.values, input.lengths); }, encoder);
}

void StepEncoder::visit(Visitor& visitor) {
  std::visit([&](auto& inner) { inner.visit(visitor); }, encoder);
}

std::int64_t StepEncoder::width() const {
  return std::visit([](const auto& inner) { return inner.width(); }, encoder);
}

}  // namespace heddle
