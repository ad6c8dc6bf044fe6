#pragma once

#include <cstdint>
#include <vector>

#include "autograd/ops.h"
#include "core/random.h"
#include "layers/dropout.h"
#include "layers/visit.h"

namespace heddle {

struct LstmOptions {
  std::int64_t layers = 1;
  bool bidirectional = false;
  double dropout = 0.0;  // between layers
  bool bias = true;
  DType dtype = DType::f32;
};

/// LSTM over sequences, time first; the formulas are in kernels/lstm.h. Layer k > 0 reads the
/// states of layer k − 1.
struct Lstm {
  struct Layer {
    Variable weight_input;   // [directions, 4·hidden, in]
    Variable weight_hidden;  // [directions, 4·hidden, hidden]
    Variable bias;           // [directions, 4·hidden] or undefined
    void visit(Visitor& visitor);
  };

  /// Input weights by Xavier (uniform, per direction), hidden weights orthogonal per gate, bias 0
  /// but 1 for the forget gate. Errors: a size or number of layers below 1.
  Lstm(std::int64_t in, std::int64_t hidden, const Generator& generator, LstmOptions options = {});

  /// x [time, batch, in], lengths i64 [batch] (undefined: all `time`) → y [time, batch,
  /// directions·hidden], and the last layer's h_n, c_n [directions, batch, hidden]: the state after
  /// each row's own last step (reverse direction: after its first).
  LstmResult operator()(const Variable& x, const Tensor& lengths = {});
  void visit(Visitor& visitor);

  std::vector<Layer> layers;
  Dropout dropout;
};

/// The last states of all directions side by side: h_n [directions, batch, hidden] → [batch,
/// directions·hidden].
Variable final_states(const LstmResult& result);

}  // namespace heddle
