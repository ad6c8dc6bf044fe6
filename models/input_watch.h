#pragma once

#include <vector>

#include "autograd/variable.h"
#include "core/tensor.h"

namespace heddle {

/// While one lives, what this thread's encoders compute from their inputs wants and keeps its
/// gradient: the words' embeddings for tokens, the values themselves for anything else. For
/// explanations; a tape must be recording. One at a time.
class InputWatch {
 public:
  InputWatch();
  ~InputWatch();
  InputWatch(const InputWatch&) = delete;
  InputWatch& operator=(const InputWatch&) = delete;

  /// `value` is what an encoder begins with, made of `input`; called by encoders, costs nothing
  /// where nobody watches.
  static Variable seen(const Tensor& input, Variable value);
  /// What was made of `input` (the tensor of a CleanInput), with its gradient after backward.
  /// Undefined where no encoder read it.
  Variable of(const Tensor& input) const;

 private:
  struct Entry {
    Tensor input;
    Variable value;
  };
  std::vector<Entry> entries_;
};

}  // namespace heddle
