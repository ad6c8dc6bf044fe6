#include "models/resnet.h"

#include <cstddef>
#include <string>

#include "autograd/ops.h"
#include "models/input_watch.h"

namespace heddle {
namespace {

Conv2dOptions square(std::int64_t stride, std::int64_t padding, DType dtype) {
  return {.window = {.stride_rows = stride,
                     .stride_cols = stride,
                     .padding_rows = padding,
                     .padding_cols = padding},
          .bias = false,
          .dtype = dtype};
}

}  // namespace

ResidualBlock::ResidualBlock(std::int64_t channels, std::int64_t filters, std::int64_t stride,
                             std::int64_t groups, const Generator& generator, DType dtype)
    : first(channels, filters, 3, generator.named("first"), square(stride, 1, dtype)),
      first_norm(groups, filters, 1e-5, dtype),
      second(filters, filters, 3, generator.named("second"), square(1, 1, dtype)),
      second_norm(groups, filters, 1e-5, dtype) {
  if (channels != filters || stride != 1) {
    shortcut.emplace(channels, filters, 1, generator.named("shortcut"), square(stride, 0, dtype));
    shortcut_norm.emplace(groups, filters, 1e-5, dtype);
  }
}

Variable ResidualBlock::operator()(const Variable& x) const {
  const Variable inside = second_norm(second(first_norm(first(x), Activation::relu)));
  const Variable past =
      shortcut.has_value() && shortcut_norm.has_value() ? (*shortcut_norm)((*shortcut)(x)) : x;
  return relu(add(inside, past));
}

void ResidualBlock::visit(Visitor& visitor) {
  visitor.layer("first", first);
  visitor.layer("first_norm", first_norm);
  visitor.layer("second", second);
  visitor.layer("second_norm", second_norm);
  if (shortcut.has_value() && shortcut_norm.has_value()) {
    visitor.layer("shortcut", *shortcut);
    visitor.layer("shortcut_norm", *shortcut_norm);
  }
}

ResNet::ResNet(std::int64_t picture_channels, const ImageEncoderConfig& config,
               const Generator& generator, DType dtype)
    : stem(picture_channels, config.channels.front(), 3, generator.named("stem"),
           square(1, 1, dtype)),
      stem_norm(config.groups, config.channels.front(), 1e-5, dtype) {
  std::int64_t channels = config.channels.front();
  for (std::size_t stage = 0; stage < config.channels.size(); ++stage) {
    const std::int64_t count = config.blocks.size() == 1 ? config.blocks[0] : config.blocks[stage];
    for (std::int64_t k = 0; k < count; ++k) {
      const std::int64_t stride = stage > 0 && k == 0 ? 2 : 1;
      blocks.emplace_back(channels, config.channels[stage], stride, config.groups,
                          generator.named("block" + std::to_string(blocks.size())), dtype);
      channels = config.channels[stage];
    }
  }
}

Variable ResNet::operator()(const Tensor& pictures) const {
  Variable x = stem_norm(stem(InputWatch::seen(pictures, Variable(pictures))), Activation::relu);
  for (const ResidualBlock& block : blocks) {
    x = block(x);
  }
  return x;
}

void ResNet::visit(Visitor& visitor) {
  visitor.layer("stem", stem);
  visitor.layer("stem_norm", stem_norm);
  for (std::size_t k = 0; k < blocks.size(); ++k) {
    visitor.layer("block" + std::to_string(k), blocks[k]);
  }
}

}  // namespace heddle
