#include <algorithm>
#include <unordered_set>
#include <utility>

#include "autograd/node.h"
#include "autograd/ops.h"
#include "autograd/tape.h"

namespace heddle {
namespace {

Variable ones_for(const Variable& output) {
  return Variable(Tensor::full(output.shape(), 1.0, output.dtype(), output.device()));
}

/// A fresh variable with the same value, whose gradient goes on to `x`: where the part of the tape
/// that a reference records begins.
Variable alias(const Variable& x) {
  Operation op("alias", {x}, Where::current());
  return op.finish(x.value(), [](const BackwardCall& call) -> Variables { return {call.dy()}; });
}

void check_gradient(const Node& node, std::size_t input, const Variable& gradient,
                    const Shape& shape, DType dtype) {
  check(gradient.shape() == shape && gradient.dtype() == dtype, "backward of ",
        Described{node.name, node.where}, ": gradient of input ", input, " is ", gradient.shape(),
        " ", gradient.dtype(), ", expected ", shape, " ", dtype);
}

/// Shows a finished gradient to a hook, which may replace it.
void call_hook(const GradientHook& hook, Variable& gradient) {
  Variable replaced = hook(gradient);
  if (replaced.defined()) {
    gradient = std::move(replaced);
  }
}

/// Adds what arrived to the leaves' own gradients.
void deposit(LeafGradients& arrived, bool create_graph) {
  std::vector<const Storage*> taken;
  for (auto& [leaf, gradient] : arrived.entries) {
    if (leaf->grad.defined()) {
      leaf->grad = add(leaf->grad, gradient);
    } else if (create_graph) {
      leaf->grad = gradient;
    } else {
      // A leaf owns its gradient: no two share memory, and none is a broadcast view.
      const Tensor value = gradient.value().contiguous();
      const bool shared = std::find(taken.begin(), taken.end(), value.storage()) != taken.end();
      leaf->grad = Variable(shared ? value.clone() : value);
    }
    taken.push_back(leaf->grad.value().storage());
  }
}

}  // namespace

void Tape::backward(const Variable& output, const BackwardOptions& options) {
  backward(output, Variable(), options);
}

void Tape::backward(const Variable& output, const Variable& doutput,
                    const BackwardOptions& options) {
  check(output.defined(), "backward: the output is not defined");
  check(doutput.defined() || output.value().elements() == 1, "backward: the output is ",
        output.shape(),
        ", not a single value; reduce it (sum, mean) or pass the gradient of what follows it");
  LeafGradients leaves;
  GradientSlots slots(nodes_, 0, static_cast<std::int64_t>(nodes_.size()), leaves, nullptr);
  run({output}, {doutput}, slots, leaves, options);
  deposit(leaves, options.create_graph);
}

Variables Tape::gradient(const Variables& outputs, const Variables& inputs,
                         const Variables& doutputs, const BackwardOptions& options) {
  LeafGradients leaves;
  GradientSlots slots(nodes_, 0, static_cast<std::int64_t>(nodes_.size()), leaves, nullptr);
  mark_needed(inputs, slots);
  run(outputs, doutputs, slots, leaves, options);
  Variables found;
  for (const Variable& input : inputs) {
    if (!input.needs_grad()) {
      found.emplace_back();
    } else if (input.is_leaf()) {
      const auto place = leaves.places.find(input.state_.get());
      found.push_back(place == leaves.places.end() ? Variable()
                                                   : leaves.entries[place->second].second);
    } else {
      found.push_back(slots.slot(input.state_->node, input.state_->output));
    }
  }
  return found;
}

void Tape::mark_needed(const Variables& inputs, GradientSlots& slots) const {
  std::unordered_set<const VariableState*> leaves;
  std::vector<char> asked(nodes_.size(), 0);
  for (const Variable& input : inputs) {
    check(input.defined(), "gradient: an input is not defined");
    if (!input.needs_grad()) {
      continue;
    }
    if (input.is_leaf()) {
      leaves.insert(input.state_.get());
    } else {
      check(input.state_->tape == id_, "gradient: an input was computed on another tape");
      slots.keep(input.state_->node, input.state_->output);
      asked[static_cast<std::size_t>(input.state_->node)] = 1;
    }
  }
  slots.needed.assign(nodes_.size(), 0);
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    const auto leads_there = [&](const Edge& edge) {
      if (edge.leaf != nullptr) {
        return leaves.contains(edge.leaf.get());
      }
      const auto source = static_cast<std::size_t>(edge.node);
      return edge.node >= 0 && (slots.needed[source] != 0 || asked[source] != 0);
    };
    const auto& edges = nodes_[n]->inputs;
    slots.needed[n] = std::any_of(edges.begin(), edges.end(), leads_there) ? 1 : 0;
  }
}

