#pragma once

#include <functional>
#include <utility>

#include "autograd/gradcheck.h"
#include "layers/visit.h"

namespace heddle {

/// Full numeric gradient of `outputs` with respect to every (f64) parameter of `layer`. Steps are
/// small, so that they seldom cross a kink of relu or of a maximum.
template <typename Layer>
GradcheckResult check_parameters(Layer& layer, const std::function<Variables()>& outputs) {
  const std::vector<NamedParameter> parameters = parameters_of(layer);
  Variables values;
  for (const NamedParameter& parameter : parameters) {
    values.push_back(parameter.variable);
  }
  const auto put = [&layer](const Variables& given) {
    std::size_t next = 0;
    Visitor visitor(
        {.parameter = [&](const std::string&, Variable& variable) { variable = given[next++]; },
         .training = {},
         .generator = {}});
    layer.visit(visitor);
  };
  GradcheckResult result = gradcheck(
      [&](const Variables& given) {
        put(given);
        return outputs();
      },
      values, {.step = 1e-5});
  put(values);
  return result;
}

}  // namespace heddle
