#include "autograd/ops.h"
#include "autograd/ops/references.h"
#include "tests/support/cases.h"
#include "tests/support/samples.h"

namespace heddle {
namespace {

OperationCase layer_norm_case() {
  const DifferentiableFunction call = [](const Variables& in) -> Variables {
    return {layer_norm(in[0], in[1], in[2])};
  };
  const DifferentiableFunction reference = [](const Variables& in) -> Variables {
    return {layer_norm_reference(in, 1e-5)};
  };
  return {
      .name = "layer_norm",
      .operations = {"layer_norm"},
      .examples = {{"matrix", call, {leaf({3, 4}, 1), leaf({4}, 2), leaf({4}, 3)}, reference},
                   {"sequence", call, {leaf({2, 2, 3}, 4), leaf({3}, 5), leaf({3}, 6)}, reference},
                   {"vector", call, {leaf({5}, 7), leaf({5}, 8), leaf({5}, 9)}, reference},
                   without_differences({"larger",
                                        call,
                                        {leaf({70, 133}, 16), leaf({133}, 17), leaf({133}, 18)},
                                        reference}),
                   {"one column",
                    [](const Variables& in) -> Variables {
                      return {layer_norm(in[0], in[1], in[2], 0.5)};
                    },
                    {leaf({2, 1}, 10), leaf({1}, 11), leaf({1}, 12)}},
                   {"no rows", call, {leaf({0, 3}, 13), leaf({3}, 14), leaf({3}, 15)}, reference}},
      .wrong_calls = {{"layer_norm: x is [2, 3] but scale is [2] and shift [3]; expected [3] both",
                       [] {
                         layer_norm(zeros_of({2, 3}), zeros_of({2}), zeros_of({3}));
                       }},
                      {"layer_norm: x is [2, 0]; expected [.., cols] with at least one column",
                       [] {
                         layer_norm(zeros_of({2, 0}), zeros_of({0}), zeros_of({0}));
                       }},
                      {"layer_norm: epsilon is -1", [] {
                         layer_norm(zeros_of({2, 3}), zeros_of({3}), zeros_of({3}), -1.0);
                       }}}};
}

OperationCase dropout_case() {
  const DifferentiableFunction call = [](const Variables& in) -> Variables {
    Generator generator(7);
    return {square(dropout(in[0], 0.4, generator))};
  };
  return {.name = "dropout",
          .operations = {"dropout"},
          .examples = {{"matrix",
                        call,
                        {leaf({4, 5}, 1)},
                        [](const Variables& in) -> Variables {
                          Generator generator(7);
                          const Tensor ones = Tensor::full(in[0].shape(), 1.0);
                          const Variable mask =
                              dropout(variable_beside(ones, in[0]), 0.4, generator);
                          return {square(in[0] * mask)};
                        }},
                       {"a second draw",
                        [](const Variables& in) -> Variables {
                          Generator generator(7);
                          const Variable once = dropout(in[0], 0.5, generator);
                          return {once * dropout(in[0], 0.5, generator)};
                        },
                        {leaf({9}, 2)}},
                       {"empty", call, {leaf({0, 3}, 3)}}},
          .wrong_calls = {{"dropout: p is 1; expected 0 ≤ p < 1",
                           [] {
                             Generator generator(1);
                             dropout(zeros_of({2}), 1.0, generator);
                           }},
                          {"dropout: p is -0.5", [] {
                             Generator generator(1);
                             dropout(zeros_of({2}), -0.5, generator);
                           }}}};
}

/// checkpoint is no mathematics, but it is an operation on the tape.
OperationCase checkpoint_case() {
  const auto body = [](const Variables& in) -> Variables {
    return {tanh(in[0] * in[1]), square(in[0])};
  };
  return {.name = "checkpoint",
          .operations = {"checkpoint"},
          .examples = {{"two outputs",
                        [body](const Variables& in) { return checkpoint(body, in); },
                        {leaf({2, 3}, 1), leaf({3}, 2)},
                        body}},
          .wrong_calls = {}};
}

}  // namespace

std::vector<OperationCase> regularisation_cases() {
  return {layer_norm_case(), dropout_case(), checkpoint_case()};
}

}  // namespace heddle
