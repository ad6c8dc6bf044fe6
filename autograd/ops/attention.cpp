// out = softmax(scale · q kᵀ) v over the visible keys:  q [batch, heads, queries, width],
// k [batch, heads, keys, width], v [batch, heads, keys, value_width] → out [batch, heads, queries,
// value_width]. A key is visible where its place is below key_lengths[batch], the mask (bool,
// broadcast to [batch, heads, queries, keys]) is true, and, if causal, key ≤ query + keys −
// queries. A query that sees no key gives zeros and passes no gradient. Backward recomputes the
// weights from the saved log Σ exp of each row of scores. Vaswani et al., arXiv 1706.03762; Dao et
// al., arXiv 2205.14135.

#include <cmath>

#include "autograd/ops.h"
#include "autograd/ops/operands.h"
#include "autograd/ops/references.h"

namespace heddle {
namespace {

void check_shapes(const Variable& q, const Variable& k, const Variable& v) {
  check(q.rank() == 4 && k.rank() == 4 && v.rank() == 4, "attention: q, k, v are ", q.shape(), ", ",
        k.shape(), ", ", v.shape(), "; expected [batch, heads, queries or keys, width] each");
  check(k.shape() == q.shape().replaced(2, k.size(2)), "attention: q is ", q.shape(), " but k is ",
        k.shape(), "; expected k [", q.size(0), ", ", q.size(1), ", keys, ", q.size(3), "]");
  check(v.shape() == k.shape().replaced(3, v.size(3)), "attention: k is ", k.shape(), " but v is ",
        v.shape(), "; expected v [", k.size(0), ", ", k.size(1), ", ", k.size(2), ", value_width]");
  check_floating("attention", q.value());
}

/// The mask repeated by strides of 0 to [batch, heads, queries, keys].
Variable full_mask(const Tensor& mask, const Variable& q, const Variable& k) {
  if (!mask.defined()) {
    return {};
  }
  const Shape shape = {q.size(0), q.size(1), q.size(2), k.size(2)};
  check(mask.dtype() == DType::boolean && mask.device() == q.device() && mask.rank() <= 4 &&
            broadcast_shapes(mask.shape(), shape, "attention: mask") == shape,
        "attention: mask is ", mask.shape(), " ", mask.dtype(), " on ", mask.device(),
        "; expected bool on ", q.device(), " that broadcasts to ", shape);
  return Variable(mask.expand(shape));
}

/// As the kernel takes it: columns contiguous.
Tensor column_layout(const Tensor& x) {
  if (x.elements() == 0) {
    return Tensor::empty_like(x);  // whose strides, unlike x's, are those of its shape
  }
  return x.strides()[3] == 1 || x.size(3) <= 1 ? x : x.contiguous();
}

}  // namespace

Variable attention(const Variable& q, const Variable& k, const Variable& v,
                   const Tensor& key_lengths, const Tensor& mask, bool causal, double scale,
                   Where where) {
  check_shapes(q, k, v);
  const Variable limits = optional_variable(
      checked_lengths("attention", key_lengths, {q.size(0)}, k.size(2), q.value()));
  const Variable visible = full_mask(mask, q, k);
  Operation op("attention", {q, k, v, limits, visible}, where);
  const double usual = 1.0 / std::sqrt(static_cast<double>(q.size(3)));
  const AttentionOptions options{.scale = scale == 0.0 ? usual : scale, .causal = causal};
  const Tensor out = Tensor::empty(q.shape().replaced(3, v.size(3)), q.dtype(), q.device());
  const Tensor logsumexp = Tensor::empty(q.shape().erased(3), sums_type(q.dtype()), q.device());
  kernels_of(out).attention.forward(
      stream_of(out), options, column_layout(q.value()).view(), column_layout(k.value()).view(),
      column_layout(v.value()).view(), optional_view(optional_value(limits)),
      optional_view(optional_value(visible)), out.output_view(), logsumexp.output_view());
  return op.finish(
      out,
      [options, logsumexp, q = op.save(q), k = op.save(k), v = op.save(v), limits = op.save(limits),
       visible = op.save(visible),
       out = op.save_output(out)](const BackwardCall& call) -> Variables {
        const Tensor query = column_layout(call.value(q));
        const Tensor key = column_layout(call.value(k));
        const Tensor value = column_layout(call.value(v));
        const Tensor dout = column_layout(call.dy().value());
        const Tensor dq = Tensor::empty_like(query);
        const Tensor dk = Tensor::empty_like(key);
        const Tensor dv = Tensor::empty_like(value);
        kernels_of(query).attention.backward(
            stream_of(query), options, query.view(), key.view(), value.view(),
            optional_view(optional_value(call.get(limits))),
            optional_view(optional_value(call.get(visible))), call.value(out).view(),
            logsumexp.view(), dout.view(), dq.output_view(), dk.output_view(), dv.output_view());
        return {Variable(dq), Variable(dk), Variable(dv), Variable(), Variable()};
      },
      [options](const Variables& inputs) -> Variables {
        return {attention_reference(inputs, options)};
      });
}

}  // namespace heddle
