#include "bench/operation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "autograd/ops.h"
#include "autograd/tape.h"
#include "bench/torch.h"

namespace heddle::bench {
namespace {

bool is_float(const Tensor& tensor) {
  return tensor.dtype() == DType::f32 || tensor.dtype() == DType::f64;
}

}  // namespace

Operation::Operation(const Function& function, const std::vector<Tensor>& inputs, bool backward,
                     const Setting& setting, const std::vector<std::size_t>& without_gradient)
    : function_(function),
      backward_(backward),
      without_gradient_(without_gradient),
      setting_(setting) {
  std::vector<Tensor> wide;
  if (setting.math == Math::bf16) {
    // Leaves stay f32, as weights do in training; the operation gets them rounded.
    function_ = [exact = function_](const Variables& values) {
      Variables narrow;
      for (const Variable& value : values) {
        narrow.push_back(value.dtype() == DType::f32 ? cast(value, DType::bf16) : value);
      }
      return exact(narrow);
    };
  }
  for (const Tensor& input : inputs) {
    inputs_.push_back(input.to(setting.device));
    const Tensor seen =
        setting.math == Math::bf16 && is_float(input) ? input.to(DType::bf16) : input;
    wide.push_back(is_float(input) ? seen.to(DType::f64) : input);
  }
  variables_ = variables_of(inputs_, backward);
  Tensor y;
  {
    const NoGrad nothing_recorded;
    y = function_(variables_of(inputs_, false)).value();
  }
  dy_ = drawn(y.shape(), 99).to(y.dtype()).to(setting.device);
  reference_ = std::make_shared<std::vector<Tensor>>(
      compute(function, wide, dy_.to(Device{}).to(DType::f64)));
}

Variables Operation::variables_of(const std::vector<Tensor>& inputs, bool with_gradients) const {
  Variables variables;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const bool excepted =
        std::find(without_gradient_.begin(), without_gradient_.end(), i) != without_gradient_.end();
    variables.emplace_back(inputs[i], with_gradients && is_float(inputs[i]) && !excepted);
  }
  return variables;
}

std::vector<Tensor> Operation::compute(const Function& function, const std::vector<Tensor>& inputs,
                                       const Tensor& dy) const {
  const Variables variables = variables_of(inputs, backward_);
  std::optional<Tape> tape;
  if (backward_) {
    tape.emplace();
  }
  const Variable y = function(variables);
  std::vector<Tensor> results{y.value()};
  if (backward_) {
    tape->backward(y, Variable(dy));
    for (const Variable& variable : variables) {
      results.push_back(variable.needs_grad() ? variable.grad().value() : Tensor());
    }
  }
  return results;
}

void Operation::run() {
  const MathScope math(setting_.device, setting_.math);
  if (!backward_) {
    const NoGrad nothing_recorded;
    y_ = function_(variables_);
    return;
  }
  for (Variable& variable : variables_) {
    variable.clear_grad();
  }
  Tape tape;
  y_ = function_(variables_);
  tape.backward(y_, Variable(dy_));
}

double Operation::error() const {
  double worst = relative_error(y_.value(), reference_->front());
  for (std::size_t i = 0; backward_ && i < variables_.size(); ++i) {
    if (variables_[i].needs_grad()) {
      worst = std::max(worst, relative_error(variables_[i].grad().value(), (*reference_)[i + 1]));
    }
  }
  return worst;
}

void Operation::poison() {
  run();
  // Some results are views of an operand or of dy, which must stay as they are.
  const auto fill = [&](Tensor tensor) {
    bool is_view = tensor.shares_storage_with(dy_);
    for (const Tensor& input : inputs_) {
      is_view = is_view || tensor.shares_storage_with(input);
    }
    if (!is_view) {
      tensor.fill_(std::numeric_limits<double>::quiet_NaN());
    }
  };
  fill(y_.value());
  for (Variable& variable : variables_) {
    if (backward_ && variable.needs_grad()) {
      fill(variable.grad().value());
    }
    variable.clear_grad();
  }
  y_ = Variable();
}

double relative_error(const Tensor& found, const Tensor& reference) {
  const Tensor values = found.to(Device{}).to(DType::f64).contiguous();
  const Tensor truth = reference.contiguous();
  const auto* a = values.data<double>();
  const auto* b = truth.data<double>();
  double greatest = 0;
  double difference = 0;
  for (std::int64_t i = 0; i < truth.elements(); ++i) {
    greatest = std::max(greatest, std::abs(b[i]));
    const double here = std::abs(a[i] - b[i]);
    difference = here >= 0 ? std::max(difference, here) : std::numeric_limits<double>::infinity();
  }
  return difference / std::max(greatest, std::numeric_limits<double>::min());
}

Contender contender_of(std::shared_ptr<Operation> operation, const Setting& setting) {
  return {.name = "heddle",
          .math = std::string(name_of(setting.math)),
          .run = [operation] { operation->run(); },
          .remote = {},
          .error = [operation] { return operation->error(); },
          .poison = [operation] { operation->poison(); },
          .absent = {}};
}

Case case_of(const OperationCase& what) {
  Case result;
  result.name = what.name.empty() ? name_of(what.sizes) : what.name;
  result.direction = what.backward ? "forward+backward" : "forward";
  result.bytes = what.bytes;
  result.operations = what.operations;
  result.cold = what.cold;
  result.contenders = [what, direction = result.direction](const Setting& setting) {
    const auto ours = std::make_shared<Operation>(what.function, what.inputs(), what.backward,
                                                  setting, what.without_gradient);
    std::vector<Contender> all{contender_of(ours, setting)};
    if (what.opponents) {
      for (Contender& opponent : what.opponents(ours, setting)) {
        all.push_back(std::move(opponent));
      }
    }
    const TorchRequest request{
        std::string(family),
        what.torch_sizes.is_null() ? nlohmann::json(what.sizes) : what.torch_sizes, direction,
        what.cold};
    for (Contender& torch : torch_contenders(request, setting)) {
      all.push_back(std::move(torch));
    }
    return all;
  };
  return result;
}

}  // namespace heddle::bench
