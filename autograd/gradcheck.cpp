#include "autograd/gradcheck.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "autograd/node.h"
#include "autograd/ops.h"
#include "core/random.h"

namespace heddle {
namespace {

/// One output's values as a plain list.
using Column = std::vector<double>;

std::vector<Column> evaluate(const DifferentiableFunction& function, const Variables& inputs) {
  Tape tape;  // the function may differentiate, and its history ends here
  std::vector<Column> columns;
  for (const Variable& output : function(inputs)) {
    columns.push_back(output.value().to_vector<double>());
  }
  return columns;
}

/// `inputs` with element `element` of input `input` moved by `delta`.
Variables moved(const Variables& inputs, std::size_t input, std::int64_t element, double delta) {
  Variables result = inputs;
  Tensor changed = inputs[input].value().clone();
  changed.mutable_data<double>()[element] += delta;
  result[input] = Variable(std::move(changed), true);
  return result;
}

/// ∂outputs/∂element by the five-point stencil (Abramowitz & Stegun 25.3.6).
std::vector<Column> numeric_column(const DifferentiableFunction& function, const Variables& inputs,
                                   std::size_t input, std::int64_t element, double step) {
  const double value = inputs[input].value().flatten().select(0, element).item<double>();
  const double h = step * std::max(1.0, std::abs(value));
  const auto at = [&](double delta) {
    return evaluate(function, moved(inputs, input, element, delta));
  };
  const auto two_up = at(2 * h);
  const auto up = at(h);
  const auto down = at(-h);
  const auto two_down = at(-2 * h);
  std::vector<Column> derivative = up;
  for (std::size_t o = 0; o < up.size(); ++o) {
    for (std::size_t i = 0; i < up[o].size(); ++i) {
      derivative[o][i] = (8 * (up[o][i] - down[o][i]) - (two_up[o][i] - two_down[o][i])) / (12 * h);
    }
  }
  return derivative;
}

/// Analytic Jacobian: rows[output][element of output][input] = gradient values (empty: none).
using JacobianRows = std::vector<std::vector<std::vector<Column>>>;

JacobianRows analytic_rows(const DifferentiableFunction& function, const Variables& inputs) {
  Tape tape;
  const Variables outputs = function(inputs);
  JacobianRows rows(outputs.size());
  for (std::size_t o = 0; o < outputs.size(); ++o) {
    const Variable& output = outputs[o];
    check(output.dtype() == DType::f64, "gradcheck: output ", o, " is ", output.dtype(),
          ", expected f64");
    const std::int64_t elements = output.value().elements();
    rows[o].resize(static_cast<std::size_t>(elements));
    for (std::int64_t i = 0; i < elements; ++i) {
      auto& row = rows[o][static_cast<std::size_t>(i)];
      row.resize(inputs.size());
      if (!output.needs_grad()) {
        continue;
      }
      Tensor one_hot = Tensor::zeros({elements}, DType::f64);
      one_hot.mutable_data<double>()[i] = 1.0;
      const Variables gradients = tape.gradient(
          {output}, inputs, {Variable(one_hot.reshape(output.shape()))}, {.retain = true});
      for (std::size_t k = 0; k < inputs.size(); ++k) {
        if (gradients[k].defined()) {
          row[k] = gradients[k].value().to_vector<double>();
        }
      }
    }
  }
  return rows;
}

}  // namespace

GradcheckResult gradcheck(const DifferentiableFunction& function, const Variables& inputs,
                          const GradcheckOptions& options) {
  for (const Variable& input : inputs) {
    check(!input.needs_grad() || (input.dtype() == DType::f64 && input.is_leaf()),
          "gradcheck: an input with needs_grad is ", input.dtype(),
          ", expected an f64 leaf (single precision cannot tell a wrong gradient from rounding)");
  }
  const RecordingScope recording(true);
  const JacobianRows rows = analytic_rows(function, inputs);
  GradcheckResult result;
  result.passed = true;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (!inputs[k].needs_grad()) {
      continue;
    }
    for (std::int64_t element = 0; element < inputs[k].value().elements(); ++element) {
      const auto numeric = numeric_column(function, inputs, k, element, options.step);
      for (std::size_t o = 0; o < rows.size(); ++o) {
        for (std::size_t i = 0; i < rows[o].size(); ++i) {
          const Column& gradient = rows[o][i][k];
          const double found = gradient.empty() ? 0.0 : gradient[static_cast<std::size_t>(element)];
          const double expected = numeric[o][i];
          double error = std::abs(found - expected) / std::max(1.0, std::abs(expected));
          if (std::isnan(error)) {
            error = std::numeric_limits<double>::infinity();
          }
          if (error >= result.worst) {
            result.worst = error;
            result.message =
                concat("output ", o, " element ", i, ", input ", k, " element ", element,
                       ": analytic ", found, ", numeric ", expected, ", relative error ", error);
          }
        }
      }
    }
  }
  result.passed = result.worst <= options.relative;
  return result;
}

GradcheckResult gradgradcheck(const DifferentiableFunction& function, const Variables& inputs,
                              const GradcheckOptions& options) {
  Variables extended = inputs;
  {
    Tape tape;
    Generator generator(1234);
    for (const Variable& output : function(inputs)) {
      extended.emplace_back(random_uniform(output.shape(), -1.0, 1.0, generator, DType::f64), true);
    }
  }
  const std::size_t count = inputs.size();
  const DifferentiableFunction gradient_of = [&](const Variables& all) {
    const Variables leading(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count));
    const Variables doutputs(all.begin() + static_cast<std::ptrdiff_t>(count), all.end());
    Variables outputs = function(leading);
    Variables differentiable;
    Variables used_doutputs;
    for (std::size_t o = 0; o < outputs.size(); ++o) {
      if (outputs[o].needs_grad()) {
        differentiable.push_back(outputs[o]);
        used_doutputs.push_back(doutputs[o]);
      }
    }
    Variables wanted;
    for (const Variable& input : leading) {
      if (input.needs_grad()) {
        wanted.push_back(input);
      }
    }
    Variables gradients = Tape::current()->gradient(differentiable, wanted, used_doutputs,
                                                    {.retain = true, .create_graph = true});
    for (std::size_t k = 0; k < gradients.size(); ++k) {
      if (!gradients[k].defined()) {
        gradients[k] = Variable(Tensor::zeros(wanted[k].shape(), DType::f64));
      }
    }
    return gradients;
  };
  return gradcheck(gradient_of, extended, options);
}

}  // namespace heddle
