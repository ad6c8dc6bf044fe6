// Layer normalisation over the last dimension.

#include "autograd/ops.h"
#include "bench/operation.h"

namespace heddle::bench {
namespace {

Case layer_norm_case(std::int64_t rows, std::int64_t cols, bool backward) {
  const auto elements = static_cast<double>(rows * cols);
  return case_of({
      .sizes = {{"rows", rows}, {"cols", cols}},
      .backward = backward,
      .bytes = 4 * elements * (backward ? 5 : 2),
      .operations = elements * (backward ? 19 : 8),
      .function =
          [](const Variables& inputs) { return layer_norm(inputs[0], inputs[1], inputs[2]); },
      .inputs =
          [=] {
            return std::vector<Tensor>{drawn({rows, cols}, 1), drawn({cols}, 2), drawn({cols}, 3)};
          },
  });
}

}  // namespace

const std::string_view family = "layer_norm";

std::vector<Case> cases(Device /*device*/) {
  return {layer_norm_case(3200, 512, false), layer_norm_case(3200, 512, true)};
}

}  // namespace heddle::bench
