#include "kernels/examples/parts.h"

namespace heddle::examples {
namespace {

struct Tensors {
  Stream& stream;
  Tensor x, index, out, dx;
};

std::vector<ExampleCall> calls(const Sizes& sizes, DType dtype, Device device) {
  const Shape all = {sizes.at("outer"), sizes.at("from"), sizes.at("inner")};
  const Shape some = {sizes.at("outer"), sizes.at("picked"), sizes.at("inner")};
  const Tensor x = drawn(all, dtype, device);
  const auto tensors = std::make_shared<Tensors>(
      Tensors{current_stream(device), x, drawn_ids(some, sizes.at("from"), device),
              drawn(some, dtype, device, 3), Tensor::empty_like(x)});
  return calls_of<GatherKernels, Tensors>(
      HEDDLE_VERSIONS(gather, device), tensors,
      [](const GatherKernels& t) { return t.forward != nullptr; },
      [](const GatherKernels& t) { return t.backward != nullptr; },
      [](const GatherKernels& t, Tensors& on) {
        t.forward(on.stream, on.x.view(), on.index.view(), on.out.output_view());
      },
      [](const GatherKernels& t, Tensors& on) {
        t.backward(on.stream, on.index.view(), on.out.view(), on.dx.output_view());
      });
}

Work work(const Sizes& sizes, DType dtype, bool backward) {
  const auto some = static_cast<double>(sizes.at("outer") * sizes.at("picked") * sizes.at("inner"));
  const auto all = static_cast<double>(sizes.at("outer") * sizes.at("from") * sizes.at("inner"));
  return {(backward ? some + all : 2 * some) * bytes_each(dtype) + 8 * some, backward ? some : 0};
}

}  // namespace

KernelExample gather() {
  return {.family = "gather",
          .sizes = {{"outer", 8}, {"from", 16}, {"picked", 4}, {"inner", 32}},
          .ladder = {{{"outer", 1024}, {"from", 64}, {"picked", 16}, {"inner", 256}}},
          .work = work,
          .calls = calls};
}

}  // namespace heddle::examples
