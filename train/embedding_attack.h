#pragma once

#include <functional>
#include <vector>

#include "layers/visit.h"
#include "train/config.h"

namespace heddle {

/// Adversarial training: the gradient of a step is that of the loss as it is, plus that of the loss
/// with the embedding tables moved, within a small distance, where the loss rises most. The moves
/// are forgotten after the step.
///   fgm: once, by ε g / ‖g‖ (Miyato et al., ICLR 2017, arXiv 1605.07725)
///   pgd: `steps` times by α g / ‖g‖, back to distance ε where it would leave it (Madry et al.,
///        ICLR 2018, arXiv 1706.06083); the last gradient counts
/// g is the gradient of a whole table and ‖·‖ its Euclidean norm: a word moves alike wherever it
/// stands in the batch, unlike in Miyato's, where each occurrence moves by itself.
class EmbeddingAttack {
 public:
  /// Attacks parameters named "embedding.weight" or "….embedding.weight". Errors (InputError): kind
  /// is not none, but the model has no such table.
  EmbeddingAttack(const AttackConfig& config, const std::vector<NamedParameter>& parameters);

  /// `add_gradients` adds the gradients of the loss to those the parameters have: called with the
  /// tables moved, after it was called with them as they are.
  void run(const std::function<void()>& add_gradients);

 private:
  struct Table {
    Variable table;
    Tensor own;   // values before the attack
    Tensor move;  // so far
  };
  void move_tables();
  void put_back();

  AttackConfig config_;
  std::vector<NamedParameter> parameters_;
  std::vector<Table> tables_;
};

}  // namespace heddle
