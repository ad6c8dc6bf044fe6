// Sums over rows, columns and everything.

#include "autograd/ops.h"
#include "bench/operation.h"

namespace heddle::bench {
namespace {

Case sum_case(int dim, std::int64_t rows, std::int64_t cols) {
  const auto elements = static_cast<double>(rows * cols);
  return case_of({
      .sizes = {{"rows", rows}, {"cols", cols}, {"dim", dim}},
      .bytes = 4 * elements,
      .operations = elements,
      .function =
          [dim](const Variables& inputs) {
            return dim < 0 ? sum(inputs[0]) : sum(inputs[0], {dim});
          },
      .inputs =
          [=] {
            return std::vector<Tensor>{drawn({rows, cols}, 1)};
          },
  });
}

}  // namespace

const std::string_view family = "reduce";

std::vector<Case> cases(Device /*device*/) {
  return {sum_case(0, 3200, 512), sum_case(1, 3200, 512), sum_case(-1, 8192, 512)};
}

}  // namespace heddle::bench
