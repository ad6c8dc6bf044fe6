#include "kernels/examples/parts.h"

namespace heddle::examples {
namespace {

/// tanh, and its derivative from the saved output.
struct Tensors {
  Stream& stream;
  Tensor x, y, dy, dx;
};

std::vector<ExampleCall> calls(const Sizes& sizes, DType dtype, Device device) {
  const Shape shape = {sizes.at("elements")};
  const Tensor x = drawn(shape, dtype, device);
  const auto tensors =
      std::make_shared<Tensors>(Tensors{current_stream(device), x, Tensor::empty_like(x),
                                        drawn(shape, dtype, device, 3), Tensor::empty_like(x)});
  kernels_for(device).elementwise.unary(tensors->stream, UnaryOp::tanh, x.view(),
                                        tensors->y.output_view());
  return calls_of<ElementwiseKernels, Tensors>(
      HEDDLE_VERSIONS(elementwise, device), tensors,
      [](const ElementwiseKernels& t) { return t.unary != nullptr; },
      [](const ElementwiseKernels& t) { return t.unary_backward != nullptr; },
      [](const ElementwiseKernels& t, Tensors& on) {
        t.unary(on.stream, UnaryOp::tanh, on.x.view(), on.y.output_view());
      },
      [](const ElementwiseKernels& t, Tensors& on) {
        t.unary_backward(on.stream, UnaryOp::tanh, {}, on.y.view(), on.dy.view(),
                         on.dx.output_view());
      });
}

Work work(const Sizes& sizes, DType dtype, bool backward) {
  const auto elements = static_cast<double>(sizes.at("elements"));
  return {elements * bytes_each(dtype) * (backward ? 3 : 2), elements * (backward ? 3 : 1)};
}

}  // namespace

KernelExample elementwise() {
  return {.family = "elementwise",
          .sizes = {{"elements", 4096}},
          .ladder = {{{"elements", 1 << 16}}, {{"elements", 1 << 22}}, {{"elements", 1 << 26}}},
          .work = work,
          .calls = calls};
}

}  // namespace heddle::examples
