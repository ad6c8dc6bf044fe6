#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/tensor.h"

namespace heddle {

struct VariableState;
class Variable;
using Variables = std::vector<Variable>;

/// Sees a finished gradient; what it returns takes its place (an undefined variable leaves it as it
/// is).
using GradientHook = std::function<Variable(const Variable& gradient)>;

/// A tensor that may be part of a computation to be differentiated. A handle: copies are the same
/// variable. Leaves are made from tensors; all others are results of operations (autograd/ops.h)
/// and belong to the tape that was current when they were computed.
class Variable {
 public:
  /// Not a variable: `defined()` is false.
  Variable() = default;
  /// A leaf. Errors: `needs_grad` on a type that is not f32 or f64.
  explicit Variable(Tensor value, bool needs_grad = false);

  bool defined() const { return state_ != nullptr; }
  const Tensor& value() const;
  const Shape& shape() const { return value().shape(); }
  int rank() const { return value().rank(); }
  std::int64_t size(int dim) const { return value().size(dim); }
  DType dtype() const { return value().dtype(); }
  Device device() const { return value().device(); }
  template <typename T>
  T item() const {
    return value().item<T>();
  }

  /// A gradient is (or will be) wanted for this variable or something it was computed from.
  bool needs_grad() const;
  bool is_leaf() const;

  /// The same memory without history.
  Variable detach() const;

  /// Sum of what all backward passes brought here since `clear_grad`; undefined where nothing came.
  /// Kept for leaves with needs_grad, and for results after `keep_grad`.
  const Variable& grad() const;
  void clear_grad();
  void set_grad(Variable gradient);
  /// Asks that the gradient of this result of an operation be kept too. Errors: no history.
  void keep_grad();
  /// Called each time a backward pass has finished this variable's gradient. Errors: no gradient
  /// wanted.
  void add_hook(GradientHook hook);

  /// Leaves only: gives the tensor for changing it in place (loading, updating), replaces it, or
  /// turns gradients on and off. Errors: not a leaf; another shape or type.
  Tensor& value_in_place();
  void set_value(Tensor value);
  void set_needs_grad(bool needs_grad);

  bool same_as(const Variable& other) const { return state_ == other.state_; }

 private:
  friend class Tape;
  friend class Operation;
  friend class BackwardCall;
  explicit Variable(std::shared_ptr<VariableState> state) : state_(std::move(state)) {}

  std::shared_ptr<VariableState> state_;
};

}  // namespace heddle
