// Checkpointing:  outputs = body(inputs), with nothing saved but the inputs; backward runs body
// again and differentiates that run. Memory of one run of body, once, for the time of one more
// forward. Chen et al., "Training deep nets with sublinear memory cost", arXiv 1604.06174.
//
// The first run is recorded on a tape of its own that ends with it, only to learn which leaves
// (parameters) body uses beside its inputs: they become inputs of the operation.

#include <algorithm>
#include <utility>

#include "autograd/node.h"
#include "autograd/ops.h"

namespace heddle {
namespace {

using Body = std::function<Variables(const Variables&)>;

/// The random streams body draws from, as they were at its first run.
class GeneratorStates {
 public:
  explicit GeneratorStates(std::initializer_list<Generator*> generators) : generators_(generators) {
    for (const Generator* generator : generators_) {
      states_.push_back(generator->state());
    }
  }

  /// Runs `body` with the streams put back to their first places, and leaves them where they are
  /// now.
  Variables replay(const Body& body, const Variables& inputs) const {
    std::vector<Generator::State> now;
    for (std::size_t i = 0; i < generators_.size(); ++i) {
      now.push_back(generators_[i]->state());
      generators_[i]->restore(states_[i]);
    }
    Variables outputs = body(inputs);
    for (std::size_t i = 0; i < generators_.size(); ++i) {
      generators_[i]->restore(now[i]);
    }
    return outputs;
  }

 private:
  std::vector<Generator*> generators_;
  std::vector<Generator::State> states_;
};

/// Leaves with the same values, so that what body records ends at them.
Variables cut_off(const Variables& inputs) {
  Variables leaves;
  for (const Variable& input : inputs) {
    leaves.push_back(input.defined() ? Variable(input.value(), input.needs_grad()) : Variable());
  }
  return leaves;
}

}  // namespace

Variables checkpoint(const Body& body, const Variables& inputs,
                     std::initializer_list<Generator*> generators, Where where) {
  if (Tape::current() == nullptr || !RecordingScope::is_on()) {
    return body(inputs);
  }
  const GeneratorStates states(generators);
  std::vector<Tensor> values;
  Variables all_inputs = inputs;
  {
    Tape trial;
    const Variables leaves = cut_off(inputs);
    for (const Variable& output : body(leaves)) {
      values.push_back(output.value());
    }
    for (const Variable& leaf : trial.leaves()) {
      const bool is_input = std::any_of(leaves.begin(), leaves.end(), [&](const Variable& input) {
        return input.defined() && input.same_as(leaf);
      });
      if (!is_input) {
        all_inputs.push_back(leaf);
      }
    }
  }

  Operation op("checkpoint", all_inputs, where);
  std::vector<Saved> saved;
  for (const Variable& input : all_inputs) {
    saved.push_back(op.save(input));
  }
  const std::size_t given = inputs.size();
  const std::size_t count = values.size();
  auto backward = [=](const BackwardCall& call) -> Variables {
    Variables again;
    for (const Saved& input : saved) {
      again.push_back(call.get(input));
    }
    const RecordingScope recording(true);
    Tape tape;
    Variables leaves =
        cut_off(Variables(again.begin(), again.begin() + static_cast<std::ptrdiff_t>(given)));
    const Variables outputs = states.replay(body, leaves);
    leaves.insert(leaves.end(), again.begin() + static_cast<std::ptrdiff_t>(given), again.end());
    Variables reached;
    Variables doutputs;
    for (std::size_t i = 0; i < count; ++i) {
      if (outputs[i].needs_grad() && call.doutput(static_cast<int>(i)).defined()) {
        reached.push_back(outputs[i]);
        doutputs.push_back(call.doutput(static_cast<int>(i)));
      }
    }
    Variables asked;
    for (const Variable& leaf : leaves) {
      if (leaf.needs_grad()) {
        asked.push_back(leaf);
      }
    }
    const Variables found = tape.gradient(reached, asked, doutputs);
    Variables gradients(leaves.size());
    for (std::size_t i = 0, next = 0; i < leaves.size(); ++i) {
      if (leaves[i].needs_grad()) {
        gradients[i] = found[next++];
      }
    }
    return gradients;
  };
  // Parameters are used by body itself, not through the reference's inputs.
  auto reference = [=](const Variables& again) {
    return states.replay(
        body, Variables(again.begin(), again.begin() + static_cast<std::ptrdiff_t>(given)));
  };
  return op.finish(std::move(values), std::move(backward), std::move(reference));
}

}  // namespace heddle
