// lstm (lstm.cpp) as a loop over time, of matmul, sigmoid, tanh and where.

#include "autograd/ops.h"
#include "autograd/ops/operands.h"
#include "autograd/ops/references.h"

namespace heddle {
namespace {

struct State {
  Variable h;  // [batch, hidden]
  Variable c;
};

/// One step from all rows' state. z [batch, 4·hidden] holds the four gates before their
/// nonlinearity.
State next_state(const Variable& z, const Variable& c, std::int64_t hidden) {
  const auto gate = [&](int place) { return slice(z, 1, place * hidden, (place + 1) * hidden); };
  const Variable input = sigmoid(gate(0));
  const Variable forget = sigmoid(gate(1));
  const Variable candidate = tanh(gate(2));
  const Variable output = sigmoid(gate(3));
  const Variable next = forget * c + input * candidate;
  return {output * tanh(next), next};
}

/// The part `direction` of an optional state or bias, or zeros.
Variable part_or_zeros(const Variable& given, int direction, const Shape& shape,
                       const Variable& like) {
  return given.defined() ? select(given, 0, direction) : expand(constant(0.0, like), shape);
}

}  // namespace

Variables lstm_reference(const Variables& inputs) {
  const Variable& x = inputs[0];
  const Variable& weight_input = inputs[1];
  const Variable& weight_hidden = inputs[2];
  const Tensor lengths = optional_value(inputs[4]);
  const std::int64_t time = x.size(0);
  const std::int64_t batch = x.size(1);
  const std::int64_t hidden = weight_hidden.size(2);
  const Variable zero = constant(0.0, x);
  // Whether row b has a step t: [time, batch, 1].
  const Tensor present = lengths.defined()
                             ? within_lengths(lengths, time).transpose(0, 1).unsqueeze(2)
                             : Tensor::full({time, batch, 1}, 1.0, DType::boolean, x.device());

  Variables ys;
  Variables last_h;
  Variables last_c;
  for (int direction = 0; direction < weight_input.size(0); ++direction) {
    const Variable from_x = transpose(select(weight_input, 0, direction), 0, 1);
    const Variable from_h = transpose(select(weight_hidden, 0, direction), 0, 1);
    const Variable bias = part_or_zeros(inputs[3], direction, {4 * hidden}, x);
    State state{part_or_zeros(inputs[5], direction, {batch, hidden}, x),
                part_or_zeros(inputs[6], direction, {batch, hidden}, x)};
    Variables steps(static_cast<std::size_t>(time));
    for (std::int64_t step = 0; step < time; ++step) {
      const std::int64_t t = direction == 0 ? step : time - 1 - step;
      const Tensor goes_on = present.select(0, t);
      const Variable x_t = where(goes_on, select(x, 0, t), zero);
      const Variable z = matmul(x_t, from_x) + matmul(state.h, from_h) + bias;
      const State next = next_state(z, state.c, hidden);
      state = {where(goes_on, next.h, state.h), where(goes_on, next.c, state.c)};
      steps[static_cast<std::size_t>(t)] = where(goes_on, next.h, zero);
    }
    ys.push_back(time > 0 ? stack(steps, 0) : expand(zero, {0, batch, hidden}));
    last_h.push_back(state.h);
    last_c.push_back(state.c);
  }
  return {concat(ys, 2), stack(last_h, 0), stack(last_c, 0)};
}

}  // namespace heddle
