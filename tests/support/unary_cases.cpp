#include "autograd/ops.h"
#include "autograd/ops/adjoints.h"
#include "tests/support/cases.h"
#include "tests/support/samples.h"

namespace heddle {
namespace {

using UnaryFunction = Variable (*)(const Variable&, Where);

/// Examples of one shape each; `make` draws the leaf.
template <typename Make>
OperationCase unary_case(const char* name, UnaryFunction f, const Make& make,
                         const std::function<Variable(const Variable&)>& reference = nullptr) {
  OperationCase row{.name = name, .operations = {name}, .examples = {}, .wrong_calls = {}};
  const DifferentiableFunction call = [f](const Variables& in) -> Variables {
    return {f(in[0], Where::current())};
  };
  DifferentiableFunction composed;
  if (reference) {
    composed = [reference](const Variables& in) -> Variables { return {reference(in[0])}; };
  }
  std::uint64_t seed = 1;
  for (const Shape& shape : {Shape{3, 5}, Shape{}, Shape{1}, Shape{2, 0, 3}, Shape{2, 3, 2}}) {
    row.examples.push_back({to_string(shape), call, {make(shape, seed++)}, composed});
  }
  row.examples.push_back(without_differences({"larger", call, {make({37, 61}, seed)}, composed}));
  row.wrong_calls.push_back({std::string(name) + ": got type i64, expected f32 or f64",
                             [f] { f(zeros_of({2}, DType::i64), Where::current()); }});
  return row;
}

Variable around_zero(const Shape& shape, std::uint64_t seed) { return leaf(shape, seed); }
Variable positive(const Shape& shape, std::uint64_t seed) { return leaf(shape, seed, 0.5, 2.5); }

}  // namespace

std::vector<OperationCase> unary_cases() {
  std::vector<OperationCase> rows;
  rows.push_back(unary_case("negate", negate, around_zero));
  rows.push_back(unary_case("absolute", absolute, leaf_away_from_zero,
                            [](const Variable& x) { return maximum(x, -x); }));
  rows.push_back(unary_case("exp", exp, around_zero));
  rows.push_back(unary_case("log", log, positive));
  rows.push_back(
      unary_case("sqrt", sqrt, positive, [](const Variable& x) { return exp(log(x) * 0.5); }));
  rows.push_back(
      unary_case("square", square, around_zero, [](const Variable& x) { return x * x; }));
  rows.push_back(unary_case("reciprocal", reciprocal, positive,
                            [](const Variable& x) { return exp(-log(x)); }));
  rows.push_back(unary_case("tanh", tanh, around_zero, [](const Variable& x) {
    return 1.0 - 2.0 * reciprocal(exp(2.0 * x) + 1.0);
  }));
  rows.push_back(unary_case("sigmoid", sigmoid, around_zero,
                            [](const Variable& x) { return reciprocal(exp(-x) + 1.0); }));
  rows.push_back(unary_case("relu", relu, leaf_away_from_zero,
                            [](const Variable& x) { return (x + absolute(x)) * 0.5; }));
  rows.push_back(unary_case("gelu", gelu, around_zero));
  rows.push_back(unary_case("softplus", softplus, around_zero,
                            [](const Variable& x) { return log(exp(x) + 1.0); }));

  OperationCase slope = unary_case("gelu_slope", gelu_slope, around_zero);
  slope.wrong_calls.clear();
  rows.push_back(slope);

  rows.push_back(
      {.name = "affine",
       .operations = {"affine"},
       .examples = {{"matrix",
                     [](const Variables& in) -> Variables { return {affine(in[0], -2.5, 0.75)}; },
                     {leaf({3, 4}, 1)},
                     [](const Variables& in) -> Variables {
                       return {Variable(beside(Tensor::scalar(0.75), in[0])) -
                               in[0] * Variable(beside(Tensor::scalar(2.5), in[0]))};
                     }},
                    {"single value",
                     [](const Variables& in) -> Variables { return {3.0 - in[0]}; },
                     {leaf({}, 2)}},
                    {"empty",
                     [](const Variables& in) -> Variables { return {in[0] / 3.0}; },
                     {leaf({0, 2}, 3)}}},
       .wrong_calls = {
           {"affine: got type i64", [] { affine(zeros_of({2}, DType::i64), 1.0, 0.0); }}}});

  rows.push_back({.name = "cast",
                  .operations = {"cast"},
                  .examples = {{.name = "through f32 and back",
                                .function = [](const Variables& in) -> Variables {
                                  // The rounding to f32 is not differentiable; its residue is taken
                                  // away.
                                  const Variable rounded =
                                      cast(cast(in[0], DType::f32), in[0].dtype());
                                  return {rounded + (in[0] - rounded).detach()};
                                },
                                .inputs = {leaf({2, 3}, 1)},
                                .second_order = false}},
                  .wrong_calls = {{"cast: to i64 is not differentiable",
                                   [] { cast(zeros_of({2}), DType::i64); }}}});
  return rows;
}

}  // namespace heddle
