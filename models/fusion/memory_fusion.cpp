#include "models/fusion/memory_fusion.h"

#include <cstddef>

#include "autograd/ops.h"
#include "core/error.h"
#include "layers/mixed_precision.h"
#include "models/fusion/by_modality.h"

namespace heddle {
namespace {

/// h and c [B, width] of one modality.
struct CellState {
  Variable h;
  Variable c;
};

/// One step of an LSTM, x [B, width], where `visible` (bool [B]) is true.
CellState advanced(const Lstm& cells, const Variable& x, const CellState& before,
                   const Tensor& visible) {
  const Shape as_sequence = x.shape().inserted(0, 1);
  const Lstm::Layer& layer = cells.layers.front();
  const LstmResult result = lstm(reshape(x, as_sequence), cast_like(layer.weight_input, x),
                                 cast_like(layer.weight_hidden, x), cast_like(layer.bias, x), {},
                                 reshape(before.h, as_sequence), reshape(before.c, as_sequence));
  const Tensor shown = visible.unsqueeze(-1);
  return {where(shown, reshape(result.h_n, x.shape()), before.h),
          where(shown, reshape(result.c_n, x.shape()), before.c)};
}

/// bool [T, B]: any modality is visible.
Tensor any_visible(const std::vector<VisibleSteps>& steps) {
  Variable most(steps.front().mask);
  for (const VisibleSteps& each : steps) {
    most = maximum(most, Variable(each.mask));
  }
  return compare(CompareOp::greater, most.value(),
                 Tensor::scalar(0.0, most.dtype(), most.device()));
}

}  // namespace

MemoryFusion::Network::Network(std::int64_t in, std::int64_t inside, std::int64_t out,
                               const Generator& generator, DType dtype)
    : first(in, inside, generator.named("first"), {.dtype = dtype}),
      second(inside, out, generator.named("second"), {.dtype = dtype}) {}

void MemoryFusion::Network::visit(Visitor& visitor) {
  visitor.layer("first", first);
  visitor.layer("second", second);
}

MemoryFusion::MemoryFusion(const FusionSpec& spec, const Generator& generator)
    : names(spec.names),
      width(spec.width),
      each_step(spec.each_step),
      attention(2 * static_cast<std::int64_t>(names.size()) * width, width,
                2 * static_cast<std::int64_t>(names.size()) * width, generator.named("attention"),
                spec.dtype),
      candidate(2 * static_cast<std::int64_t>(names.size()) * width, width, width,
                generator.named("candidate"), spec.dtype),
      retain(2 * static_cast<std::int64_t>(names.size()) * width, width, width,
             generator.named("retain"), spec.dtype),
      update(2 * static_cast<std::int64_t>(names.size()) * width, width, width,
             generator.named("update"), spec.dtype),
      linear((static_cast<std::int64_t>(names.size()) + 1) * width, width,
             generator.named("linear"), {.dtype = spec.dtype}) {
  for (const std::string& name : names) {
    cells.emplace_back(width, width, generator.named("cells").named(name),
                       LstmOptions{.dtype = spec.dtype});
  }
}

Fused MemoryFusion::operator()(const FusionInputs& inputs) const {
  std::vector<VisibleSteps> steps;
  for (std::size_t m = 0; m < inputs.size(); ++m) {
    check<InputError>(inputs[m].steps.defined(), "memory fusion: \"", names[m],
                      "\" is one vector; expected steps of every modality (choose modalities, or "
                      "encoders, that have them)");
    steps.push_back(visible_steps(inputs[m]));
    check<InputError>(steps[m].values.size(0) == steps[0].values.size(0), "memory fusion: \"",
                      names[m], "\" has ", steps[m].values.size(0), " steps but \"", names[0],
                      "\" has ", steps[0].values.size(0),
                      "; expected aligned modalities, with equally many");
  }
  const Tensor any = any_visible(steps);
  const Variable& like = steps.front().values;
  const std::int64_t samples = like.size(1);
  const Variable zero(Tensor::zeros({samples, width}, like.dtype(), like.device()));
  std::vector<CellState> states(steps.size(), CellState{zero, zero});
  Variable memory = zero;
  Variables results;
  for (std::int64_t t = 0; t < like.size(0); ++t) {
    Variables before;
    Variables after;
    Variables joined;
    for (std::size_t m = 0; m < steps.size(); ++m) {
      before.push_back(states[m].c);
      states[m] = advanced(cells[m], select(steps[m].values, 0, t), states[m],
                           steps[m].visible.select(0, t));
      after.push_back(states[m].c);
      joined.push_back(states[m].h);
    }
    before.insert(before.end(), after.begin(), after.end());
    const Variable both = concat(before, 1);
    const Variable seen = softmax(attention(both)) * both;
    const Variable next =
        sigmoid(retain(seen)) * memory + sigmoid(update(seen)) * tanh(candidate(seen));
    memory = where(any.select(0, t).unsqueeze(-1), next, memory);
    if (each_step || t + 1 == like.size(0)) {
      joined.push_back(memory);
      results.push_back(linear(concat(joined, 1)));
    }
  }
  return {each_step ? stack(results, 0) : results.back(), {}};
}

void MemoryFusion::visit(Visitor& visitor) {
  ByModality<Lstm> by_modality{names, cells};
  visitor.layer("cells", by_modality);
  visitor.layer("attention", attention);
  visitor.layer("candidate", candidate);
  visitor.layer("retain", retain);
  visitor.layer("update", update);
  visitor.layer("linear", linear);
}

}  // namespace heddle
