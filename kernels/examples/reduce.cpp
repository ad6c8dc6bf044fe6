#include "kernels/examples/parts.h"

namespace heddle::examples {
namespace {

struct Tensors {
  Stream& stream;
  Tensor x, out;
};

/// Sums along rows (inner = 1), columns (outer = 1), or of everything (both 1).
std::vector<ExampleCall> calls(const Sizes& sizes, DType dtype, Device device) {
  const std::int64_t outer = sizes.at("outer");
  const std::int64_t inner = sizes.at("inner");
  const auto tensors = std::make_shared<Tensors>(
      Tensors{current_stream(device), drawn({outer, sizes.at("n"), inner}, dtype, device),
              Tensor::empty({outer, inner}, dtype, device)});
  return calls_of<ReduceKernels, Tensors>(
      HEDDLE_VERSIONS(reduce, device), tensors,
      [](const ReduceKernels& t) { return t.reduce != nullptr; }, nullptr,
      [](const ReduceKernels& t, Tensors& on) {
        t.reduce(on.stream, ReduceOp::sum, on.x.view(), on.out.output_view());
      },
      nullptr);
}

Work work(const Sizes& sizes, DType dtype, bool /*backward*/) {
  const auto results = static_cast<double>(sizes.at("outer") * sizes.at("inner"));
  const double elements = results * static_cast<double>(sizes.at("n"));
  return {(elements + results) * bytes_each(dtype), elements};
}

}  // namespace

KernelExample reduce() {
  const auto sizes = [](std::int64_t outer, std::int64_t n, std::int64_t inner) {
    return Sizes{{"outer", outer}, {"n", n}, {"inner", inner}};
  };
  return {.family = "reduce",
          .sizes = sizes(16, 256, 1),
          .ladder = {sizes(8192, 512, 1), sizes(1, 8192, 512), sizes(1, 1 << 24, 1)},
          .work = work,
          .calls = calls};
}

}  // namespace heddle::examples
