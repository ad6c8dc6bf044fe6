#include "models/image_encoder.h"

#include <cstddef>
#include <string>

#include "autograd/ops.h"
#include "models/input_watch.h"

namespace heddle {
namespace {

std::int64_t flat_size(const Shape& picture, const std::vector<std::int64_t>& channels) {
  std::int64_t rows = picture[1];
  std::int64_t cols = picture[2];
  for (std::size_t k = 0; k < channels.size() && CnnMap::halves(rows, cols); ++k) {
    rows /= 2;
    cols /= 2;
  }
  const PoolOptions last = CnnMap::averaging(rows, cols);
  return (channels.empty() ? picture[0] : channels.back()) * (rows / last.kernel_rows) *
         (cols / last.kernel_cols);
}

Variable flat(const Variable& x) {
  return reshape(x, {x.size(0), element_count(x.shape().erased(0))});
}

}  // namespace

LinearEncoder::LinearEncoder(std::int64_t features, std::int64_t inside_, std::int64_t hidden,
                             double dropout_, const Generator& generator, DType dtype)
    : dropout(dropout_, generator.named("dropout")),
      linear(inside_ > 0 ? inside_ : features, hidden, generator.named("linear"),
             {.dtype = dtype}) {
  if (inside_ > 0) {
    inside.emplace(features, inside_, generator.named("inside"), LinearOptions{.dtype = dtype});
  }
}

Variable LinearEncoder::operator()(const Tensor& x) {
  const Variable given = dropout(flat(InputWatch::seen(x, Variable(x))));
  return linear(inside ? relu((*inside)(given)) : given);
}

void LinearEncoder::visit(Visitor& visitor) {
  visitor.layer("dropout", dropout);
  if (inside) {
    visitor.layer("inside", *inside);
  }
  visitor.layer("linear", linear);
}

CnnMap::CnnMap(std::int64_t picture_channels, const ImageEncoderConfig& config,
               const Generator& generator, DType dtype) {
  const Conv2dOptions options{.window = {.padding_rows = 1, .padding_cols = 1}, .dtype = dtype};
  std::int64_t channels = picture_channels;
  for (std::size_t k = 0; k < config.channels.size(); ++k) {
    stages.emplace_back(channels, config.channels[k], 3,
                        generator.named("conv" + std::to_string(k)), options);
    channels = config.channels[k];
  }
}

Variable CnnMap::operator()(const Tensor& x) const {
  Variable picture = InputWatch::seen(x, Variable(x));
  for (const Conv2d& stage : stages) {
    picture = stage(picture);
    // relu after the maximum: the same values from a quarter of the work.
    if (halves(picture.size(2), picture.size(3))) {
      picture = max_pool2d(picture);
    }
    picture = relu(picture);
  }
  const PoolOptions last = averaging(picture.size(2), picture.size(3));
  if (last.kernel_rows > 1 || last.kernel_cols > 1) {
    picture = average_pool2d(picture, last);
  }
  return picture;
}

PoolOptions CnnMap::averaging(std::int64_t rows, std::int64_t cols) {
  const std::int64_t window_rows = rows >= 8 ? rows / 4 : 1;
  const std::int64_t window_cols = cols >= 8 ? cols / 4 : 1;
  return {.kernel_rows = window_rows,
          .kernel_cols = window_cols,
          .stride_rows = window_rows,
          .stride_cols = window_cols};
}

void CnnMap::visit(Visitor& visitor) {
  for (std::size_t k = 0; k < stages.size(); ++k) {
    visitor.layer("conv" + std::to_string(k), stages[k]);
  }
}

CnnEncoder::CnnEncoder(const Shape& picture, std::int64_t hidden, const ImageEncoderConfig& config,
                       const Generator& generator, DType dtype)
    : map(picture[0], config, generator, dtype),
      dropout(config.dropout, generator.named("dropout")),
      linear(flat_size(picture, config.channels), hidden, generator.named("linear"),
             {.dtype = dtype}) {}

Variable CnnEncoder::operator()(const Tensor& x) { return linear(dropout(flat(map(x)))); }

void CnnEncoder::visit(Visitor& visitor) {
  map.visit(visitor);
  visitor.layer("dropout", dropout);
  visitor.layer("linear", linear);
}

}  // namespace heddle
