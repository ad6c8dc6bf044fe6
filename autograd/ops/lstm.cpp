// One LSTM layer over a sequence, in one direction or both (d = 0 forward, 1 reverse):
//   i, f, o = σ(z), g = tanh(z) with z_t = weight_input x_t + weight_hidden h_{t−1} + bias
//   c_t = f c_{t−1} + i g,  h_t = o tanh c_t
// T time, B batch, I input, H hidden, D directions:  x [T, B, I], weight_input [D, 4H, I],
// weight_hidden [D, 4H, H], bias [D, 4H], lengths [B], h0 and c0 [D, B, H] → y [T, B, D·H], h_n and
// c_n [D, B, H]. Saved: y, the gates after their nonlinearity, and the cells c_t.
// The backward pass is derived in docs/autograd.md. Hochreiter & Schmidhuber 1997; Gers et al.
// 2000.

#include "kernels/lstm.h"

#include <utility>
#include <vector>

#include "autograd/ops.h"
#include "autograd/ops/operands.h"
#include "autograd/ops/references.h"

namespace heddle {
namespace {

/// The inputs as contiguous tensors that outlive the kernel call; some may be undefined.
struct LstmOperands {
  Tensor x, weight_input, weight_hidden, bias, lengths, h0, c0;

  LstmInputs views() const {
    return {x.view(),
            weight_input.view(),
            weight_hidden.view(),
            optional_view(bias),
            optional_view(lengths),
            optional_view(h0),
            optional_view(c0)};
  }
};

LstmOperands operands_of(const Variables& inputs) {
  const auto dense = [&](std::size_t i) { return optional_contiguous(optional_value(inputs[i])); };
  return {dense(0), dense(1), dense(2), dense(3), dense(4), dense(5), dense(6)};
}

void check_shapes(const Variable& x, const Variable& weight_input, const Variable& weight_hidden,
                  const Variable& bias, const Variable& h0, const Variable& c0) {
  check(x.rank() == 3, "lstm: x is ", x.shape(), "; expected [time, batch, input]");
  check_floating("lstm", x.value());
  check(weight_input.rank() == 3 && (weight_input.size(0) == 1 || weight_input.size(0) == 2) &&
            weight_input.size(1) % 4 == 0 && weight_input.size(2) == x.size(2),
        "lstm: x is ", x.shape(), " but weight_input is ", weight_input.shape(),
        "; expected [1 or 2 directions, 4·hidden, ", x.size(2), "]");
  const std::int64_t directions = weight_input.size(0);
  const std::int64_t hidden = weight_input.size(1) / 4;
  check(weight_hidden.shape() == Shape{directions, 4 * hidden, hidden}, "lstm: weight_input is ",
        weight_input.shape(), " but weight_hidden is ", weight_hidden.shape(), "; expected ",
        Shape{directions, 4 * hidden, hidden});
  const auto expect = [](const char* what, const Variable& given, const Shape& shape) {
    check(!given.defined() || given.shape() == shape, "lstm: ", what, " is ",
          given.defined() ? given.shape() : shape, "; expected ", shape);
  };
  expect("bias", bias, {directions, 4 * hidden});
  expect("h0", h0, {directions, x.size(1), hidden});
  expect("c0", c0, {directions, x.size(1), hidden});
}

}  // namespace

LstmResult lstm(const Variable& x, const Variable& weight_input, const Variable& weight_hidden,
                const Variable& bias, const Tensor& lengths, const Variable& h0, const Variable& c0,
                Where where) {
  check_shapes(x, weight_input, weight_hidden, bias, h0, c0);
  const Variable limits =
      optional_variable(checked_lengths("lstm", lengths, {x.size(1)}, x.size(0), x.value()));
  const Variables inputs = {x, weight_input, weight_hidden, bias, limits, h0, c0};
  Operation op("lstm", inputs, where);

  const LstmOperands operands = operands_of(inputs);
  const std::int64_t time = x.size(0);
  const std::int64_t batch = x.size(1);
  const std::int64_t directions = weight_input.size(0);
  const std::int64_t hidden = weight_hidden.size(2);
  const auto empty = [&](const Shape& shape) {
    return Tensor::empty(shape, x.dtype(), x.device());
  };
  const Tensor y = empty({time, batch, directions * hidden});
  const Tensor h_n = empty({directions, batch, hidden});
  const Tensor c_n = empty({directions, batch, hidden});
  const Tensor gates = empty({directions, time, batch, 4 * hidden});
  const Tensor cells = empty({directions, time, batch, hidden});
  kernels_of(y).lstm.forward(stream_of(y), operands.views(),
                             {y.output_view(), h_n.output_view(), c_n.output_view(),
                              gates.output_view(), cells.output_view()});

  std::vector<Saved> saved;
  for (const Variable& input : inputs) {
    saved.push_back(op.save(input));
  }
  const Variables results = op.finish(
      {y, h_n, c_n},
      [gates, cells, saved = std::move(saved),
       y = op.save_output(y)](const BackwardCall& call) -> Variables {
        Variables again;
        for (const Saved& input : saved) {
          again.push_back(call.get(input));
        }
        const LstmOperands given = operands_of(again);
        const Tensor result = call.value(y);
        const Tensor dy = call.doutput_or_zeros(0).value().contiguous();
        const Tensor dh_n = optional_contiguous(optional_value(call.doutput(1)));
        const Tensor dc_n = optional_contiguous(optional_value(call.doutput(2)));
        std::vector<Tensor> gradients;
        for (int i = 0; i < 7; ++i) {
          const Variable& input = again[static_cast<std::size_t>(i)];
          gradients.push_back(call.wanted(i) ? Tensor::empty_like(input.value()) : Tensor());
        }
        kernels_of(dy).lstm.backward(
            stream_of(dy), given.views(), {result.view(), gates.view(), cells.view()},
            {dy.view(), optional_view(dh_n), optional_view(dc_n)},
            {optional_output(gradients[0]), optional_output(gradients[1]),
             optional_output(gradients[2]), optional_output(gradients[3]),
             optional_output(gradients[5]), optional_output(gradients[6])});
        Variables dinputs;
        for (const Tensor& gradient : gradients) {
          dinputs.push_back(optional_variable(gradient));
        }
        return dinputs;
      },
      lstm_reference);
  return {results[0], results[1], results[2]};
}

}  // namespace heddle
