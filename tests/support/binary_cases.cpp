#include <string>
#include <utility>

#include "autograd/ops.h"
#include "tests/support/cases.h"
#include "tests/support/samples.h"

namespace heddle {
namespace {

using BinaryFunction = Variable (*)(const Variable&, const Variable&, Where);
using LeafMaker = Variable (*)(const Shape&, std::uint64_t);

Variable around_zero(const Shape& shape, std::uint64_t seed) { return leaf(shape, seed); }
Variable positive(const Shape& shape, std::uint64_t seed) { return leaf(shape, seed, 0.5, 2.5); }
/// No element of the second is near one of the first.
Variable odd_tenths(const Shape& shape, std::uint64_t seed) {
  return Variable((leaf_of_distinct(shape, seed) + 0.05).value(), true);
}

OperationCase binary_case(const char* name, BinaryFunction f, LeafMaker make_a, LeafMaker make_b,
                          const DifferentiableFunction& reference = nullptr) {
  OperationCase row{.name = name, .operations = {name}, .examples = {}, .wrong_calls = {}};
  const std::vector<std::pair<Shape, Shape>> shapes = {
      {{3, 4}, {3, 4}}, {{3, 1}, {1, 4}}, {{4}, {2, 3, 4}}, {{2, 3}, {}},
      {{}, {}},         {{0, 3}, {3}},    {{1}, {1, 1}},    {{2, 1, 3}, {2, 1}}};
  std::uint64_t seed = 1;
  for (const auto& [a, b] : shapes) {
    row.examples.push_back(
        {to_string(a) + " and " + to_string(b),
         [f](const Variables& in) -> Variables { return {f(in[0], in[1], Where::current())}; },
         {make_a(a, seed), make_b(b, seed + 1)},
         reference});
    seed += 2;
  }
  row.examples.push_back(
      {"an operand with itself",
       [f](const Variables& in) -> Variables { return {f(in[0], in[0] + 0.01, Where::current())}; },
       {positive({2, 2}, seed)}});
  row.examples.push_back(without_differences(
      {"larger",
       [f](const Variables& in) -> Variables { return {f(in[0], in[1], Where::current())}; },
       {make_a({7, 1, 61}, seed + 1), make_b({9, 61}, seed + 2)},
       reference}));
  const std::string prefix = std::string(name) + ": ";
  row.wrong_calls = {
      {prefix,
       [f] {
         f(zeros_of({2, 3}), zeros_of({2, 4}), Where::current());
       }},
      {"[2, 3]",
       [f] {
         f(zeros_of({2, 3}), zeros_of({2, 4}), Where::current());
       }},
      {prefix + "operands of type f32 and f64",
       [f] { f(zeros_of({2}), zeros_of({2}, DType::f64), Where::current()); }},
      {prefix + "operands of type f32 and i64",
       [f] { f(zeros_of({2}), zeros_of({2}, DType::i64), Where::current()); }},
      {prefix + "got type bool",
       [f] { f(zeros_of({2}, DType::boolean), zeros_of({2}, DType::boolean), Where::current()); }}};
  return row;
}

}  // namespace

std::vector<OperationCase> binary_cases() {
  std::vector<OperationCase> rows;
  rows.push_back(binary_case("add", add, around_zero, around_zero,
                             [](const Variables& in) -> Variables { return {in[0] - (-in[1])}; }));
  rows.push_back(binary_case("subtract", subtract, around_zero, around_zero,
                             [](const Variables& in) -> Variables { return {in[0] + (-in[1])}; }));
  rows.push_back(binary_case("multiply", multiply, around_zero, around_zero));
  rows.push_back(
      binary_case("divide", divide, around_zero, positive,
                  [](const Variables& in) -> Variables { return {in[0] * reciprocal(in[1])}; }));
  rows.push_back(
      binary_case("power", power, positive, around_zero,
                  [](const Variables& in) -> Variables { return {exp(in[1] * log(in[0]))}; }));
  rows.back().examples.push_back(
      {"a negative base, whole exponents",
       [](const Variables& in) -> Variables {
         return {power(in[0], variable_beside(numbers({3}, 1, 2.0, 2.0), in[0]))};
       },
       {Variable(numbers({2, 3}, 2, -2.0, -0.5), true)},
       [](const Variables& in) -> Variables { return {in[0] * in[0]}; }});
  rows.push_back(binary_case("minimum", minimum, leaf_of_distinct, odd_tenths,
                             [](const Variables& in) -> Variables {
                               return {(in[0] + in[1] - absolute(in[0] - in[1])) * 0.5};
                             }));
  rows.push_back(binary_case("maximum", maximum, leaf_of_distinct, odd_tenths,
                             [](const Variables& in) -> Variables {
                               return {(in[0] + in[1] + absolute(in[0] - in[1])) * 0.5};
                             }));

  const Tensor mask = booleans({true, false, true, false, false, true}, {2, 3});
  const auto select_by = [](const Tensor& condition) -> DifferentiableFunction {
    return [condition](const Variables& in) -> Variables {
      return {where(beside(condition, in[0]), in[0], in[1])};
    };
  };
  rows.push_back(
      {.name = "where",
       .operations = {"where"},
       .examples = {{"same shapes",
                     select_by(mask),
                     {leaf({2, 3}, 1), leaf({2, 3}, 2)},
                     [mask](const Variables& in) -> Variables {
                       const Variable taken(beside(mask, in[0]).to(in[0].dtype()));
                       return {taken * in[0] + (1.0 - taken) * in[1]};
                     }},
                    {"broadcast sides", select_by(mask), {leaf({3}, 3), leaf({}, 4)}},
                    {"broadcast condition",
                     select_by(mask.slice(1, 0, 1)),
                     {leaf({2, 3}, 5), leaf({4, 1, 3}, 6)}},
                    {"strided condition",
                     select_by(mask.transpose(0, 1)),
                     {leaf({3, 2}, 7), leaf({2}, 8)}},
                    {"empty", select_by(mask.slice(0, 1, 1)), {leaf({0, 3}, 9), leaf({3}, 10)}}},
       .wrong_calls = {
           {"where: condition is f32; expected a bool tensor",
            [] { where(Tensor::zeros({2}), zeros_of({2}), zeros_of({2})); }},
           {"where: condition is not given", [] { where(Tensor(), zeros_of({2}), zeros_of({2})); }},
           {"where: ", [mask] { where(mask, zeros_of({2}), zeros_of({2})); }},
           {"where: operands of type f32 and f64",
            [mask] { where(mask, zeros_of({3}), zeros_of({3}, DType::f64)); }}}});
  return rows;
}

}  // namespace heddle
