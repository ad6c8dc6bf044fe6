#pragma once

#include "core/stream.h"
#include "core/view.h"

namespace heddle {

/// One LSTM layer over a whole sequence, one or both directions (d = 0 forward, 1 reverse).
///   z_t = weight_input x_t + weight_hidden h_{t−1} + bias            [4·hidden], order i, f, g, o
///   i, f, o = σ(z),  g = tanh(z),  c_t = f c_{t−1} + i g,  h_t = o tanh(c_t)
/// Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000; gate order as in
/// PyTorch.
///
/// All views contiguous, f32 or f64, T time, B batch, I input, H hidden, D directions (1 or 2):
struct LstmInputs {
  ConstView x;              // [T, B, I]
  ConstView weight_input;   // [D, 4H, I]
  ConstView weight_hidden;  // [D, 4H, H]
  ConstView bias;           // [D, 4H] or not given
  ConstView lengths;  // i64 [B], 0 … T, or not given (all T). A finished row keeps its state; the
                      // reverse direction starts at the row's own last step.
  ConstView h0;       // [D, B, H] or not given (zeros)
  ConstView c0;       // [D, B, H] or not given (zeros)
};

struct LstmOutputs {
  View y;    // [T, B, D·H]: h_t of both directions side by side; 0 beyond a row's length
  View h_n;  // [D, B, H]: state after the row's last step (for the reverse direction: after its
             // step 0)
  View c_n;  // [D, B, H]
  // Saved for backward; entries beyond a row's length are not written:
  View gates;  // [D, T, B, 4H]: i, f, g, o after their nonlinearity
  View cells;  // [D, T, B, H]: c_t
};

struct LstmSaved {
  ConstView y, gates, cells;
};

struct LstmOutputGradients {
  ConstView dy;    // [T, B, D·H]; what stands beyond a row's length is ignored
  ConstView dh_n;  // [D, B, H] or not given
  ConstView dc_n;  // [D, B, H] or not given
};

/// Each may be not given.
struct LstmInputGradients {
  View dx;              // [T, B, I]; 0 beyond a row's length
  View dweight_input;   // [D, 4H, I]
  View dweight_hidden;  // [D, 4H, H]
  View dbias;           // [D, 4H]
  View dh0;             // [D, B, H]
  View dc0;             // [D, B, H]
};

struct LstmKernels {
  void (*forward)(Stream&, const LstmInputs&, const LstmOutputs&);
  void (*backward)(Stream&, const LstmInputs&, const LstmSaved&, const LstmOutputGradients&,
                   const LstmInputGradients&);
};

}  // namespace heddle
