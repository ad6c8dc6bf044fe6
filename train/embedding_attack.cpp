#include "train/embedding_attack.h"

#include <cstddef>

#include "autograd/ops.h"
#include "core/error.h"

namespace heddle {
namespace {

/// Euclidean norm of all elements, [1, 1], never 0.
Variable norm_of(const Variable& x) {
  constexpr double tiny = 1e-24;
  return sqrt(reshape(sum(square(x)), {1, 1}) + tiny);
}

}  // namespace

EmbeddingAttack::EmbeddingAttack(const AttackConfig& config,
                                 const std::vector<NamedParameter>& parameters)
    : config_(config), parameters_(parameters) {
  for (const NamedParameter& parameter : parameters_) {
    if (parameter.name == "embedding.weight" || parameter.name.ends_with(".embedding.weight")) {
      tables_.push_back({.table = parameter.variable, .own = {}, .move = {}});
    }
  }
  check<InputError>(!tables_.empty(),
                    "train.attack moves embedding tables, but this model has none; expected an "
                    "input of kind tokens, or train.attack.kind = \"none\"");
}

/// Along the gradients the tables have now.
void EmbeddingAttack::move_tables() {
  const NoGrad no_grad;
  for (Table& one : tables_) {
    if (!one.table.grad().defined()) {
      continue;
    }
    const Variable gradient(one.table.grad().value());
    const double length = config_.kind == AttackKind::fgm ? config_.epsilon : config_.step;
    Variable move = length * gradient / norm_of(gradient);
    if (one.move.defined()) {
      move = Variable(one.move) + move;
    }
    // Back to distance ε from outside; inside, the factor is 1.
    const Variable distance = norm_of(move);
    const Variable one_part(
        Tensor::full({1, 1}, 1.0, distance.value().dtype()).to(distance.device()));
    move = move * reciprocal(maximum(distance * (1.0 / config_.epsilon), one_part));
    one.move = move.value();
    one.table.value_in_place().copy_((Variable(one.own) + move).value(), "EmbeddingAttack");
  }
}

void EmbeddingAttack::put_back() {
  for (Table& one : tables_) {
    one.table.value_in_place().copy_(one.own, "EmbeddingAttack");
    one.move = {};
  }
}

void EmbeddingAttack::run(const std::function<void()>& add_gradients) {
  for (Table& one : tables_) {
    one.own = one.table.value().clone();
  }
  const std::int64_t steps = config_.kind == AttackKind::fgm ? 1 : config_.steps;
  Variables honest;
  for (const NamedParameter& parameter : parameters_) {
    honest.push_back(parameter.variable.grad());
  }
  for (std::int64_t step = 0; step < steps; ++step) {
    move_tables();
    const bool last = step + 1 == steps;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      Variable parameter = parameters_[i].variable;
      parameter.clear_grad();
      if (last && honest[i].defined()) {
        parameter.set_grad(honest[i]);
      }
    }
    add_gradients();
  }
  put_back();
}

}  // namespace heddle
