#include "autograd/operation.h"

#include <algorithm>
#include <utility>

#include "autograd/node.h"

namespace heddle {

Operation::Operation(const char* name, std::span<const Variable> inputs, Where where)
    : range_(name), name_(name), where_(where) {
  const Variable* typed = nullptr;
  bool wants_gradient = false;
  for (const Variable& input : inputs) {
    if (!input.defined()) {
      continue;
    }
    wants_gradient = wants_gradient || input.needs_grad();
    if (!is_floating(input.dtype())) {
      continue;
    }
    if (typed == nullptr) {
      typed = &input;
      continue;
    }
    check(input.dtype() == typed->dtype(), name_, ": operands of type ", typed->dtype(), " and ",
          input.dtype(), "; expected one type (convert one with cast)");
    check(input.device() == typed->device(), name_, ": operands on ", typed->device(), " and ",
          input.device(), "; expected one device");
  }
  const Tape* tape = Tape::current();
  recorded_ = wants_gradient && tape != nullptr && RecordingScope::is_on();
  if (recorded_) {
    for (const Variable& input : inputs) {
      check(!input.needs_grad() || input.is_leaf() || input.state_->tape == tape->id_, name_,
            ": an operand was computed on another tape (one that has ended, or an outer one); "
            "compute it on this tape, or use its detach()");
    }
  }
  if (recorded_ || detecting_anomaly()) {
    inputs_.assign(inputs.begin(), inputs.end());
  }
}

Saved Operation::save(const Variable& input) const {
  Saved saved;
  if (recorded_ && input.defined()) {
    saved.variable_ = input;
    saved.version_ = input.value().version();
  }
  return saved;
}

Saved Operation::save_output(const Tensor& value, int output) const {
  Saved saved;
  if (recorded_) {
    saved.variable_ = Variable(value);
    saved.output_ = output;
    saved.version_ = value.version();
  }
  return saved;
}

Variable Operation::finish(Tensor value, Backward backward) {
  return finish(std::move(value), std::move(backward), Reference());
}

Variable Operation::finish(Tensor value, Backward backward, Reference reference) {
  Variable result(std::move(value));
  if (detecting_anomaly()) {
    detect_anomaly({&result, 1});
  }
  if (recorded_) {
    record({&result, 1}, std::move(backward), std::move(reference));
  }
  return result;
}

Variables Operation::finish(std::vector<Tensor> values, Backward backward, Reference reference) {
  Variables results;
  results.reserve(values.size());
  for (Tensor& value : values) {
    results.emplace_back(std::move(value));
  }
  if (detecting_anomaly()) {
    detect_anomaly(results);
  }
  if (recorded_) {
    record(results, std::move(backward), std::move(reference));
  }
  return results;
}

void Operation::detect_anomaly(std::span<const Variable> results) const {
  const bool inputs_finite = std::all_of(inputs_.begin(), inputs_.end(), [](const Variable& v) {
    return !v.defined() || all_finite(v.value());
  });
  if (inputs_finite) {
    throw_if_not_finite(name_, where_, "output", results);
  }
}

void Operation::record(std::span<Variable> results, Backward backward, Reference reference) {
  Tape& tape = *Tape::current();
  auto node = std::make_unique<Node>();
  node->name = name_;
  node->where = where_;
  node->inputs.reserve(inputs_.size());
  node->outputs.reserve(results.size());
  for (const Variable& input : inputs_) {
    Edge edge;
    if (input.needs_grad()) {
      if (input.is_leaf()) {
        edge.leaf = input.state_;
      } else {
        edge.node = input.state_->node;
        edge.output = input.state_->output;
      }
    }
    node->inputs.push_back(std::move(edge));
  }
  if (!tape.nodes_.empty()) {
    const Node& last = *tape.nodes_.back();
    node->first_slot = last.first_slot + static_cast<std::int64_t>(last.outputs.size());
  }
  for (std::size_t i = 0; i < results.size(); ++i) {
    VariableState& state = *results[i].state_;
    node->outputs.push_back({state.value.shape(), state.value.dtype(), state.value.device()});
    if (is_floating(state.value.dtype())) {
      state.needs_grad = true;
      state.tape = tape.id_;
      state.node = static_cast<std::int64_t>(tape.nodes_.size());
      state.output = static_cast<int>(i);
    }
  }
  node->backward = std::move(backward);
  if (reference) {
    node->reference = std::move(reference);
    for (const Variable& input : inputs_) {
      node->saved_versions.push_back(input.defined() ? input.value().version() : 0);
    }
    node->saved_inputs = std::move(inputs_);
  }
  tape.nodes_.push_back(std::move(node));
}

Variable BackwardCall::doutput_or_zeros(int i) const {
  const Variable& given = doutput(i);
  if (given.defined()) {
    return given;
  }
  const NodeOutput& output = node_.outputs[static_cast<std::size_t>(i)];
  return Variable(Tensor::zeros(output.shape, output.dtype, output.device));
}

bool BackwardCall::wanted(int input) const {
  return node_.inputs[static_cast<std::size_t>(input)].wanted();
}

Variable BackwardCall::get(const Saved& saved) const {
  if (!saved.variable_.defined()) {
    return {};
  }
  const Tensor& value = saved.variable_.value();
  check(value.version() == saved.version_, "backward of ", Described{node_.name, node_.where},
        ": the ", saved.output_ < 0 ? "operand" : "result", " it saved was changed in place by '",
        value.last_change(), "' since (version ", saved.version_, " saved, ", value.version(),
        " found); change a clone() instead");
  if (saved.output_ < 0 || !create_graph_) {
    return saved.variable_;
  }
  auto state = std::make_shared<VariableState>(value, true);
  state->tape = tape_.id_;
  state->node = index_;
  state->output = saved.output_;
  return Variable(std::move(state));
}

}  // namespace heddle