void Tape::run(const Variables& outputs, const Variables& doutputs, GradientSlots& slots,
               LeafGradients& leaves, const BackwardOptions& options) {
  check(doutputs.empty() || doutputs.size() == outputs.size(), "backward: ", outputs.size(),
        " outputs but ", doutputs.size(), " gradients of outputs");
  const NvtxRange range("backward");
  const CurrentTapeScope current(this);
  const RecordingScope recording(options.create_graph);
  const auto last = static_cast<std::int64_t>(nodes_.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Variable& output = outputs[i];
    check(output.needs_grad(), "backward: output ", i,
          " has no history: nothing it was computed from wants a gradient, or it was computed "
          "under NoGrad or without a tape");
    check(output.is_leaf() || output.state_->tape == id_, "backward: output ", i,
          " was computed on another tape, one that has ended or is outer");
    const bool given = i < doutputs.size() && doutputs[i].defined();
    const Variable doutput = given ? doutputs[i] : ones_for(output);
    check(doutput.shape() == output.shape() && doutput.dtype() == output.dtype(),
          "backward: the gradient of output ", i, " is ", doutput.shape(), " ", doutput.dtype(),
          ", expected ", output.shape(), " ", output.dtype());
    if (output.is_leaf()) {
      slots.accumulate({output.state_, -1, 0}, doutput);
    } else {
      slots.accumulate({nullptr, output.state_->node, output.state_->output}, doutput);
    }
  }
  sweep(0, last, slots, options);
  for (auto& [leaf, gradient] : leaves.entries) {
    for (const GradientHook& hook : leaf->hooks) {
      call_hook(hook, gradient);
    }
  }
}

void Tape::sweep(std::int64_t first, std::int64_t last, GradientSlots& slots,
                 const BackwardOptions& options) {
  Variables doutputs;
  for (std::int64_t index = last - 1; index >= first; --index) {
    const auto n = static_cast<std::size_t>(index);
    Node& node = *nodes_[n];  // stays where it is while the tape grows
    slots.take(node, index, doutputs);
    if (std::none_of(doutputs.begin(), doutputs.end(),
                     [](const Variable& d) { return d.defined(); })) {
      continue;
    }
    for (const Watcher& watcher : node.watchers) {
      Variable& gradient = doutputs[static_cast<std::size_t>(watcher.output)];
      if (!gradient.defined()) {
        continue;
      }
      if (watcher.hook) {
        call_hook(watcher.hook, gradient);
      }
      if (watcher.kept != nullptr) {
        Variable& kept = watcher.kept->grad;
        kept = kept.defined() ? add(kept, gradient) : gradient;
      }
    }
    if (!slots.needed.empty() && n < slots.needed.size() && slots.needed[n] == 0) {
      continue;
    }
    check(!node.freed, "backward through ", Described{node.name, node.where},
          " a second time: what it saved was freed by the first pass; pass retain = true to that "
          "one");

    const NvtxRange range(node.name);
    Variables gradients;
    if (options.create_graph && node.reference) {
      gradients = differentiate_reference(node, doutputs, slots, options);
    } else {
      gradients = node.backward(BackwardCall(*this, node, index, doutputs, options.create_graph));
    }
    check(gradients.size() == node.inputs.size(), "backward of ", Described{node.name, node.where},
          ": returned ", gradients.size(), " gradients for ", node.inputs.size(), " inputs");
    if (detecting_anomaly() && std::all_of(doutputs.begin(), doutputs.end(), [](const Variable& d) {
          return !d.defined() || all_finite(d.value());
        })) {
      throw_if_not_finite(node.name, node.where, "gradient of input", gradients);
    }
    doutputs.clear();
    if (!options.retain && !options.create_graph) {
      node.free();
    }
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      const Edge& edge = node.inputs[i];
      if (!gradients[i].defined() || !edge.wanted()) {
        continue;
      }
      if (edge.leaf != nullptr) {
        check_gradient(node, i, gradients[i], edge.leaf->value.shape(), edge.leaf->value.dtype());
      } else {
        const NodeOutput& source = nodes_[static_cast<std::size_t>(edge.node)]
                                       ->outputs[static_cast<std::size_t>(edge.output)];
        check_gradient(node, i, gradients[i], source.shape, source.dtype);
      }
      slots.accumulate(edge, gradients[i]);
    }
  }
}

Variables Tape::differentiate_reference(Node& node, const Variables& doutputs, GradientSlots& slots,
                                        const BackwardOptions& options) {
  Variables aliases;
  const auto begin = static_cast<std::int64_t>(nodes_.size());
  for (std::size_t i = 0; i < node.saved_inputs.size(); ++i) {
    const Variable& input = node.saved_inputs[i];
    if (!input.defined()) {
      aliases.emplace_back();
      continue;
    }
    check(input.value().version() == node.saved_versions[i], "backward of ",
          Described{node.name, node.where}, ": the operand it saved was changed in place by '",
          input.value().last_change(), "' since; change a clone() instead");
    aliases.push_back(input.needs_grad() ? alias(input) : input);
  }
  const auto aliases_end = static_cast<std::int64_t>(nodes_.size());
  const Variables outputs = node.reference(aliases);
  check(outputs.size() == node.outputs.size(), Described{node.name, node.where},
        ": its reference returned ", outputs.size(), " outputs, expected ", node.outputs.size());
  const auto end = static_cast<std::int64_t>(nodes_.size());

  LeafGradients captured;  // leaves the reference uses beside its inputs
  GradientSlots inner(nodes_, begin, end, captured, &slots);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (doutputs[i].defined() && outputs[i].needs_grad() && !outputs[i].is_leaf()) {
      inner.accumulate({nullptr, outputs[i].state_->node, outputs[i].state_->output}, doutputs[i]);
    }
  }
  sweep(aliases_end, end, inner, options);
  for (const auto& [leaf, gradient] : captured.entries) {
    slots.accumulate({leaf, -1, 0}, gradient);
  }
  Variables gradients;
  for (const Variable& input : aliases) {
    const bool on_way = input.defined() && input.needs_grad();
    gradients.push_back(on_way ? inner.slot(input.state_->node, input.state_->output) : Variable());
  }
  return gradients;
}

}  // namespace heddle
