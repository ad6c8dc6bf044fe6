#include "models/picture_regions.h"

#include "autograd/ops.h"
#include "core/error.h"
#include "models/masked_steps.h"

namespace heddle {
namespace {

std::variant<CnnMap, ResNet, VisionTransformer> make_encoder(const InputSpec& spec,
                                                             const ModelConfig& config,
                                                             const Generator& generator) {
  switch (config.image.kind) {
    case ImageEncoderKind::resnet:
      return ResNet(spec.shape[0], config.image, generator, config.dtype);
    case ImageEncoderKind::vit:
      return VisionTransformer(spec.shape,
                               config.image.hidden > 0 ? config.image.hidden : config.hidden,
                               config.image, generator, config.dtype);
    case ImageEncoderKind::cnn:
      return CnnMap(spec.shape[0], config.image, generator, config.dtype);
    case ImageEncoderKind::linear:
      break;
  }
  fail<InputError>("input \"", spec.name,
                   "\": image encoder \"linear\" sees no regions; expected \"cnn\", \"resnet\" or "
                   "\"vit\"");
}

/// map [B, channels, rows, cols] → [rows·cols, B, channels].
EncodedSteps regions_of(const Variable& map) {
  const Variable last = permute(map, {2, 3, 0, 1});
  const Shape& shape = last.shape();
  EncodedSteps steps;
  steps.states = reshape(last, {shape[0] * shape[1], shape[2], shape[3]});
  steps.final = mean_over_steps(steps.states, {});
  return steps;
}

}  // namespace

PictureRegions::PictureRegions(const InputSpec& spec, const ModelConfig& config,
                               const Generator& generator)
    : encoder(make_encoder(spec, config, generator)) {}

EncodedSteps PictureRegions::operator()(const Tensor& pictures) {
  if (auto* transformer = std::get_if<VisionTransformer>(&encoder)) {
    return (*transformer)(pictures);
  }
  if (auto* resnet = std::get_if<ResNet>(&encoder)) {
    return regions_of((*resnet)(pictures));
  }
  return regions_of(std::get<CnnMap>(encoder)(pictures));
}

void PictureRegions::visit(Visitor& visitor) {
  std::visit([&](auto& inner) { inner.visit(visitor); }, encoder);
}

std::int64_t PictureRegions::width() const {
  return std::visit([](const auto& inner) { return inner.width(); }, encoder);
}

PictureEncoder::PictureEncoder(const InputSpec& spec, const ModelConfig& config,
                               const Generator& generator)
    : out_width(config.hidden),
      regions(spec, config, generator),
      dropout(config.image.dropout, generator.named("dropout")) {
  if (config.image.pool == SequencePool::attention) {
    pool.emplace(SequencePool::attention, regions.width(), config.hidden, generator.named("pool"),
                 config.dtype);
  } else {
    linear.emplace(regions.width(), config.hidden, generator.named("linear"),
                   LinearOptions{.dtype = config.dtype});
  }
}

Variable PictureEncoder::operator()(const Tensor& pictures) {
  EncodedSteps steps = regions(pictures);
  if (linear.has_value()) {
    return (*linear)(dropout(steps.final));
  }
  steps.states = dropout(steps.states);
  return (*pool)(steps);
}

void PictureEncoder::visit(Visitor& visitor) {
  regions.visit(visitor);
  visitor.layer("dropout", dropout);
  if (pool.has_value()) {
    visitor.layer("pool", *pool);
  }
  if (linear.has_value()) {
    visitor.layer("linear", *linear);
  }
}

}  // namespace heddle
