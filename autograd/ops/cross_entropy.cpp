// Softmax and negative log likelihood in one pass, row by row:
//   loss_r = (1−ε) k_t (lse_r − x[r, t]) + ε/C Σ_c k_c (lse_r − x[r, c]),  t = targets[r],
//   lse_r = ln Σ_c exp x[r, c],  k class weights (1 where not given), ε label smoothing
// and their mean, Σ loss_r / Σ k_t over the rows that are not ignored; 0 where there are none.
// logits [.., classes], targets i64 [..], class_weights [classes] → one value.
//   dx[r, c] = dloss_r ((1−ε) k_t (p_c − [c = t]) + ε/C (p_c Σ k − k_c)),  p = softmax of the row

#include "kernels/cross_entropy.h"

#include "autograd/ops.h"
#include "autograd/ops/loss_mean.h"
#include "autograd/ops/operands.h"
#include "autograd/ops/references.h"

namespace heddle {
namespace {

struct RowLosses {
  Variable losses;  // [rows]
  Tensor weights;   // [rows]
};

/// logits [rows, classes], targets [rows].
RowLosses row_losses(const Variable& logits, const Tensor& targets, const Tensor& class_weights,
                     const CrossEntropyOptions& options, Where where) {
  const Variable aims(targets.contiguous());
  const Variable factors = optional_variable(optional_contiguous(class_weights));
  Operation op("cross_entropy_rows", {logits, aims, factors}, where);
  const Tensor losses = Tensor::empty({logits.size(0)}, sums_type(logits.dtype()), logits.device());
  const Tensor weights = Tensor::empty_like(losses);
  const Tensor logsumexp_of_row = Tensor::empty_like(losses);
  kernels_of(losses).cross_entropy.forward(
      stream_of(losses), options, logits.value().contiguous().view(), aims.value().view(),
      optional_view(optional_value(factors)), losses.output_view(), weights.output_view(),
      logsumexp_of_row.output_view());
  const Variable result = op.finish(
      losses,
      [options, logsumexp_of_row, logits = op.save(logits), aims = op.save(aims),
       factors = op.save(factors)](const BackwardCall& call) -> Variables {
        const Tensor x = call.value(logits).contiguous();
        const Tensor dx = Tensor::empty_like(x);
        kernels_of(x).cross_entropy.backward(
            stream_of(x), options, x.view(), call.value(aims).view(),
            optional_view(optional_value(call.get(factors))), logsumexp_of_row.view(),
            call.dy().value().contiguous().view(), dx.output_view());
        return {Variable(dx), Variable(), Variable()};
      },
      [options](const Variables& inputs) -> Variables {
        return {cross_entropy_rows_reference(inputs, options)};
      });
  return {result, weights};
}

}  // namespace

Variable cross_entropy(const Variable& logits, const Tensor& targets, const Tensor& class_weights,
                       const CrossEntropyOptions& options, Where where) {
  check(logits.rank() >= 1 && logits.size(-1) >= 1, "cross_entropy: logits are ", logits.shape(),
        "; expected [.., classes] with at least one class");
  check_floating("cross_entropy", logits.value());
  check_operand("cross_entropy", "targets", targets, logits.shape().erased(logits.rank() - 1),
                DType::i64, logits.value());
  if (class_weights.defined()) {
    check_operand("cross_entropy", "class_weights", class_weights, {logits.size(-1)},
                  logits.dtype(), logits.value());
  }
  check(options.label_smoothing >= 0.0 && options.label_smoothing <= 1.0,
        "cross_entropy: label_smoothing is ", options.label_smoothing, "; expected 0 to 1");
  const std::int64_t rows = leading_elements(logits.shape());
  const RowLosses found = row_losses(reshape(logits, {rows, logits.size(-1)}, where),
                                     targets.flatten(), class_weights, options, where);
  return over_total(found.losses, found.weights, where);
}

Variable cross_entropy_rows_reference(const Variables& inputs, const CrossEntropyOptions& options) {
  const Variable& logits = inputs[0];
  const Tensor& targets = inputs[1].value();
  const double smoothing = options.label_smoothing;
  const Variable zero = constant(0.0, logits);
  const Tensor counted = compare(
      CompareOp::not_equal, targets,
      Tensor::scalar(static_cast<double>(options.ignore_index), DType::i64, targets.device()));
  // Ignored rows look at class 0, and are then left out.
  const Variable aims = multiply(Variable(targets), Variable(counted.to(DType::i64)));
  const Tensor index = aims.value().unsqueeze(1);
  const Variable surprise = logsumexp(logits, {1}, true) - logits;  // [rows, classes]
  Variable factors = constant(1.0, logits);
  Variable of_target = expand(factors, {logits.size(0), 1});
  if (inputs[2].defined()) {
    factors = inputs[2];
    of_target = gather(expand(factors, logits.shape()), index, 1);
  }
  Variable losses = gather(surprise, index, 1) * of_target * (1.0 - smoothing);
  if (smoothing > 0.0) {
    const double share = smoothing / static_cast<double>(logits.size(1));
    losses = losses + sum(surprise * factors, {1}, true) * share;
  }
  return where(counted, reshape(losses, {logits.size(0)}), zero);
}

}  // namespace heddle
