#include "kernels/examples/parts.h"

namespace heddle::examples {
namespace {

struct Tensors {
  Stream& stream;
  Tensor x, weight, bias, y, dy, dx, dweight, dbias;
};

std::vector<ExampleCall> calls(const Sizes& sizes, DType dtype, Device device) {
  const std::int64_t rows = sizes.at("rows");
  const std::int64_t in = sizes.at("in");
  const std::int64_t out = sizes.at("out");
  const Tensor x = drawn({rows, in}, dtype, device);
  const Tensor weight = drawn({out, in}, dtype, device, 3);
  const Tensor bias = drawn({1, out}, dtype, device, 4);
  const Tensor y = Tensor::empty({rows, out}, dtype, device);
  const auto tensors = std::make_shared<Tensors>(
      Tensors{current_stream(device), x, weight, bias, y, drawn({rows, out}, dtype, device, 5),
              Tensor::empty_like(x), Tensor::empty_like(weight), Tensor::empty_like(bias)});
  kernels_for(device).linear_tanh.forward(tensors->stream, x.view(), weight.view(), bias.view(),
                                          y.output_view());
  return calls_of<LinearTanhKernels, Tensors>(
      HEDDLE_VERSIONS(linear_tanh, device), tensors,
      [](const LinearTanhKernels& t) { return t.forward != nullptr; },
      [](const LinearTanhKernels& t) { return t.backward != nullptr; },
      [](const LinearTanhKernels& t, Tensors& on) {
        t.forward(on.stream, on.x.view(), on.weight.view(), on.bias.view(), on.y.output_view());
      },
      [](const LinearTanhKernels& t, Tensors& on) {
        t.backward(on.stream, on.x.view(), on.weight.view(), on.y.view(), on.dy.view(),
                   on.dx.output_view(), on.dweight.output_view(), on.dbias.output_view());
      });
}

Work work(const Sizes& sizes, DType dtype, bool backward) {
  const auto rows = static_cast<double>(sizes.at("rows"));
  const auto in = static_cast<double>(sizes.at("in"));
  const auto out = static_cast<double>(sizes.at("out"));
  // Backward reads x, weight, y and dy and writes dx, dweight and dbias.
  const double numbers = backward ? 2 * (rows * in + rows * out + out * in) + out
                                  : rows * in + out * in + out + rows * out;
  const double operations =
      backward ? 4 * rows * in * out + 4 * rows * out : 2 * rows * in * out + 2 * rows * out;
  return {numbers * bytes_each(dtype), operations};
}

}  // namespace

KernelExample linear_tanh() {
  const auto sizes = [](std::int64_t rows, std::int64_t in, std::int64_t out) {
    return Sizes{{"rows", rows}, {"in", in}, {"out", out}};
  };
  return {.family = "linear_tanh",
          .sizes = sizes(64, 96, 64),
          .ladder = {sizes(64, 384, 128), sizes(3200, 512, 512), sizes(8192, 512, 512),
                     sizes(8192, 2048, 2048)},
          .work = work,
          .calls = calls};
}

}  // namespace heddle::examples
