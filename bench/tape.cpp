// What one operation costs beside its arithmetic: a sum of two tensors of one element.

#include "autograd/tape.h"

#include "autograd/ops.h"
#include "bench/operation.h"
#include "bench/torch.h"

namespace heddle::bench {
namespace {

constexpr std::int64_t chain = 100;

/// 100 sums in a row; times are of one of them.
Case chain_case(std::int64_t elements, bool backward) {
  const Sizes sizes{{"elements", elements}};
  Case what;
  what.name = heddle::concat("a chain of ", chain, " sums of ", elements,
                             elements == 1 ? " element" : " elements");
  what.direction = backward ? "forward+backward" : "forward";
  what.bytes = static_cast<double>(elements) * 4 * (backward ? 4 : 3);
  what.operations = static_cast<double>(elements);
  what.contenders = [=, direction = what.direction](const Setting& setting) {
    const auto ours = std::make_shared<Operation>(
        [](const Variables& in) {
          Variable x = in[0];
          for (std::int64_t i = 0; i < chain; ++i) {
            x = x + in[1];
          }
          return sum(x);
        },
        std::vector<Tensor>{drawn({elements}, 1), drawn({elements}, 2)}, backward, setting,
        std::vector<std::size_t>{1});
    std::vector<Contender> all{contender_of(ours, setting)};
    all.front().calls = chain;
    for (Contender& torch : torch_contenders({"micro", sizes, direction}, setting)) {
      all.push_back(std::move(torch));
    }
    return all;
  };
  return what;
}

}  // namespace

const std::string_view family = "tape";

std::vector<Case> cases(Device /*device*/) {
  return {chain_case(1, false), chain_case(1, true), chain_case(8192, false),
          chain_case(8192, true)};
}

}  // namespace heddle::bench
