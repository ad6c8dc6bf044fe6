#include "autograd/ops/loss_mean.h"

#include "autograd/ops.h"
#include "autograd/ops/operands.h"

namespace heddle {
namespace {

/// Losses times weights, 0 where the weight is 0.
Variable weighted(const Variable& losses, const Tensor& weights, Where where) {
  const Variable zero = constant(0.0, losses);
  const Tensor counts = compare(CompareOp::not_equal, weights, zero.value());
  return multiply(heddle::where(counts, losses, zero, where), Variable(weights), where);
}

}  // namespace

Variable over_total(const Variable& losses, const Tensor& weights, Where where) {
  const Variable total = sum(Variable(weights));
  const Tensor none = compare(CompareOp::equal, total.value(), constant(0.0, total).value());
  const Variable divisor = heddle::where(none, constant(1.0, total), total);
  return divide(sum(losses, {}, false, where), divisor, where);
}

Variable finish_pair_loss(Operation& op, PairLoss kind, const Variable& x, const Tensor& targets,
                          const Tensor& weights, ComposedLossSlope slope, Where where) {
  check_floating(op.name(), x.value());
  check_operand(op.name(), "targets", targets, x.shape(), x.dtype(), x.value());
  if (weights.defined()) {
    check_operand(op.name(), "weights", weights, x.shape(), x.dtype(), x.value());
  }
  const Tensor y = Tensor::empty_like(x.value());
  kernels_of(y).elementwise.pair_loss(stream_of(y), kind, x.value().view(), targets.view(),
                                      y.output_view());
  const Variable losses =
      op.finish(y,
                [kind, slope, x = op.save(x),
                 targets = op.save(Variable(targets))](const BackwardCall& call) -> Variables {
                  const Variable input = call.get(x);
                  const Variable aims = call.get(targets);
                  if (!call.first_order()) {
                    return {slope(input, aims, call.dy())};
                  }
                  const Tensor dx = Tensor::empty_like(input.value());
                  kernels_of(dx).elementwise.pair_loss_backward(
                      stream_of(dx), kind, input.value().view(), aims.value().view(),
                      call.dy().value().view(), dx.output_view());
                  return {Variable(dx)};
                });
  if (weights.defined()) {
    return over_total(weighted(losses, weights, where), weights, where);
  }
  return x.value().elements() == 0 ? sum(losses, {}, false, where) : mean(losses, {}, false, where);
}

}  // namespace heddle
