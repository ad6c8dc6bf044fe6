#include "kernels/examples/parts.h"

namespace heddle::examples {
namespace {

/// relu behind a bias along the last dimension, as behind a linear layer.
struct Tensors {
  Stream& stream;
  Tensor x, bias, y, dy, dx, dbias;
};

std::vector<ExampleCall> calls(const Sizes& sizes, DType dtype, Device device) {
  const Shape shape = {sizes.at("rows"), sizes.at("cols"), 1};
  const Tensor x = drawn(shape, dtype, device);
  const Tensor bias = drawn({sizes.at("cols")}, dtype, device, 3);
  const auto tensors = std::make_shared<Tensors>(
      Tensors{current_stream(device), x, bias, Tensor::empty_like(x),
              drawn(shape, dtype, device, 4), Tensor::empty_like(x), Tensor::empty_like(bias)});
  kernels_for(device).bias_activation.forward(tensors->stream, Activation::relu, x.view(),
                                              bias.view(), tensors->y.output_view());
  return calls_of<BiasActivationKernels, Tensors>(
      HEDDLE_VERSIONS(bias_activation, device), tensors,
      [](const BiasActivationKernels& t) { return t.forward != nullptr; },
      [](const BiasActivationKernels& t) { return t.backward != nullptr; },
      [](const BiasActivationKernels& t, Tensors& on) {
        t.forward(on.stream, Activation::relu, on.x.view(), on.bias.view(), on.y.output_view());
      },
      [](const BiasActivationKernels& t, Tensors& on) {
        t.backward(on.stream, Activation::relu, {}, {}, on.y.view(), on.dy.view(),
                   on.dx.output_view(), on.dbias.output_view());
      });
}

Work work(const Sizes& sizes, DType dtype, bool backward) {
  const auto elements = static_cast<double>(sizes.at("rows") * sizes.at("cols"));
  // An addition each: of the bias, or to the bias's slope.
  return {elements * (backward ? 3 : 2) * bytes_each(dtype), elements};
}

}  // namespace

KernelExample bias_activation() {
  return {.family = "bias_activation",
          .sizes = {{"rows", 64}, {"cols", 256}},
          .ladder = {{{"rows", 3200}, {"cols", 512}}, {{"rows", 65536}, {"cols", 1024}}},
          .work = work,
          .calls = calls};
}

}  // namespace heddle::examples
