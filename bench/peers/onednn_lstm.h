#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/tensor.h"

namespace heddle::bench {

/// oneDNN's LSTM over a sequence, both directions side by side, f32 on the host. Weights are kept
/// in the layout it likes best; what its backward pass needs converted each step, because training
/// changes the weights, is converted each step.
class OneDnnLstm {
 public:
  /// x [T, B, I], weight_input [2, 4H, I], weight_hidden [2, 4H, H], bias [2, 4H], dy [T, B, 2H]:
  /// its gates stand in our order. Errors (Unavailable): built without oneDNN, or it cannot run
  /// this.
  OneDnnLstm(const Tensor& x, const Tensor& weight_input, const Tensor& weight_hidden,
             const Tensor& bias, const Tensor& dy, bool training, int threads);
  ~OneDnnLstm();

  static std::string name();  // "oneDNN 2.6.3"

  void forward();   // for training where it was made so, else for inference
  void backward();  // after forward
  /// y, and after backward dx, dweight_input, dweight_hidden, dbias, in our layouts.
  std::vector<Tensor> results(bool with_gradients) const;
  void poison();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace heddle::bench
