// Matrix products at the shapes of the example training step and a few large ones.

#include <limits>

#include "bench/gpu/opponents.h"
#include "bench/operation.h"
#include "bench/peers/products.h"
#include "bench/torch.h"
#include "kernels/kernels.h"
#if defined(HEDDLE_HAS_CUDA)
#include "kernels/gpu/families.h"
#endif

namespace heddle::bench {
namespace {

enum class Transposed { none, left, right };

struct Product {
  std::int64_t m, k, n;
  Transposed transposed;
};

struct Factors {
  Tensor a, b, out;
  Tensor reference;       // in double, on the host
  Tensor wide_a, wide_b;  // a and b in f32
  double error() const { return relative_error(out, reference); }
  void poison() { out.fill_(std::numeric_limits<double>::quiet_NaN()); }
};

/// Row-major numbers of `type`, seen transposed or not.
Tensor factor(const Tensor& numbers, bool transposed, DType type, Device device) {
  const Tensor stored = numbers.to(type).to(device);
  return transposed ? stored.transpose(0, 1) : stored;
}

Factors factors_of(const Product& of, const Setting& setting) {
  const Device device = setting.device;
  const bool left = of.transposed == Transposed::left;
  const bool right = of.transposed == Transposed::right;
  // On a GPU the class bf16 is of data in bf16, as libraries have it; the host has none such.
  const DType type =
      setting.math == Math::bf16 && device.backend == Backend::cuda ? DType::bf16 : DType::f32;
  const Tensor left_numbers = drawn(left ? Shape{of.k, of.m} : Shape{of.m, of.k}, 1).to(type);
  const Tensor right_numbers = drawn(right ? Shape{of.n, of.k} : Shape{of.k, of.n}, 2).to(type);
  const Tensor a = factor(left_numbers, left, type, device);
  const Tensor b = factor(right_numbers, right, type, device);
  Tensor reference = Tensor::empty({1, of.m, of.n}, DType::f64);
  const Tensor exact_a = factor(left_numbers, left, DType::f64, {}).unsqueeze(0);
  const Tensor exact_b = factor(right_numbers, right, DType::f64, {}).unsqueeze(0);
  kernels_for({}).matmul.multiply(current_stream({}), exact_a.view(), exact_b.view(), false,
                                  reference.output_view());
  return {a,
          b,
          Tensor::empty({of.m, of.n}, type, device),
          reference.squeeze(0),
          factor(left_numbers, left, DType::f32, device),
          factor(right_numbers, right, DType::f32, device)};
}

Contender contender_of(const std::string& name, const std::shared_ptr<Factors>& factors,
                       std::function<void()> run, Math math) {
  return {.name = name,
          .math = std::string(name_of(math)),
          .run = std::move(run),
          .remote = {},
          .error = [factors] { return factors->error(); },
          .poison = [factors] { factors->poison(); },
          .absent = {}};
}

#if defined(HEDDLE_HAS_CUDA)
/// Our own kernels of the class asked for, where the default is cuBLAS.
std::vector<Contender> own_kernels(const std::shared_ptr<Factors>& factors,
                                   const Setting& setting) {
  if (setting.device.backend != Backend::cuda) {
    return {};
  }
  Stream& stream = current_stream(setting.device);
  const Tensor a = factors->a.unsqueeze(0);
  const Tensor b = factors->b.unsqueeze(0);
  const Tensor out = factors->out.unsqueeze(0);
  std::vector<Contender> all;
  for (const kernels::KernelVersion<MatmulKernels>& version :
       HEDDLE_VERSIONS(matmul, setting.device)) {
    const bool same_class = version.math == name_of(setting.math) ||
                            (version.math == "3xtf32" && setting.math == Math::f32);
    if (same_class && version.kernels.multiply != nullptr) {
      all.push_back(contender_of(
          heddle::concat("our kernel ", version.name), factors,
          [=, multiply = version.kernels.multiply, &stream] {
            multiply(stream, a.view(), b.view(), false, out.output_view());
          },
          setting.math));
    }
  }
  return all;
}
#endif

std::vector<Contender> contenders(const Product& of, const Sizes& sizes, const Setting& setting) {
  const auto factors = std::make_shared<Factors>(factors_of(of, setting));
  Stream& stream = current_stream(setting.device);
  const Tensor a = factors->a.unsqueeze(0);
  const Tensor b = factors->b.unsqueeze(0);
  const Tensor out = factors->out.unsqueeze(0);
  std::vector<Contender> all{contender_of(
      "heddle", factors,
      [=, &stream] {
        const MathScope math(setting.device, setting.math);
        kernels_for(setting.device)
            .matmul.multiply(stream, a.view(), b.view(), false, out.output_view());
      },
      setting.math)};
#if defined(HEDDLE_HAS_CUDA)
  for (Contender& version : own_kernels(factors, setting)) {
    all.push_back(std::move(version));
  }
#endif
  for (Contender& cublas :
       cublas_matmuls(factors->wide_a, factors->wide_b, factors->reference, setting)) {
    all.push_back(std::move(cublas));
  }
  if (setting.device.backend == Backend::cpu) {
    for (const ProductPeer& peer : product_peers()) {
      all.push_back(contender_of(
          peer.name, factors, peer.prepare(factors->a, factors->b, factors->out, setting.threads),
          Math::f32));
    }
  }
  for (Contender& torch : torch_contenders({std::string(family), sizes, "forward"}, setting)) {
    all.push_back(std::move(torch));
  }
  return all;
}

Case matmul_case(const Product& of) {
  const auto m = static_cast<double>(of.m);
  const auto k = static_cast<double>(of.k);
  const auto n = static_cast<double>(of.n);
  const Sizes sizes{{"m", of.m},
                    {"k", of.k},
                    {"n", of.n},
                    {"transpose_a", of.transposed == Transposed::left ? 1 : 0},
                    {"transpose_b", of.transposed == Transposed::right ? 1 : 0}};
  Case what;
  what.name = heddle::concat(of.m, " × ", of.k, " × ", of.n,
                             of.transposed == Transposed::left    ? ", left transposed"
                             : of.transposed == Transposed::right ? ", right transposed"
                                                                  : "");
  what.direction = "forward";
  what.bytes = 4 * (m * k + k * n + m * n);
  what.operations = 2 * m * k * n;
  what.contenders = [=](const Setting& setting) { return contenders(of, sizes, setting); };
  return what;
}

}  // namespace

const std::string_view family = "matmul";

std::vector<Case> cases(Device /*device*/) {
  std::vector<Case> all;
  for (const Product& product :
       {// Forward: linear layers have their weights as [out, in].
        Product{3200, 300, 512, Transposed::right}, Product{64, 128, 512, Transposed::right},
        Product{64, 2048, 128, Transposed::right}, Product{64, 384, 128, Transposed::right},
        Product{64, 256, 128, Transposed::right}, Product{64, 128, 2, Transposed::right},
        // Backward: dx and dweight.
        Product{3200, 512, 300, Transposed::none}, Product{512, 3200, 300, Transposed::left},
        Product{64, 512, 128, Transposed::none}, Product{512, 64, 128, Transposed::left},
        Product{64, 128, 384, Transposed::none}, Product{128, 64, 384, Transposed::left},
        Product{128, 64, 2048, Transposed::left},
        // Others.
        Product{256, 256, 256, Transposed::none}, Product{1024, 1024, 1024, Transposed::none},
        Product{8192, 512, 512, Transposed::right}}) {
    all.push_back(matmul_case(product));
  }
  return all;
}

}  // namespace heddle::bench
