#pragma once

#include <cstdint>

#include "kernels/cpu/lstm_plan.h"
#include "kernels/cpu/scratch.h"

namespace heddle::cpu {

/// What the backward pass adds up: the gradients of the weights in one part per group of tiles, and
/// those of x in one part per direction, so that no two threads add to the same place. `finish`
/// adds the parts in a fixed order.
template <typename T>
class LstmGradients {
 public:
  LstmGradients(const LstmPlan& plan, const LstmInputGradients& to);

  // Of one group, cleared by `clear`; null where not wanted.
  T* dweight_input(std::int64_t group) const;   // [4·hidden, input]
  T* dweight_hidden(std::int64_t group) const;  // [4·hidden, hidden]
  T* dbias(std::int64_t group) const;           // [4·hidden]
  void clear(std::int64_t group) const;

  /// Row of dx [input]; null where not wanted.
  T* dx(std::int64_t direction, std::int64_t time, std::int64_t row) const;

  void finish() const;

 private:
  void finish_dx() const;
  void add_parts(const Scratch<T>& parts, std::int64_t elements, const View& to) const;

  const LstmPlan& plan_;
  const LstmInputGradients& to_;
  std::int64_t unit_;  // 4·hidden
  Scratch<T> dweight_input_;
  Scratch<T> dweight_hidden_;
  Scratch<T> dbias_;
  Scratch<T> reverse_dx_;  // [time, batch, input]
};

extern template class LstmGradients<float>;
extern template class LstmGradients<double>;

}  // namespace heddle::cpu
