// Cross-entropy of logits and class numbers.

#include "autograd/ops.h"
#include "bench/operation.h"

namespace heddle::bench {
namespace {

Case cross_entropy_case(std::int64_t rows, std::int64_t classes, bool backward) {
  const auto elements = static_cast<double>(rows * classes);
  return case_of({
      .sizes = {{"rows", rows}, {"classes", classes}},
      .backward = backward,
      .bytes = 4 * elements * (backward ? 3 : 1),
      .operations = elements * (backward ? 8 : 4),
      .function =
          [](const Variables& inputs) { return cross_entropy(inputs[0], inputs[1].value()); },
      .inputs =
          [=] {
            return std::vector<Tensor>{drawn({rows, classes}, 1, 3.0),
                                       drawn_ids({rows}, classes, 2)};
          },
  });
}

}  // namespace

const std::string_view family = "cross_entropy";

std::vector<Case> cases(Device /*device*/) {
  std::vector<Case> all;
  for (const bool backward : {false, true}) {
    all.push_back(cross_entropy_case(64, 2, backward));
    all.push_back(cross_entropy_case(3200, 1000, backward));
  }
  return all;
}

}  // namespace heddle::bench
