#include "kernels/examples/parts.h"

namespace heddle::examples {
namespace {

constexpr double probability = 0.3;  // of a number to be dropped

struct Tensors {
  Stream& stream;
  Tensor x, y;
};

std::vector<ExampleCall> calls(const Sizes& sizes, DType dtype, Device device) {
  const Tensor x = drawn({sizes.at("elements")}, dtype, device);
  const auto tensors =
      std::make_shared<Tensors>(Tensors{current_stream(device), x, Tensor::empty_like(x)});
  return calls_of<DropoutKernels, Tensors>(
      HEDDLE_VERSIONS(dropout, device), tensors,
      [](const DropoutKernels& t) { return t.apply != nullptr; }, nullptr,
      [](const DropoutKernels& t, Tensors& on) {
        t.apply(on.stream, probability, {.seed = 1, .stream = 2, .first = 0}, on.x.view(),
                on.y.output_view());
      },
      nullptr);
}

Work work(const Sizes& sizes, DType dtype, bool /*backward*/) {
  const auto elements = static_cast<double>(sizes.at("elements"));
  return {2 * elements * bytes_each(dtype), (1 - probability) * elements};  // what is kept
}

}  // namespace

KernelExample dropout() {
  return {.family = "dropout",
          .sizes = {{"elements", 4096}},
          .ladder = {{{"elements", 1 << 20}}, {{"elements", 1 << 26}}},
          .work = work,
          .calls = calls};
}

}  // namespace heddle::examples
