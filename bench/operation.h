#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "autograd/variable.h"
#include "bench/case.h"
#include "bench/draw.h"

namespace heddle::bench {

/// An operation as its users call it, with the tape and all that belongs to it: forward (nothing
/// recorded), or forward and backward with the gradients of all inputs.
class Operation {
 public:
  using Function = std::function<Variable(const Variables& inputs)>;

  /// `inputs` on the host; f32 ones get gradients, but for those at the places
  /// `without_gradient`. `function` gives the result that is
  /// differentiated; it is also called with f64 inputs, for the reference.
  Operation(const Function& function, const std::vector<Tensor>& inputs, bool backward,
            const Setting& setting, const std::vector<std::size_t>& without_gradient = {});

  void run();
  /// See Contender::error: of the result and all gradients.
  double error() const;
  /// Fills the memory that the next call will get with NaN: free blocks of the sizes of the last
  /// results.
  void poison();

  /// Result and gradients, in the order of the inputs, in double; [0] is the result. For opponents
  /// that are given the same inputs.
  const std::vector<Tensor>& reference() const { return *reference_; }
  const std::vector<Tensor>& inputs() const { return inputs_; }
  const Tensor& dy() const { return dy_; }
  bool backward() const { return backward_; }

 private:
  Variables variables_of(const std::vector<Tensor>& inputs, bool with_gradients) const;
  std::vector<Tensor> compute(const Function& function, const std::vector<Tensor>& inputs,
                              const Tensor& dy) const;

  Function function_;
  std::vector<Tensor> inputs_;
  bool backward_;
  std::vector<std::size_t> without_gradient_;
  Setting setting_;
  Variables variables_;
  Tensor dy_;
  std::shared_ptr<std::vector<Tensor>> reference_;
  Variable y_;
};

/// Greatest difference divided by the reference's greatest magnitude; NaN counts as infinite.
double relative_error(const Tensor& found, const Tensor& reference);

/// An operation to be measured beside PyTorch's.
struct OperationCase {
  Sizes sizes;
  bool backward = false;
  bool cold = false;
  double bytes = 0;
  double operations = 0;
  Operation::Function function = {};
  std::function<std::vector<Tensor>()> inputs = {};
  std::vector<std::size_t> without_gradient = {};  // places in inputs
  std::string name = {};                           // of the case; empty: its sizes
  nlohmann::json torch_sizes = {};  // as torch_peer.py wants them, where those are others
  /// Opponents in this process, beside PyTorch.
  std::function<std::vector<Contender>(const std::shared_ptr<Operation>& ours, const Setting&)>
      opponents = {};
};

Case case_of(const OperationCase& what);

/// Ours as a contender.
Contender contender_of(std::shared_ptr<Operation> operation, const Setting& setting);

}  // namespace heddle::bench
