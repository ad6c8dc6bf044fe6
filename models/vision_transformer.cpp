#include "models/vision_transformer.h"

#include "autograd/ops.h"
#include "core/error.h"
#include "models/input_watch.h"

namespace heddle {
namespace {

std::int64_t patches_in(const Shape& picture, std::int64_t patch) {
  check<InputError>(picture[1] % patch == 0 && picture[2] % patch == 0,
                    "model option image.patch is ", patch, " but a picture is ", picture,
                    "; expected a number that divides its rows and columns");
  return (picture[1] / patch) * (picture[2] / patch);
}

}  // namespace

VisionTransformer::VisionTransformer(const Shape& picture, std::int64_t width,
                                     const ImageEncoderConfig& config, const Generator& generator,
                                     DType dtype)
    : patch(config.patch),
      patches(picture[0] * patch * patch, width, generator.named("patches"), {.dtype = dtype}),
      encoder({.width = width,
               .layers = config.layers,
               .dropout = config.dropout,
               .transformer = {.heads = config.heads,
                               .feed_forward = config.feed_forward,
                               .positions = PositionKind::learned,
                               .max_steps = patches_in(picture, config.patch)},
               .dtype = dtype},
              generator.named("encoder")) {}

EncodedSteps VisionTransformer::operator()(const Tensor& pictures) {
  const std::int64_t samples = pictures.size(0);
  const std::int64_t channels = pictures.size(1);
  const std::int64_t rows = pictures.size(2) / patch;
  const std::int64_t cols = pictures.size(3) / patch;
  const Variable cut = permute(reshape(InputWatch::seen(pictures, Variable(pictures)),
                                       {samples, channels, rows, patch, cols, patch}),
                               {2, 4, 0, 1, 3, 5});
  return encoder(patches(reshape(cut, {rows * cols, samples, channels * patch * patch})), {});
}

void VisionTransformer::visit(Visitor& visitor) {
  visitor.layer("patches", patches);
  visitor.layer("encoder", encoder);
}

}  // namespace heddle
