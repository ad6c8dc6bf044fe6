#include "kernels/examples/parts.h"

namespace heddle::examples {
namespace {

struct Tensors {
  Stream& stream;
  Tensor a, b, out;
};

/// out [m, n] = a [m, k] · b [k, n]; with transposed = 1, b is stored [n, k], as a layer's weight.
std::vector<ExampleCall> calls(const Sizes& sizes, DType dtype, Device device) {
  const std::int64_t m = sizes.at("m");
  const std::int64_t n = sizes.at("n");
  const std::int64_t k = sizes.at("k");
  const Tensor b = sizes.at("transposed") != 0 ? drawn({1, n, k}, dtype, device, 3).transpose(1, 2)
                                               : drawn({1, k, n}, dtype, device, 3);
  const auto tensors =
      std::make_shared<Tensors>(Tensors{current_stream(device), drawn({1, m, k}, dtype, device), b,
                                        Tensor::empty({1, m, n}, dtype, device)});
  return calls_of<MatmulKernels, Tensors>(
      HEDDLE_VERSIONS(matmul, device), tensors,
      [](const MatmulKernels& t) { return t.multiply != nullptr; }, nullptr,
      [](const MatmulKernels& t, Tensors& on) {
        t.multiply(on.stream, on.a.view(), on.b.view(), false, on.out.output_view());
      },
      nullptr);
}

Work work(const Sizes& sizes, DType dtype, bool /*backward*/) {
  const auto m = static_cast<double>(sizes.at("m"));
  const auto n = static_cast<double>(sizes.at("n"));
  const auto k = static_cast<double>(sizes.at("k"));
  return {(m * k + k * n + m * n) * bytes_each(dtype), 2 * m * n * k};
}

}  // namespace

KernelExample matmul() {
  const auto sizes = [](std::int64_t m, std::int64_t n, std::int64_t k) {
    return Sizes{{"m", m}, {"n", n}, {"k", k}, {"transposed", 1}};
  };
  return {.family = "matmul",
          .sizes = sizes(64, 64, 64),
          .ladder = {sizes(64, 128, 2048), sizes(3200, 1024, 300), sizes(1024, 1024, 1024),
                     sizes(4096, 4096, 4096)},
          .work = work,
          .calls = calls};
}

}  // namespace heddle::examples
