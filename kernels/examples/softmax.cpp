#include "kernels/examples/parts.h"

namespace heddle::examples {
namespace {

struct Tensors {
  Stream& stream;
  Tensor x, y, dy, dx;
};

std::vector<ExampleCall> calls(const Sizes& sizes, DType dtype, Device device) {
  const Shape shape = {sizes.at("rows"), sizes.at("cols")};
  const Tensor x = drawn(shape, dtype, device);
  const auto tensors =
      std::make_shared<Tensors>(Tensors{current_stream(device), x, Tensor::empty_like(x),
                                        drawn(shape, dtype, device, 3), Tensor::empty_like(x)});
  const SoftmaxKernels& table = kernels_for(device).softmax;
  table.forward(tensors->stream, x.view(), {}, false, tensors->y.output_view());
  return calls_of<SoftmaxKernels, Tensors>(
      HEDDLE_VERSIONS(softmax, device), tensors,
      [](const SoftmaxKernels& t) { return t.forward != nullptr; },
      [](const SoftmaxKernels& t) { return t.backward != nullptr; },
      [](const SoftmaxKernels& t, Tensors& on) {
        t.forward(on.stream, on.x.view(), {}, false, on.y.output_view());
      },
      [](const SoftmaxKernels& t, Tensors& on) {
        t.backward(on.stream, on.y.view(), {}, on.dy.view(), false, on.dx.output_view());
      });
}

Work work(const Sizes& sizes, DType dtype, bool backward) {
  const auto elements = static_cast<double>(sizes.at("rows") * sizes.at("cols"));
  return {elements * bytes_each(dtype) * (backward ? 3 : 2), elements * 4};
}

}  // namespace

KernelExample softmax() {
  return {.family = "softmax",
          .sizes = {{"rows", 64}, {"cols", 1000}},
          .ladder = {{{"rows", 8192}, {"cols", 64}},
                     {{"rows", 8192}, {"cols", 512}},
                     {{"rows", 8192}, {"cols", 4096}},
                     {{"rows", 2048}, {"cols", 32768}}},
          .work = work,
          .calls = calls};
}

}  // namespace heddle::examples
