// Functions of single elements, in and out of the caches.

#include "autograd/ops.h"
#include "bench/operation.h"

namespace heddle::bench {
namespace {

using Function = Variable (*)(const Variable&, Where);

struct Named {
  const char* name;
  Function function;
  double operations;  // of an element, forward
};

Case elementwise_case(const Named& what, std::int64_t elements, bool backward) {
  const auto count = static_cast<double>(elements);
  return case_of({
      .sizes = {{"elements", elements}},
      .backward = backward,
      // x → y; backward x or y, and dy → dx.
      .bytes = 4 * count * (backward ? 5 : 2),
      .operations = what.operations * count * (backward ? 2 : 1),
      .function = [run = what.function](
                      const Variables& inputs) { return run(inputs[0], Where::current()); },
      .inputs = [=] { return std::vector<Tensor>{drawn({elements}, 1, 3.0)}; },
      .name = heddle::concat(what.name, ", elements ", elements),
      .torch_sizes = {{"function", what.name}, {"elements", elements}},
  });
}

Case add_case(std::int64_t elements, bool backward) {
  const auto count = static_cast<double>(elements);
  return case_of({
      .sizes = {{"elements", elements}},
      .backward = backward,
      .bytes = 4 * count * (backward ? 6 : 3),
      .operations = count,
      .function = [](const Variables& inputs) { return add(inputs[0], inputs[1]); },
      .inputs =
          [=] {
            return std::vector<Tensor>{drawn({elements}, 1), drawn({elements}, 2)};
          },
      .name = heddle::concat("add, elements ", elements),
      .torch_sizes = {{"function", "add"}, {"elements", elements}},
  });
}

}  // namespace

const std::string_view family = "elementwise";

std::vector<Case> cases(Device /*device*/) {
  const std::vector<Named> functions = {{"tanh", tanh, 1},
                                        {"sigmoid", sigmoid, 3},
                                        {"exp", exp, 1},
                                        {"gelu", gelu, 4},
                                        {"relu", relu, 1}};
  std::vector<Case> all;
  for (const std::int64_t elements : {std::int64_t{16} << 10, std::int64_t{4} << 20}) {
    for (const bool backward : {false, true}) {
      all.push_back(add_case(elements, backward));
      for (const Named& function : functions) {
        all.push_back(elementwise_case(function, elements, backward));
      }
    }
  }
  return all;
}

}  // namespace heddle::bench
