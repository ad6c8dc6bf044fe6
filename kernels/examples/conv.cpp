#include "kernels/examples/parts.h"

namespace heddle::examples {
namespace {

struct Tensors {
  Stream& stream;
  ConvOptions options;
  Tensor x, weight, bias, y, dy, dx, dweight, dbias;
};

/// Windows of 3 × 3 with a border of zeros, so that pictures keep their size.
std::vector<ExampleCall> calls(const Sizes& sizes, DType dtype, Device device) {
  const std::int64_t batch = sizes.at("batch");
  const std::int64_t size = sizes.at("size");
  const std::int64_t filters = sizes.at("filters");
  const Tensor x = drawn({batch, sizes.at("channels"), size, size}, dtype, device);
  const Tensor weight = drawn({filters, sizes.at("channels"), 3, 3}, dtype, device, 3);
  const Tensor bias = drawn({filters}, dtype, device, 4);
  const Shape out = {batch, filters, size, size};
  const ConvOptions options = {.padding_rows = 1, .padding_cols = 1};
  const auto tensors = std::make_shared<Tensors>(
      Tensors{current_stream(device), options, x, weight, bias, Tensor::empty(out, dtype, device),
              drawn(out, dtype, device, 5), Tensor::empty_like(x), Tensor::empty_like(weight),
              Tensor::empty_like(bias)});
  return calls_of<ConvKernels, Tensors>(
      HEDDLE_VERSIONS(conv, device), tensors,
      [](const ConvKernels& t) { return t.forward != nullptr; },
      [](const ConvKernels& t) { return t.backward != nullptr; },
      [](const ConvKernels& t, Tensors& on) {
        t.forward(on.stream, on.options, on.x.view(), on.weight.view(), on.bias.view(),
                  on.y.output_view());
      },
      [](const ConvKernels& t, Tensors& on) {
        t.backward(on.stream, on.options, on.x.view(), on.weight.view(), on.dy.view(),
                   on.dx.output_view(), on.dweight.output_view(), on.dbias.output_view());
      });
}

Work work(const Sizes& sizes, DType dtype, bool backward) {
  const auto places = static_cast<double>(sizes.at("batch") * sizes.at("size") * sizes.at("size"));
  const auto channels = static_cast<double>(sizes.at("channels"));
  const auto filters = static_cast<double>(sizes.at("filters"));
  const double numbers = places * (channels + filters) + 9 * channels * filters;
  return {numbers * (backward ? 2 : 1) * bytes_each(dtype),
          18 * places * channels * filters * (backward ? 2 : 1)};
}

}  // namespace

KernelExample conv() {
  const auto sizes = [](std::int64_t batch, std::int64_t channels, std::int64_t filters,
                        std::int64_t size) {
    return Sizes{{"batch", batch}, {"channels", channels}, {"filters", filters}, {"size", size}};
  };
  return {.family = "conv",
          .sizes = sizes(1, 3, 8, 12),
          .ladder = {sizes(64, 3, 32, 32), sizes(64, 32, 64, 32), sizes(64, 64, 64, 16)},
          .work = work,
          .calls = calls};
}

}  // namespace heddle::examples
