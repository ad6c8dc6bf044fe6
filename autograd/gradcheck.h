#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "autograd/variable.h"

namespace heddle {

struct GradcheckOptions {
  double relative = 1e-6;  // |analytic − numeric| ≤ relative · max(1, |numeric|) per Jacobian entry
  double step = 1e-3;  // of the five-point stencil: error O(step⁴)
};

struct GradcheckResult {
  bool passed = false;
  double worst = 0.0;   // largest |analytic − numeric| / max(1, |numeric|)
  std::string message;  // names input, element and both values of the worst entry
};

using DifferentiableFunction = std::function<Variables(const Variables&)>;

/// The full Jacobian of `function` at `inputs` by reverse mode against central differences. Inputs
/// must be f64 leaves; those with needs_grad are checked. The function must be deterministic (a
/// dropout inside has to draw from a generator it makes anew at each call).
GradcheckResult gradcheck(const DifferentiableFunction& function, const Variables& inputs,
                          const GradcheckOptions& options = {});

/// The same for the gradient itself: second derivatives through create_graph. The outputs'
/// gradients are fixed pseudo-random numbers, themselves checked as inputs.
GradcheckResult gradgradcheck(const DifferentiableFunction& function, const Variables& inputs,
                              const GradcheckOptions& options = {.relative = 1e-5});

}  // namespace heddle
