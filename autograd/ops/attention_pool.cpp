// Additive attention that pools a sequence into one vector per row of the batch:
//   e[t, b] = w · u[t, b],  a[:, b] = softmax of e[:, b] over t < lengths[b],  pooled = Σ_t a[t]
//   u[t]
// u [time, batch, hidden], w [hidden], lengths [batch] → pooled [batch, hidden], a [time, batch].
// Backward, with g[t, b] = dpooled[b] · u[t, b] + da[t, b] and de = a (g − Σ_t a g):
//   du = a ⊗ dpooled + de ⊗ w,  dw = Σ de u
// Bahdanau et al., arXiv 1409.0473.

#include "autograd/ops.h"
#include "autograd/ops/operands.h"
#include "autograd/ops/references.h"

namespace heddle {
namespace {

void check_shapes(const Variable& u, const Variable& w) {
  check(u.rank() == 3, "attention_pool: u is ", u.shape(), "; expected [time, batch, hidden]");
  check(w.shape() == Shape{u.size(2)}, "attention_pool: u is ", u.shape(), " but w is ", w.shape(),
        "; expected w [", u.size(2), "]");
  check_floating("attention_pool", u.value());
}

}  // namespace

Pooled attention_pool(const Variable& u, const Variable& w, const Tensor& lengths, Where where) {
  check_shapes(u, w);
  const Variable limits = optional_variable(
      checked_lengths("attention_pool", lengths, {u.size(1)}, u.size(0), u.value()));
  Operation op("attention_pool", {u, w, limits}, where);
  const Tensor a = Tensor::empty({u.size(0), u.size(1)}, u.dtype(), u.device());
  const Tensor pooled = Tensor::empty({u.size(1), u.size(2)}, u.dtype(), u.device());
  kernels_of(a).attention_pool.forward(
      stream_of(a), u.value().contiguous().view(), w.value().contiguous().view(),
      optional_view(optional_value(limits)), a.output_view(), pooled.output_view());
  const Variables results = op.finish(
      {pooled, a},
      [u = op.save(u), w = op.save(w), limits = op.save(limits),
       a = op.save_output(a, 1)](const BackwardCall& call) -> Variables {
        const Tensor input = call.value(u).contiguous();
        const Tensor weight = call.value(w).contiguous();
        const Tensor dpooled = call.doutput_or_zeros(0).value().contiguous();
        const Tensor da = optional_contiguous(optional_value(call.doutput(1)));
        const Tensor du = Tensor::empty_like(input);
        const Tensor dw = Tensor::empty_like(weight);
        kernels_of(input).attention_pool.backward(
            stream_of(input), input.view(), weight.view(),
            optional_view(optional_value(call.get(limits))), call.value(a).view(), dpooled.view(),
            optional_view(da), du.output_view(), dw.output_view());
        return {Variable(du), Variable(dw), Variable()};
      },
      attention_pool_reference);
  return {results[0], results[1]};
}

Variables attention_pool_reference(const Variables& inputs) {
  const Variable& w = inputs[1];
  const Tensor lengths = optional_value(inputs[2]);
  const Variable sequences = transpose(inputs[0], 0, 1);  // [batch, time, hidden]
  const Shape batch_and_time = {sequences.size(0), sequences.size(1)};
  Variable u = sequences;
  if (lengths.defined()) {
    const Tensor visible = within_lengths(lengths, sequences.size(1)).unsqueeze(2);
    u = where(visible, sequences, constant(0.0, sequences));
  }
  const Variable scores = sum(u * w, {2});
  const Variable a = softmax(scores, lengths);
  const Variable pooled = sum(reshape(a, batch_and_time.inserted(2, 1)) * u, {1});
  return {pooled, transpose(a, 0, 1)};
}

}  // namespace heddle
