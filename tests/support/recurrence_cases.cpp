#include "autograd/ops.h"
#include "autograd/ops/references.h"
#include "tests/support/cases.h"
#include "tests/support/samples.h"

namespace heddle {
namespace {

struct LstmSizes {
  std::int64_t time, batch, input, hidden, directions;
};

/// Operands in the order of the operation, with those not given left out.
Variables lstm_leaves(const LstmSizes& s, bool bias, bool states) {
  Variables leaves = {leaf({s.time, s.batch, s.input}, 1),
                      leaf({s.directions, 4 * s.hidden, s.input}, 2, -0.8, 0.8),
                      leaf({s.directions, 4 * s.hidden, s.hidden}, 3, -0.8, 0.8)};
  if (bias) {
    leaves.push_back(leaf({s.directions, 4 * s.hidden}, 4, -0.5, 0.5));
  }
  if (states) {
    leaves.push_back(leaf({s.directions, s.batch, s.hidden}, 5));
    leaves.push_back(leaf({s.directions, s.batch, s.hidden}, 6));
  }
  return leaves;
}

struct LstmExample {
  const char* name;
  LstmSizes sizes;
  bool bias;
  bool states;
  Tensor lengths;
};

Example lstm_example(const LstmExample& e) {
  const bool bias = e.bias;
  const bool states = e.states;
  const Tensor lengths = e.lengths;
  const auto all = [=](const Variables& in) -> Variables {
    const std::size_t first_state = bias ? 4 : 3;
    return {in[0],
            in[1],
            in[2],
            bias ? in[3] : Variable(),
            variable_beside(lengths, in[0]),
            states ? in[first_state] : Variable(),
            states ? in[first_state + 1] : Variable()};
  };
  return {e.name,
          [=](const Variables& in) -> Variables {
            const Variables given = all(in);
            const LstmResult found = lstm(given[0], given[1], given[2], given[3],
                                          beside(lengths, in[0]), given[5], given[6]);
            return {found.y, found.h_n, found.c_n};
          },
          lstm_leaves(e.sizes, bias, states),
          [=](const Variables& in) { return lstm_reference(all(in)); }};
}

}  // namespace

std::vector<OperationCase> recurrence_cases() {
  const LstmSizes small{.time = 3, .batch = 2, .input = 2, .hidden = 2, .directions = 1};
  const LstmSizes both{.time = 3, .batch = 3, .input = 1, .hidden = 2, .directions = 2};
  OperationCase row{.name = "lstm", .operations = {"lstm"}, .examples = {}, .wrong_calls = {}};
  for (const LstmExample& e : {LstmExample{"one direction", small, true, false, {}},
                               LstmExample{"no bias, given states", small, false, true, {}},
                               LstmExample{"both directions, lengths and states", both, true, true,
                                           integers({2, 0, 3}, {3})},
                               LstmExample{"one step", {1, 2, 1, 1, 2}, true, false, {}},
                               LstmExample{"no time", {0, 2, 2, 1, 2}, true, true, {}},
                               LstmExample{"no batch", {2, 0, 2, 1, 1}, true, false, {}}}) {
    row.examples.push_back(lstm_example(e));
  }
  row.examples.push_back(without_differences(
      lstm_example({"larger", {9, 5, 19, 21, 2}, true, true, integers({9, 4, 0, 7, 1}, {5})})));
  row.examples.push_back({"last states alone",
                          [](const Variables& in) -> Variables {
                            const LstmResult found = lstm(in[0], in[1], in[2], in[3]);
                            return {found.h_n * found.c_n};
                          },
                          lstm_leaves({2, 2, 1, 2, 2}, true, false)});
  const auto wrong = [](const Shape& weight_input, const Shape& weight_hidden, const Shape& bias,
                        const Shape& h0) {
    return [=] {
      lstm(zeros_of({5, 3, 2}), zeros_of(weight_input), zeros_of(weight_hidden), zeros_of(bias), {},
           zeros_of(h0));
    };
  };
  row.wrong_calls = {
      {"lstm: x is [5, 3, 2] but weight_input is [1, 16, 3]",
       wrong({1, 16, 3}, {1, 16, 4}, {1, 16}, {1, 3, 4})},
      {"expected [1 or 2 directions, 4·hidden, 2]",
       wrong({3, 16, 2}, {3, 16, 4}, {3, 16}, {3, 3, 4})},
      {"lstm: weight_input is [1, 16, 2] but weight_hidden is [1, 16, 3]; expected [1, 16, 4]",
       wrong({1, 16, 2}, {1, 16, 3}, {1, 16}, {1, 3, 4})},
      {"lstm: bias is [16]; expected [1, 16]", wrong({1, 16, 2}, {1, 16, 4}, {16}, {1, 3, 4})},
      {"lstm: h0 is [3, 4]; expected [1, 3, 4]", wrong({1, 16, 2}, {1, 16, 4}, {1, 16}, {3, 4})},
      {"lstm: length 6 in row 2; expected 0 to 5",
       [] {
         lstm(zeros_of({5, 3, 2}), zeros_of({1, 16, 2}), zeros_of({1, 16, 4}), {},
              integers({1, 2, 6}, {3}));
       }},
      {"lstm: x is [3, 2]; expected [time, batch, input]", [] {
         lstm(zeros_of({3, 2}), zeros_of({1, 16, 2}), zeros_of({1, 16, 4}), {});
       }}};
  return {row};
}

}  // namespace heddle
