// tanh(x weightᵀ + bias), fused.

#include "autograd/ops.h"
#include "bench/gpu/opponents.h"
#include "bench/operation.h"

namespace heddle::bench {
namespace {

Case linear_tanh_case(std::int64_t rows, std::int64_t in, std::int64_t out, bool backward) {
  const auto m = static_cast<double>(rows);
  const auto k = static_cast<double>(in);
  const auto n = static_cast<double>(out);
  return case_of({
      .sizes = {{"rows", rows}, {"in", in}, {"out", out}},
      .backward = backward,
      // x, weight → y; backward x, weight, y, dy → dx, dweight.
      .bytes = 4 * (m * k + k * n + m * n + (backward ? 2 * m * k + 2 * k * n + 2 * m * n : 0)),
      .operations = 2 * m * k * n * (backward ? 3 : 1),
      .function =
          [](const Variables& inputs) { return linear_tanh(inputs[0], inputs[1], inputs[2]); },
      .inputs =
          [=] {
            return std::vector<Tensor>{drawn({rows, in}, 1), drawn({out, in}, 2, 0.1),
                                       drawn({out}, 3, 0.1)};
          },
      .opponents =
          [](const std::shared_ptr<Operation>& ours, const Setting& setting) {
            std::vector<Contender> all = cudnn_linear_tanhs(ours, setting);
            for (Contender& cublas : cublas_linear_tanhs(ours, setting)) {
              all.push_back(std::move(cublas));
            }
            return all;
          },
  });
}

}  // namespace

const std::string_view family = "linear_tanh";

std::vector<Case> cases(Device device) {
  std::vector<Case> all;
  if (device.backend == Backend::cuda) {
    const auto both = [&all](std::int64_t rows, std::int64_t in, std::int64_t out) {
      all.push_back(linear_tanh_case(rows, in, out, false));
      all.push_back(linear_tanh_case(rows, in, out, true));
    };
    both(64, 384, 128);
    both(64, 2048, 128);
    // The large ones take the host longest, whose result in double all are held to.
    for (const std::int64_t width : {512, 128, 1024, 2048}) {
      for (const std::int64_t rows : {64, 512, 2048, 8192}) {
        both(rows, width, width);
      }
    }
    return all;
  }
  for (const bool backward : {false, true}) {
    all.push_back(linear_tanh_case(64, 384, 128, backward));
    all.push_back(linear_tanh_case(3200, 512, 512, backward));
    all.push_back(linear_tanh_case(8192, 512, 512, backward));
  }
  return all;
}

}  // namespace heddle::bench
