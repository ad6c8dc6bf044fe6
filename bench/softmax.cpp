// Softmax over rows, warm and cold.

#include "autograd/ops.h"
#include "bench/gpu/opponents.h"
#include "bench/operation.h"

namespace heddle::bench {
namespace {

Case softmax_case(std::int64_t rows, std::int64_t cols, bool backward, bool cold) {
  const auto elements = static_cast<double>(rows * cols);
  return case_of({
      .sizes = {{"rows", rows}, {"cols", cols}},
      .backward = backward,
      .cold = cold,
      // x → y; backward y, dy → dx.
      .bytes = 4 * elements * (backward ? 5 : 2),
      .operations = elements * (backward ? 8 : 4),
      .function = [](const Variables& inputs) { return softmax(inputs[0]); },
      .inputs =
          [=] {
            return std::vector<Tensor>{drawn({rows, cols}, 1, 4.0)};
          },
      .opponents = cudnn_softmaxes,
  });
}

}  // namespace

const std::string_view family = "softmax";

std::vector<Case> cases(Device device) {
  std::vector<Case> all;
  if (device.backend == Backend::cuda) {
    for (const std::int64_t cols : {512, 1024, 64, 1025, 4096, 32768}) {
      for (const bool backward : {false, true}) {
        all.push_back(softmax_case(8192, cols, backward, false));
      }
    }
    return all;
  }
  for (const bool backward : {false, true}) {
    for (const std::int64_t cols : {64, 512, 4096}) {
      all.push_back(softmax_case(8192, cols, backward, false));
    }
    all.push_back(softmax_case(8192, 512, backward, true));
  }
  return all;
}

}  // namespace heddle::bench
