#include "train/loss_weighting.h"

#include <cstddef>

#include "autograd/ops.h"
#include "core/error.h"

namespace heddle {
namespace {

/// What e^{−scale·s} and its product with the loss are multiplied by.
struct Form {
  double scale;
  double factor;
};

Form form_of(Likelihood likelihood) {
  switch (likelihood) {
    case Likelihood::gaussian:
      return {1.0, 0.5};
    case Likelihood::laplace:
      return {0.5, 1.0};
    case Likelihood::classes:
      break;
  }
  return {1.0, 1.0};
}

Variable likelihood_of(const LossPart& part, const Variable& log_variance) {
  const Form form = form_of(part.likelihood);
  const Variable s = reshape(log_variance, part.value.shape());
  const Variable precision = exp(affine(s, -form.scale, 0.0));
  return affine(precision * part.value, form.factor, 0.0) + affine(s, 0.5, 0.0);
}

}  // namespace

Variable weighted_sum(const std::vector<LossPart>& parts, const Variable& log_variances) {
  check(!log_variances.defined() ||
            log_variances.value().elements() == static_cast<std::int64_t>(parts.size()),
        "weighted_sum: ", parts.size(), " parts; expected as many log variances");
  Variable total;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto place = static_cast<std::int64_t>(i);
    const Variable part = (log_variances.defined()
                               ? likelihood_of(parts[i], slice(log_variances, 0, place, place + 1))
                               : parts[i].value) *
                          parts[i].weight;
    total = total.defined() ? total + part : part;
  }
  return total;
}

}  // namespace heddle
