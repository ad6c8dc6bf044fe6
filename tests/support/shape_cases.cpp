#include "autograd/ops.h"
#include "autograd/ops/adjoints.h"
#include "tests/support/cases.h"
#include "tests/support/samples.h"

namespace heddle {
namespace {

/// Views are followed by square, so that second derivatives are not all 0.
template <typename F>
DifferentiableFunction squared(F f) {
  return [f](const Variables& in) -> Variables { return {square(f(in[0]))}; };
}

OperationCase concat_case() {
  const auto along = [](int dim) -> DifferentiableFunction {
    return [dim](const Variables& in) -> Variables { return {square(concat(in, dim))}; };
  };
  return {.name = "concat",
          .operations = {"concat"},
          .examples = {{"first", along(0), {leaf({2, 3}, 1), leaf({1, 3}, 2), leaf({3, 3}, 3)}},
                       {"last", along(-1), {leaf({2, 2, 1}, 4), leaf({2, 2, 2}, 5)}},
                       {"with an empty part", along(0), {leaf({0, 2}, 6), leaf({2, 2}, 7)}},
                       {"one part", along(0), {leaf({3}, 8)}}},
          .wrong_calls = {{"concat: got no parts", [] { concat(Variables{}, 0); }},
                          {"concat: part 0 is [2, 3] but part 1 is [2, 4]",
                           [] {
                             concat({zeros_of({2, 3}), zeros_of({2, 4})}, 0);
                           }},
                          {"concat: part 0 is f32",
                           [] {
                             concat({zeros_of({2}), zeros_of({2}, DType::i64)}, 0);
                           }},
                          {"concat", [] { concat({zeros_of({2})}, 1); }}}};
}

OperationCase stack_case() {
  return {.name = "stack",
          .operations = {"concat"},
          .examples = {{"first",
                        [](const Variables& in) -> Variables { return {square(stack(in, 0))}; },
                        {leaf({2, 3}, 1), leaf({2, 3}, 2)}},
                       {"last",
                        [](const Variables& in) -> Variables { return {stack(in, -1)}; },
                        {leaf({2}, 3), leaf({2}, 4), leaf({2}, 5)},
                        [](const Variables& in) -> Variables {
                          return {transpose(stack(in, 0), 0, 1)};
                        }},
                       {"single values",
                        [](const Variables& in) -> Variables { return {stack(in, 0)}; },
                        {leaf({}, 6), leaf({}, 7)}}},
          .wrong_calls = {{"stack: got no parts", [] { stack(Variables{}, 0); }},
                          {"stack: parts are [2] and [3]", [] {
                             stack({zeros_of({2}), zeros_of({3})}, 0);
                           }}}};
}

OperationCase slice_case() {
  const auto take = [](int dim, std::int64_t begin, std::int64_t end, std::int64_t step) {
    return squared([=](const Variable& x) { return slice(x, dim, begin, end, step); });
  };
  return {.name = "slice",
          .operations = {"slice"},
          .examples = {{"rows", take(0, 1, 3, 1), {leaf({4, 3}, 1)}},
                       {"every second", take(1, 0, Tensor::end, 2), {leaf({2, 5}, 2)}},
                       {"from the end", take(-1, -3, -1, 1), {leaf({2, 4}, 3)}},
                       {"step beyond the end", take(0, 1, Tensor::end, 7), {leaf({4}, 4)}},
                       {"nothing", take(0, 2, 2, 1), {leaf({4, 2}, 5)}}},
          .wrong_calls = {{"slice: begin is 5", [] { slice(zeros_of({4}), 0, 5); }},
                          {"slice: got step 0", [] { slice(zeros_of({4}), 0, 0, 4, 0); }},
                          {"slice", [] { slice(zeros_of({}), 0, 0); }}}};
}

OperationCase place_slice_case() {
  return {.name = "place_slice",
          .operations = {"place_slice"},
          .examples = {{"with step",
                        squared([](const Variable& x) {
                          return place_slice(x, {2, 5}, 1, 1, 2);
                        }),
                        {leaf({2, 2}, 1)}},
                       {"nothing",
                        squared([](const Variable& x) { return place_slice(x, {3}, 0, 3, 1); }),
                        {leaf({0}, 2)}}},
          .wrong_calls = {{"place_slice: x is [3], which has no place in [4] from 2",
                           [] { place_slice(zeros_of({3}), {4}, 0, 2, 1); }}}};
}

}  // namespace

std::vector<OperationCase> shape_cases() {
  std::vector<OperationCase> rows;
  rows.push_back({.name = "reshape",
                  .operations = {"reshape"},
                  .examples = {{"to a vector",
                                squared([](const Variable& x) { return reshape(x, {-1}); }),
                                {leaf({2, 3}, 1)}},
                               {"to more dimensions",
                                squared([](const Variable& x) {
                                  return reshape(x, {3, 1, 2, 2});
                                }),
                                {leaf({4, 3}, 2)}},
                               {"empty",
                                squared([](const Variable& x) {
                                  return reshape(x, {5, 0});
                                }),
                                {leaf({0, 2}, 3)}},
                               {"single value",
                                squared([](const Variable& x) {
                                  return reshape(x, {1, 1});
                                }),
                                {leaf({}, 4)}}},
                  .wrong_calls = {{"reshape: [2, 3] has 6 elements but [4] has 4",
                                   [] {
                                     reshape(zeros_of({2, 3}), {4});
                                   }},
                                  {"reshape: [-1, -1] has more than one -1", [] {
                                     reshape(zeros_of({2, 3}), {-1, -1});
                                   }}}});
  rows.push_back({.name = "permute",
                  .operations = {"permute"},
                  .examples = {{"three",
                                squared([](const Variable& x) {
                                  return permute(x, {2, 0, 1});
                                }),
                                {leaf({2, 3, 2}, 1)}},
                               {"from the end",
                                squared([](const Variable& x) {
                                  return permute(x, {-1, 0});
                                }),
                                {leaf({2, 3}, 2)}},
                               {"empty",
                                squared([](const Variable& x) {
                                  return permute(x, {1, 0});
                                }),
                                {leaf({0, 2}, 3)}},
                               {"transpose",
                                squared([](const Variable& x) { return transpose(x, -1, 0); }),
                                {leaf({2, 2, 3}, 4)},
                                squared([](const Variable& x) {
                                  return permute(x, {2, 1, 0});
                                })}},
                  .wrong_calls = {{"permute: order [0] has 1 entries but the tensor is [2, 3]",
                                   [] {
                                     permute(zeros_of({2, 3}), {0});
                                   }},
                                  {"names dimension 1 twice",
                                   [] {
                                     permute(zeros_of({2, 3}), {1, -1});
                                   }},
                                  {"transpose", [] {
                                     transpose(zeros_of({2, 3}), 0, 2);
                                   }}}});
  rows.push_back(slice_case());
  rows.push_back(place_slice_case());
  rows.push_back({.name = "select",
                  .operations = {"select"},
                  .examples = {{"first",
                                squared([](const Variable& x) { return select(x, 0, 1); }),
                                {leaf({3, 2}, 1)}},
                               {"from the end",
                                squared([](const Variable& x) { return select(x, -1, -2); }),
                                {leaf({2, 3}, 2)}},
                               {"of a vector",
                                squared([](const Variable& x) { return select(x, 0, 2); }),
                                {leaf({3}, 3)}},
                               {"empty",
                                squared([](const Variable& x) { return select(x, 1, 0); }),
                                {leaf({0, 2}, 4)}}},
                  .wrong_calls = {{"select: got index 3 in dimension 0",
                                   [] { select(zeros_of({3}), 0, 3); }}}});
  rows.push_back({.name = "expand",
                  .operations = {"expand"},
                  .examples = {{"size 1",
                                squared([](const Variable& x) {
                                  return expand(x, {2, 3});
                                }),
                                {leaf({2, 1}, 1)}},
                               {"new leading",
                                squared([](const Variable& x) {
                                  return expand(x, {2, 2, 3});
                                }),
                                {leaf({3}, 2)}},
                               {"single value",
                                squared([](const Variable& x) {
                                  return expand(x, {2, 2});
                                }),
                                {leaf({}, 3)}},
                               {"to nothing",
                                squared([](const Variable& x) {
                                  return expand(x, {2, 0});
                                }),
                                {leaf({2, 1}, 4)}}},
                  .wrong_calls = {{"expand: [2, 3] cannot become [2, 4]", [] {
                                     expand(zeros_of({2, 3}), {2, 4});
                                   }}}});
  rows.push_back(concat_case());
  rows.push_back(stack_case());
  return rows;
}

}  // namespace heddle
