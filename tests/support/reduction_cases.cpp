#include <limits>
#include <string>

#include "autograd/ops.h"
#include "tests/support/cases.h"
#include "tests/support/samples.h"

namespace heddle {
namespace {

using Reducer = Variable (*)(const Variable&, Dims, bool, Where);

OperationCase reduction_case(const char* name, Reducer f,
                             const std::function<Variable(const Variable&)>& over_all) {
  OperationCase row{.name = name, .operations = {name}, .examples = {}, .wrong_calls = {}};
  const auto over = [f](Dims dims, bool keep) -> DifferentiableFunction {
    return [f, dims, keep](const Variables& in) -> Variables {
      return {f(in[0], dims, keep, Where::current())};
    };
  };
  const DifferentiableFunction whole = [over_all](const Variables& in) -> Variables {
    return {over_all(in[0])};
  };
  row.examples = {{"all", over({}, false), {leaf({3, 4}, 1)}, whole},
                  {"all, kept", over({}, true), {leaf({2, 2, 2}, 2)}},
                  {"single value", over({}, false), {leaf({}, 3)}, whole},
                  {"first", over({0}, false), {leaf({3, 4}, 4)}},
                  {"middle, kept", over({1}, true), {leaf({2, 3, 2}, 5)}},
                  {"last", over({-1}, false), {leaf({2, 3, 4}, 6)}},
                  {"two with a gap", over({2, 0}, false), {leaf({2, 3, 2, 2}, 7)}},
                  {"two side by side", over({0, 1}, true), {leaf({2, 3, 2}, 8)}},
                  {"size 1", over({1}, false), {leaf({3, 1}, 9)}},
                  {"many", over({0}, false), {leaf({150}, 10)}},
                  {"nothing left", over({0}, false), {leaf({3, 0}, 11)}}};
  row.examples.push_back(
      without_differences({"larger", over({0, 2}, false), {leaf({11, 37, 70}, 13)}}));
  Example nothing{"over nothing", over({1}, false), {leaf({2, 0}, 12)}};
  nothing.first_order = nothing.second_order = std::string(name) == "sum";
  row.examples.push_back(nothing);
  const std::string prefix = std::string(name) + ": ";
  row.wrong_calls = {{prefix + "got dimension 2 for shape [2, 3]",
                      [f] {
                        f(zeros_of({2, 3}), {2}, false, Where::current());
                      }},
                     {prefix + "dimension 1 is named twice",
                      [f] {
                        f(zeros_of({2, 3}), {1, -1}, false, Where::current());
                      }},
                     {prefix + "got type bool",
                      [f] { f(zeros_of({2}, DType::boolean), {}, false, Where::current()); }}};
  return row;
}

OperationCase extreme_case(const char* name, Variable (*f)(const Variable&, int, bool, Where)) {
  const auto along = [f](int dim, bool keep) -> DifferentiableFunction {
    return [f, dim, keep](const Variables& in) -> Variables {
      return {f(in[0], dim, keep, Where::current())};
    };
  };
  const std::string prefix = std::string(name) + ": ";
  return {.name = name,
          .operations = {name},
          .examples = {{"last", along(-1, false), {leaf_of_distinct({3, 4}, 1)}},
                       {"first, kept", along(0, true), {leaf_of_distinct({3, 4}, 2)}},
                       {"middle", along(1, false), {leaf_of_distinct({2, 3, 2}, 3)}},
                       {"size 1", along(0, false), {leaf_of_distinct({1, 2}, 4)}},
                       {"vector", along(0, false), {leaf_of_distinct({20}, 5)}},
                       {"nothing left", along(1, false), {leaf({0, 3}, 6)}}},
          .wrong_calls = {{prefix + "dimension 1 of shape [2, 0] has nothing in it",
                           [f] {
                             f(zeros_of({2, 0}), 1, false, Where::current());
                           }},
                          {name,
                           [f] {
                             f(zeros_of({2, 3}), 2, false, Where::current());
                           }},
                          {prefix + "got type i64",
                           [f] { f(zeros_of({2}, DType::i64), 0, false, Where::current()); }}}};
}

}  // namespace

std::vector<OperationCase> reduction_cases() {
  std::vector<OperationCase> rows;
  rows.push_back(reduction_case("sum", sum, [](const Variable& x) {
    const std::int64_t n = x.value().elements();
    const Variable ones = variable_beside(Tensor::full({n, 1}, 1.0), x);
    return reshape(matmul(reshape(x, {1, n}), ones), {});
  }));
  rows.push_back(reduction_case("mean", mean, [](const Variable& x) {
    return sum(x) / static_cast<double>(x.value().elements());
  }));
  rows.push_back(
      reduction_case("logsumexp", logsumexp, [](const Variable& x) { return log(sum(exp(x))); }));
  rows.push_back(extreme_case("max", max));
  rows.push_back(extreme_case("min", min));

  const auto down_to = [](const Shape& shape) -> DifferentiableFunction {
    return [shape](const Variables& in) -> Variables { return {sum_to(in[0], shape)}; };
  };
  rows.push_back({.name = "sum_to",
                  .operations = {"sum_to"},
                  .examples = {{"leading and inner", down_to({3, 1}), {leaf({2, 3, 4}, 1)}},
                               {"to a single value", down_to({}), {leaf({2, 3}, 2)}},
                               {"to row", down_to({4}), {leaf({3, 4}, 3)}},
                               {"leading 1", down_to({4}), {leaf({1, 4}, 4)}},
                               {"empty", down_to({1}), {leaf({2, 0}, 5)}}},
                  .wrong_calls = {{"sum_to: [3, 2] does not broadcast to x, which is [3, 4]",
                                   [] {
                                     sum_to(zeros_of({3, 4}), {3, 2});
                                   }},
                                  {"sum_to: [1, 3] does not broadcast to x, which is [3]", [] {
                                     sum_to(zeros_of({3}), {1, 3});
                                   }}}});
  return rows;
}

}  // namespace heddle
