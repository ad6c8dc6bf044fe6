#include "models/modality_encoder.h"

#include "core/error.h"

namespace heddle {
namespace {

using AnyEncoder = std::variant<LinearEncoder, CnnEncoder, PictureEncoder, ModalityEncoder::Pooled>;

AnyEncoder make_encoder(const InputSpec& spec, const ModelConfig& config, SequencePool pool,
                        const Generator& generator) {
  switch (spec.kind) {
    case InputSpec::Kind::features:
      return LinearEncoder(element_count(spec.shape), config.features.hidden, config.hidden,
                           config.features.dropout, generator, config.dtype);
    case InputSpec::Kind::image:
      switch (config.image.kind) {
        case ImageEncoderKind::linear:
          return LinearEncoder(element_count(spec.shape), 0, config.hidden, config.image.dropout,
                               generator, config.dtype);
        case ImageEncoderKind::resnet:
        case ImageEncoderKind::vit:
          return PictureEncoder(spec, config, generator);
        case ImageEncoderKind::cnn:
          break;
      }
      return CnnEncoder(spec.shape, config.hidden, config.image, generator, config.dtype);
    case InputSpec::Kind::tokens:
    case InputSpec::Kind::sequence:
      break;
  }
  StepEncoder steps(spec, config, generator);
  const std::int64_t width = steps.width();
  return ModalityEncoder::Pooled{std::move(steps), StepPool(pool, width, config.hidden,
                                                            generator.named("pool"), config.dtype)};
}

}  // namespace

void ModalityEncoder::Pooled::visit(Visitor& visitor) {
  encoder.visit(visitor);
  visitor.layer("pool", pool);
}

ModalityEncoder::ModalityEncoder(const InputSpec& spec, const ModelConfig& config,
                                 SequencePool pool, const Generator& generator)
    : encoder(make_encoder(spec, config, pool, generator)) {
  if (config.missing_vectors) {
    missing = Variable(Tensor::zeros({width()}, config.dtype), true);
  }
}

Variable ModalityEncoder::operator()(const CleanInput& input) {
  const Variable encoded = std::visit(
      [&](auto& inner) {
        if constexpr (requires { inner(input); }) {
          return inner(input);
        } else {
          return inner(input.values);
        }
      },
      encoder);
  return replace_missing(encoded, input.present, missing);
}

void ModalityEncoder::visit(Visitor& visitor) {
  std::visit([&](auto& inner) { inner.visit(visitor); }, encoder);
  visitor.parameter("missing", missing);
}

std::int64_t ModalityEncoder::width() const {
  return std::visit([](const auto& inner) { return inner.width(); }, encoder);
}

SequencePool pool_of(const InputSpec& spec, const ModelConfig& config) {
  if (spec.kind == InputSpec::Kind::tokens) {
    return config.tokens.kind == TokenEncoderKind::cnn ? SequencePool::final : config.tokens.pool;
  }
  return config.sequence.pool;
}

}  // namespace heddle
