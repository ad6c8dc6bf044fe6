#include <cmath>

#include "autograd/ops.h"
#include "autograd/ops/references.h"
#include "tests/support/cases.h"
#include "tests/support/samples.h"

namespace heddle {
namespace {

/// eˣ / Σ eˣ by plain exp and sum.
Variable plain_softmax(const Variable& x) {
  const Variable e = exp(x);
  return e / sum(e, {-1}, true);
}

OperationCase softmax_case() {
  const auto over = [](const Tensor& lengths) -> DifferentiableFunction {
    return [lengths](const Variables& in) -> Variables {
      return {softmax(in[0], beside(lengths, in[0]))};
    };
  };
  const DifferentiableFunction plain = [](const Variables& in) -> Variables {
    return {plain_softmax(in[0])};
  };
  const Tensor lengths = integers({3, 0, 1}, {3});
  const Tensor visible =
      booleans({true, true, true, false, false, false, true, false, false}, {3, 3});
  return {.name = "softmax",
          .operations = {"softmax"},
          .examples = {{"matrix", over({}), {leaf({3, 4}, 1)}, plain},
                       {"vector", over({}), {leaf({5}, 2)}, plain},
                       without_differences({"larger", over({}), {leaf({70, 133}, 8)}, plain}),
                       {"lengths",
                        over(lengths),
                        {leaf({3, 3}, 3)},
                        [visible](const Variables& in) -> Variables {
                          const Variable zero = variable_beside(Tensor::scalar(0.0), in[0]);
                          const Variable e = where(beside(visible, in[0]), exp(in[0]), zero);
                          const Variable total = sum(e, {-1}, true);
                          const Variable tiny =
                              variable_beside(Tensor::scalar(1e-300, DType::f64), in[0]);
                          return {e / maximum(total, tiny)};
                        }},
                       {"lengths of three dimensions",
                        over(integers({2, 1, 0, 2}, {2, 2})),
                        {leaf({2, 2, 2}, 4)}},
                       {"one column", over({}), {leaf({3, 1}, 5)}},
                       {"no columns", over({}), {leaf({2, 0}, 6)}},
                       {"no rows", over({}), {leaf({0, 3}, 7)}}},
          .wrong_calls = {{"softmax: lengths is [2] i64; expected [3] i64",
                           [] {
                             softmax(zeros_of({3, 4}), integers({1, 2}, {2}));
                           }},
                          {"softmax: lengths is [3] f32; expected [3] i64",
                           [] {
                             softmax(zeros_of({3, 4}), Tensor::zeros({3}));
                           }},
                          {"softmax: length 5 in row 1; expected 0 to 4",
                           [] {
                             softmax(zeros_of({3, 4}), integers({1, 5, 2}, {3}));
                           }},
                          {"softmax: length -1 in row 0",
                           [] {
                             softmax(zeros_of({1, 4}), integers({-1}, {1}));
                           }},
                          {"softmax: x is a single value", [] { softmax(zeros_of({})); }}}};
}

OperationCase log_softmax_case() {
  const Tensor lengths = integers({3, 0, 2}, {3});
  const Tensor visible =
      booleans({true, true, true, false, false, false, true, true, false}, {3, 3});
  const DifferentiableFunction call = [](const Variables& in) -> Variables {
    return {log_softmax(in[0])};
  };
  return {.name = "log_softmax",
          .operations = {"log_softmax"},
          .examples = {{"matrix",
                        call,
                        {leaf({3, 4}, 1)},
                        [](const Variables& in) -> Variables {
                          return {in[0] - logsumexp(in[0], {-1}, true)};
                        }},
                       {"three dimensions", call, {leaf({2, 2, 3}, 2)}},
                       {"the visible part of lengths",
                        [lengths, visible](const Variables& in) -> Variables {
                          return {where(beside(visible, in[0]),
                                        log_softmax(in[0], beside(lengths, in[0])),
                                        variable_beside(Tensor::scalar(0.0), in[0]))};
                        },
                        {leaf({3, 3}, 3)}},
                       {"no rows", call, {leaf({0, 3}, 4)}}},
          .wrong_calls = {
              {"log_softmax: lengths is [2] i64; expected [3] i64",
               [] {
                 log_softmax(zeros_of({3, 4}), integers({1, 2}, {2}));
               }},
              {"log_softmax: got type i64", [] { log_softmax(zeros_of({3}, DType::i64)); }}}};
}

OperationCase attention_pool_case() {
  const auto over = [](const Tensor& lengths) -> DifferentiableFunction {
    return [lengths](const Variables& in) -> Variables {
      const Pooled found = attention_pool(in[0], in[1], beside(lengths, in[0]));
      return {found.values, found.weights};
    };
  };
  const auto reference = [](const Tensor& lengths) -> DifferentiableFunction {
    return [lengths](const Variables& in) {
      return attention_pool_reference({in[0], in[1], variable_beside(lengths, in[0])});
    };
  };
  const Tensor lengths = integers({4, 0, 2}, {3});
  return {
      .name = "attention_pool",
      .operations = {"attention_pool"},
      .examples =
          {{"all times", over({}), {leaf({3, 2, 4}, 1), leaf({4}, 2)}, reference({})},
           {"lengths", over(lengths), {leaf({4, 3, 2}, 3), leaf({2}, 4)}, reference(lengths)},
           {"weights alone",
            [](const Variables& in) -> Variables { return {attention_pool(in[0], in[1]).weights}; },
            {leaf({3, 2, 2}, 5), leaf({2}, 6)}},
           {"values alone",
            [](const Variables& in) -> Variables { return {attention_pool(in[0], in[1]).values}; },
            {leaf({3, 2, 2}, 7), leaf({2}, 8)}},
           {"one step", over({}), {leaf({1, 2, 3}, 9), leaf({3}, 10)}, reference({})},
           without_differences({"larger",
                                over(integers({37, 0, 20}, {3})),
                                {leaf({37, 3, 70}, 15, -0.2, 0.2), leaf({70}, 16)},
                                reference(integers({37, 0, 20}, {3}))}),
           {"no time", over({}), {leaf({0, 2, 3}, 11), leaf({3}, 12)}},
           {"no batch", over({}), {leaf({2, 0, 3}, 13), leaf({3}, 14)}}},
      .wrong_calls = {{"attention_pool: u is [2, 3]; expected [time, batch, hidden]",
                       [] {
                         attention_pool(zeros_of({2, 3}), zeros_of({3}));
                       }},
                      {"attention_pool: u is [5, 2, 3] but w is [2]; expected w [3]",
                       [] {
                         attention_pool(zeros_of({5, 2, 3}), zeros_of({2}));
                       }},
                      {"attention_pool: length 6 in row 0; expected 0 to 5", [] {
                         attention_pool(zeros_of({5, 2, 3}), zeros_of({3}), integers({6, 1}, {2}));
                       }}}};
}

struct AttentionSetup {
  Tensor lengths = {};
  Tensor mask = {};
  bool causal = false;
  double scale = 0.0;
};

Example attention_example(const char* name, const AttentionSetup& setup, const Shape& q,
                          const Shape& k, const Shape& v) {
  const auto call = [setup](const Variables& in) -> Variables {
    return {attention(in[0], in[1], in[2], beside(setup.lengths, in[0]), beside(setup.mask, in[0]),
                      setup.causal, setup.scale)};
  };
  const auto reference = [setup](const Variables& in) -> Variables {
    const double usual = 1.0 / std::sqrt(static_cast<double>(in[0].size(3)));
    Tensor mask;
    if (setup.mask.defined()) {
      mask = setup.mask.expand({in[0].size(0), in[0].size(1), in[0].size(2), in[1].size(2)});
    }
    return {attention_reference(
        {in[0], in[1], in[2], variable_beside(setup.lengths, in[0]), variable_beside(mask, in[0])},
        {.scale = setup.scale == 0.0 ? usual : setup.scale, .causal = setup.causal})};
  };
  return {name, call, {leaf(q, 1), leaf(k, 2), leaf(v, 3)}, reference};
}

OperationCase attention_case() {
  const Tensor mask = booleans({true, false, true, true, true, false}, {2, 3});
  const Tensor blind = booleans({true, false, true, false, false, false}, {2, 3});
  const Variable q = zeros_of({2, 1, 4, 3});
  const Variable k = zeros_of({2, 1, 5, 3});
  return {.name = "attention",
          .operations = {"attention"},
          .examples = {attention_example("plain", {}, {2, 2, 2, 2}, {2, 2, 3, 2}, {2, 2, 3, 2}),
                       attention_example("value width of its own", {.scale = 0.7}, {1, 2, 2, 3},
                                         {1, 2, 2, 3}, {1, 2, 2, 1}),
                       attention_example("causal", {.causal = true}, {1, 1, 3, 2}, {1, 1, 3, 2},
                                         {1, 1, 3, 2}),
                       attention_example("causal, fewer queries", {.causal = true}, {1, 1, 2, 2},
                                         {1, 1, 4, 2}, {1, 1, 4, 2}),
                       attention_example("causal, more queries than keys", {.causal = true},
                                         {1, 1, 4, 2}, {1, 1, 2, 2}, {1, 1, 2, 2}),
                       attention_example("lengths", {.lengths = integers({2, 0}, {2})},
                                         {2, 1, 2, 2}, {2, 1, 3, 2}, {2, 1, 3, 2}),
                       attention_example("mask for all", {.mask = mask}, {2, 1, 2, 2}, {2, 1, 3, 2},
                                         {2, 1, 3, 2}),
                       attention_example("a query that sees nothing",
                                         {.lengths = integers({3, 1}, {2}), .mask = blind},
                                         {2, 1, 2, 2}, {2, 1, 3, 2}, {2, 1, 3, 2}),
                       without_differences(attention_example(
                           "larger", {.lengths = integers({37, 20}, {2}), .causal = true},
                           {2, 3, 33, 17}, {2, 3, 37, 17}, {2, 3, 37, 9})),
                       attention_example("no keys", {}, {1, 1, 2, 2}, {1, 1, 0, 2}, {1, 1, 0, 2}),
                       attention_example("no batch", {}, {0, 1, 2, 2}, {0, 1, 2, 2}, {0, 1, 2, 2})},
          .wrong_calls = {
              {"attention: q is [2, 1, 4, 3] but k is [2, 2, 5, 3]; expected k [2, 1, keys, 3]",
               [q] {
                 attention(q, zeros_of({2, 2, 5, 3}), zeros_of({2, 2, 5, 3}));
               }},
              {"attention: k is [2, 1, 5, 3] but v is [2, 1, 4, 3]",
               [q, k] {
                 attention(q, k, zeros_of({2, 1, 4, 3}));
               }},
              {"attention: q, k, v are [2], [2], [2]",
               [] { attention(zeros_of({2}), zeros_of({2}), zeros_of({2})); }},
              {"attention: mask: shapes [2, 3] and [2, 1, 4, 5] do not broadcast",
               [q, k, mask] { attention(q, k, k, {}, mask); }},
              {"attention: mask is [4, 5] f32 on cpu; expected bool on cpu that broadcasts to [2, "
               "1, 4, 5]",
               [q, k] {
                 attention(q, k, k, {}, Tensor::zeros({4, 5}));
               }},
              {"attention: length 6 in row 1", [q, k] {
                 attention(q, k, k, integers({5, 6}, {2}));
               }}}};
}

}  // namespace

std::vector<OperationCase> attention_cases() {
  return {softmax_case(), log_softmax_case(), attention_pool_case(), attention_case()};
}

}  // namespace heddle
