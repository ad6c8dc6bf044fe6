#include <utility>

#include "autograd/ops.h"
#include "autograd/ops/references.h"
#include "tests/support/cases.h"
#include "tests/support/samples.h"

namespace heddle {
namespace {

Variables products(const Variables& in) { return {matmul(in[0], in[1])}; }
/// The same by broadcast multiplication and a sum.
Variables products_by_sums(const Variables& in) {
  const Shape& a = in[0].shape();
  const Shape& b = in[1].shape();
  return {sum(reshape(in[0], a.inserted(a.rank(), 1)) * reshape(in[1], b.inserted(b.rank() - 2, 1)),
              {-2})};
}

Variable third_or_none(const Variables& in) { return in.size() > 2 ? in[2] : Variable(); }

OperationCase linear_case() {
  const DifferentiableFunction call = [](const Variables& in) -> Variables {
    return {linear(in[0], in[1], third_or_none(in))};
  };
  const DifferentiableFunction reference = [](const Variables& in) -> Variables {
    return {linear_reference({in[0], in[1], third_or_none(in)})};
  };
  return {.name = "linear",
          .operations = {"linear"},
          .examples =
              {{"matrix", call, {leaf({4, 3}, 1), leaf({2, 3}, 2), leaf({2}, 3)}, reference},
               {"sequence", call, {leaf({2, 3, 2}, 4), leaf({3, 2}, 5), leaf({3}, 6)}, reference},
               without_differences(
                   {"larger",
                    call,
                    {leaf({63, 37}, 21, -0.3, 0.3), leaf({45, 37}, 22, -0.3, 0.3), leaf({45}, 23)},
                    reference}),
               {"vector", call, {leaf({3}, 7), leaf({2, 3}, 8), leaf({2}, 9)}, reference},
               {"no bias", call, {leaf({2, 3}, 10), leaf({4, 3}, 11)}, reference},
               {"no rows", call, {leaf({0, 3}, 12), leaf({2, 3}, 13), leaf({2}, 14)}, reference},
               {"no inputs", call, {leaf({2, 0}, 15), leaf({3, 0}, 16), leaf({3}, 17)}, reference}},
          .wrong_calls = {{"linear: x is [4, 3] but weight is [2, 4]; expected weight [out, 3]",
                           [] {
                             linear(zeros_of({4, 3}), zeros_of({2, 4}), {});
                           }},
                          {"linear: weight is [2, 3] but bias is [3]; expected [2]",
                           [] {
                             linear(zeros_of({4, 3}), zeros_of({2, 3}), zeros_of({3}));
                           }},
                          {"linear: x is a single value",
                           [] {
                             linear(zeros_of({}), zeros_of({2, 3}), {});
                           }},
                          {"linear: operands of type f32 and f64", [] {
                             linear(zeros_of({4, 3}), zeros_of({2, 3}, DType::f64), {});
                           }}}};
}

OperationCase linear_tanh_case() {
  const DifferentiableFunction call = [](const Variables& in) -> Variables {
    return {linear_tanh(in[0], in[1], third_or_none(in))};
  };
  const DifferentiableFunction reference = [](const Variables& in) -> Variables {
    return {linear_tanh_reference({in[0], in[1], third_or_none(in)})};
  };
  return {
      .name = "linear_tanh",
      .operations = {"linear_tanh"},
      .examples =
          {{"matrix", call, {leaf({4, 3}, 1), leaf({2, 3}, 2), leaf({2}, 3)}, reference},
           {"a bias per sample",
            call,
            {leaf({3, 2, 2}, 4), leaf({3, 2}, 5), leaf({2, 3}, 6)},
            reference},
           {"one bias for a sequence",
            call,
            {leaf({3, 2, 2}, 7), leaf({3, 2}, 8), leaf({3}, 9)},
            reference},
           without_differences(
               {"larger",
                call,
                {leaf({7, 9, 37}, 21, -0.3, 0.3), leaf({45, 37}, 22, -0.3, 0.3), leaf({9, 45}, 23)},
                reference}),
           {"vector", call, {leaf({3}, 10), leaf({2, 3}, 11), leaf({2}, 12)}, reference},
           {"no bias", call, {leaf({2, 3}, 13), leaf({5, 3}, 14)}, reference},
           {"a bias per row",
            call,
            {leaf({2, 3}, 15), leaf({4, 3}, 16), leaf({2, 4}, 17)},
            reference},
           {"no rows", call, {leaf({0, 2, 3}, 18), leaf({2, 3}, 19), leaf({2, 2}, 20)}, reference}},
      .wrong_calls = {{"linear_tanh: x is [5, 4, 3] but weight is [2, 4]; expected weight [out, 3]",
                       [] {
                         linear_tanh(zeros_of({5, 4, 3}), zeros_of({2, 4}), {});
                       }},
                      {"but bias is [5, 2]; expected [2] or [groups, 2]",
                       [] {
                         linear_tanh(zeros_of({5, 4, 3}), zeros_of({2, 3}), zeros_of({5, 2}));
                       }},
                      {"linear_tanh: operands of type", [] {
                         linear_tanh(zeros_of({4, 3}), zeros_of({2, 3}, DType::f64), {});
                       }}}};
}

OperationCase bias_activation_case() {
  const auto example = [](const char* name, Activation activation, Variables leaves, int dim) {
    return Example{
        name,
        [activation, dim](const Variables& in) -> Variables {
          return {bias_activation(in[0], in[1], activation, dim)};
        },
        std::move(leaves),
        [activation, dim](const Variables& in) -> Variables {
          return {bias_activation_reference(in, activation, dim < 0 ? dim + in[0].rank() : dim)};
        }};
  };
  // Away from relu's kink: |x| is at least 0.2 and |bias| at most 0.15.
  const auto small = [](std::int64_t size, std::uint64_t seed) {
    return leaf({size}, seed, -0.15, 0.15);
  };
  return {
      .name = "bias_activation",
      .operations = {"bias_activation"},
      .examples = {example("relu", Activation::relu, {leaf_away_from_zero({4, 3}, 1), small(3, 2)},
                           -1),
                   example("relu over channels", Activation::relu,
                           {leaf_away_from_zero({2, 3, 2, 2}, 3), small(3, 4)}, 1),
                   example("gelu", Activation::gelu, {leaf({4, 3}, 5), leaf({3}, 6)}, -1),
                   example("gelu over channels", Activation::gelu,
                           {leaf({2, 3, 4}, 7), leaf({3}, 8)}, 1),
                   example("sigmoid", Activation::sigmoid, {leaf({2, 3, 2}, 9), leaf({2}, 10)}, -1),
                   example("tanh", Activation::tanh, {leaf({4, 3}, 11), leaf({4}, 12)}, 0),
                   example("vector", Activation::tanh, {leaf({5}, 13), leaf({5}, 14)}, -1),
                   example("no rows", Activation::gelu, {leaf({0, 3}, 15), leaf({3}, 16)}, -1),
                   without_differences(example("larger", Activation::gelu,
                                               {leaf({70, 133}, 17), leaf({133}, 18)}, -1)),
                   without_differences(example("larger pictures", Activation::relu,
                                               {leaf({3, 5, 9, 17}, 19), leaf({5}, 20)}, 1))},
      .wrong_calls = {
          {"bias_activation: x is [4, 3] but bias is [4]; expected [3] along dimension 1",
           [] {
             bias_activation(zeros_of({4, 3}), zeros_of({4}), Activation::relu);
           }},
          {"bias_activation: x is [4, 3] but bias is not given; expected [4] along dimension 0",
           [] {
             bias_activation(zeros_of({4, 3}), {}, Activation::relu, 0);
           }},
          {"bias_activation: x is a single value",
           [] { bias_activation(zeros_of({}), zeros_of({1}), Activation::tanh); }},
          {"bias_activation: operands of type f32 and f64", [] {
             bias_activation(zeros_of({4, 3}), zeros_of({3}, DType::f64), Activation::relu);
           }}}};
}

}  // namespace

std::vector<OperationCase> product_cases() {
  return {
      {.name = "matmul",
       .operations = {"matmul"},
       .examples =
           {{"matrices", products, {leaf({2, 3}, 1), leaf({3, 4}, 2)}, products_by_sums},
            {"batch", products, {leaf({2, 2, 3}, 3), leaf({2, 3, 2}, 4)}, products_by_sums},
            {"batch times matrix",
             products,
             {leaf({2, 2, 3}, 5), leaf({3, 2}, 6)},
             products_by_sums},
            {"matrix times batch",
             products,
             {leaf({2, 3}, 7), leaf({2, 3, 2}, 8)},
             products_by_sums},
            {"broadcast both ways",
             products,
             {leaf({2, 1, 1, 2}, 9), leaf({1, 2, 2, 2}, 10)},
             products_by_sums},
            {"inner size 0", products, {leaf({2, 0}, 11), leaf({0, 2}, 12)}, products_by_sums},
            {"no rows", products, {leaf({0, 2}, 13), leaf({2, 2}, 14)}, products_by_sums},
            {"empty batch", products, {leaf({0, 2, 2}, 15), leaf({2, 2}, 16)}, products_by_sums},
            {"1 by 1", products, {leaf({1, 1}, 17), leaf({1, 1}, 18)}, products_by_sums},
            without_differences({"larger",
                                 products,
                                 {leaf({2, 37, 65}, 21, -0.3, 0.3), leaf({65, 41}, 22, -0.3, 0.3)},
                                 products_by_sums}),
            {"transposed",
             [](const Variables& in) -> Variables {
               return {matmul(transpose(in[0], 0, 1), transpose(in[1], 0, 1))};
             },
             {leaf({3, 2}, 19), leaf({2, 3}, 20)}}},
       .wrong_calls = {{"matmul: a is [2, 3] but b is [4, 2]; expected b [.., 3, n]",
                        [] {
                          matmul(zeros_of({2, 3}), zeros_of({4, 2}));
                        }},
                       {"matmul: got [3] and [3, 2]; expected at least two dimensions",
                        [] {
                          matmul(zeros_of({3}), zeros_of({3, 2}));
                        }},
                       {"matmul: ",
                        [] {
                          matmul(zeros_of({2, 2, 2}), zeros_of({3, 2, 2}));
                        }},
                       {"matmul: got type i64",
                        [] {
                          matmul(zeros_of({2, 2}, DType::i64), zeros_of({2, 2}, DType::i64));
                        }}}},
      linear_case(),
      linear_tanh_case(),
      bias_activation_case(),
  };
}

}  // namespace heddle
