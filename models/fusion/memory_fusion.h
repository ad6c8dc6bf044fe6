#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/random.h"
#include "layers/linear.h"
#include "layers/linear_tanh.h"
#include "layers/lstm.h"
#include "layers/visit.h"
#include "models/fusion/fusion_config.h"
#include "models/fusion/fusion_input.h"

namespace heddle {

/// Memory fusion network (Zadeh et al. 2018, arXiv 1802.00927): an LSTM per modality over aligned
/// steps, attention over what its cells were and have become, and a memory of the whole. At step t:
///   h_m, c_m = LSTM_m(x_{m,t})                                    for each modality m
///   ĉ = softmax(D_a(c)) ∘ c,  c = [c_1 ; … ; c_M at t − 1 ; c_1 ; … ; c_M at t]     [2·M·width]
///   u ← σ(D_1(ĉ)) ∘ u + σ(D_2(ĉ)) ∘ tanh(D_u(ĉ))                                   [width]
/// each D being W₂ tanh(W₁ · + b₁) + b₂ with `width` numbers inside, c and u starting at 0. Then
///   y = tanh(W [h_1 ; … ; h_M ; u] + b)              of the last step, or (each_step) of each.
/// A modality's cells stay as they are at a step where it is not visible; the memory stays where
/// none is. Aligned means that step t of all modalities is about the same moment: there must be
/// equally many.
struct MemoryFusion {
  struct Network {
    Network(std::int64_t in, std::int64_t inside, std::int64_t out, const Generator& generator,
            DType dtype);
    Variable operator()(const Variable& x) const { return second(first(x)); }
    void visit(Visitor& visitor);

    LinearTanh first;
    Linear second;
  };

  MemoryFusion(const FusionSpec& spec, const Generator& generator);

  /// Errors (InputError): a modality without steps; modalities with different numbers of steps.
  Fused operator()(const FusionInputs& inputs) const;
  void visit(Visitor& visitor);

  std::vector<std::string> names;
  std::int64_t width;
  bool each_step;
  std::vector<Lstm> cells;  // one layer, one direction
  Network attention;        // D_a
  Network candidate;        // D_u
  Network retain;           // D_1
  Network update;           // D_2
  LinearTanh linear;        // W, b
};

}  // namespace heddle
