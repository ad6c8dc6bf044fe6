#include "autograd/variable.h"

#include <utility>

#include "autograd/node.h"

namespace heddle {

Variable::Variable(Tensor value, bool needs_grad) {
  check(value.defined(), "Variable: the tensor is not defined");
  check(!needs_grad || is_floating(value.dtype()), "Variable: needs_grad on a tensor of type ",
        value.dtype(), "; only f32 and f64 have gradients");
  state_ = std::allocate_shared<VariableState>(SmallBlockAllocator<VariableState>(),
                                               std::move(value), needs_grad);
}

const Tensor& Variable::value() const {
  check(defined(), "Variable: value of a variable that is not defined");
  return state_->value;
}

bool Variable::needs_grad() const { return defined() && state_->needs_grad; }

bool Variable::is_leaf() const { return defined() && state_->tape == 0; }

Variable Variable::detach() const { return Variable(value()); }

const Variable& Variable::grad() const {
  check(defined(), "Variable: gradient of a variable that is not defined");
  return state_->grad;
}

void Variable::clear_grad() { set_grad(Variable()); }

void Variable::set_grad(Variable gradient) {
  check(defined(), "Variable: gradient of a variable that is not defined");
  if (gradient.defined()) {
    check(gradient.shape() == shape() && gradient.dtype() == dtype(), "Variable: gradient ",
          gradient.shape(), " ", gradient.dtype(), " for a value ", shape(), " ", dtype());
  }
  state_->grad = std::move(gradient);
}

void Variable::keep_grad() {
  check(needs_grad(), "keep_grad: this variable has no gradient; nothing it comes from wants one");
  if (is_leaf()) {
    return;
  }
  Tape* tape = Tape::current();
  while (tape != nullptr && tape->id_ != state_->tape) {
    tape = tape->outer_;
  }
  check(tape != nullptr, "keep_grad: the tape of this variable has ended");
  Node& node = *tape->nodes_[static_cast<std::size_t>(state_->node)];
  node.watchers.push_back({state_->output, state_, {}});
}

void Variable::add_hook(GradientHook hook) {
  check(needs_grad(), "add_hook: this variable has no gradient; nothing it comes from wants one");
  if (is_leaf()) {
    state_->hooks.push_back(std::move(hook));
    return;
  }
  Tape* tape = Tape::current();
  while (tape != nullptr && tape->id_ != state_->tape) {
    tape = tape->outer_;
  }
  check(tape != nullptr, "add_hook: the tape of this variable has ended");
  Node& node = *tape->nodes_[static_cast<std::size_t>(state_->node)];
  node.watchers.push_back({state_->output, nullptr, std::move(hook)});
}

Tensor& Variable::value_in_place() {
  check(is_leaf(), "value_in_place: only leaves may be changed in place, this is a result");
  return state_->value;
}

void Variable::set_value(Tensor new_value) {
  check(is_leaf(), "set_value: only leaves may be given a value, this is a result");
  check(new_value.defined() && new_value.shape() == shape() && new_value.dtype() == dtype(),
        "set_value: got ", new_value.shape(), " ", new_value.dtype(), ", expected ", shape(), " ",
        dtype());
  state_->value = std::move(new_value);
}

void Variable::set_needs_grad(bool needs_grad) {
  check(is_leaf(), "set_needs_grad: only leaves have a choice, this is a result");
  check(!needs_grad || is_floating(dtype()), "set_needs_grad: a tensor of type ", dtype(),
        " has no gradient");
  state_->needs_grad = needs_grad;
}

}  // namespace heddle
