// Rows of a table, and the dense gradient of the table.

#include "autograd/ops.h"
#include "bench/operation.h"

namespace heddle::bench {
namespace {

Case embedding_case(std::int64_t rows, std::int64_t width, std::int64_t count, bool backward) {
  const auto taken = static_cast<double>(count * width);
  return case_of({
      .sizes = {{"vocabulary", rows}, {"width", width}, {"ids", count}},
      .backward = backward,
      // Backward writes the whole table once and adds the rows taken.
      .bytes = 4 * (2 * taken + (backward ? taken + static_cast<double>(rows * width) : 0)),
      .operations = backward ? taken : 0,
      .function = [](const Variables& inputs) { return embedding(inputs[0], inputs[1].value()); },
      .inputs =
          [=] {
            return std::vector<Tensor>{drawn({rows, width}, 1), drawn_ids({count}, rows, 2)};
          },
  });
}

}  // namespace

const std::string_view family = "embedding";

std::vector<Case> cases(Device /*device*/) {
  return {embedding_case(10'000, 300, 3200, false), embedding_case(10'000, 300, 3200, true)};
}

}  // namespace heddle::bench
