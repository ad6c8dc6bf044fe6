#include "autograd/node.h"
#include "autograd/ops.h"

namespace heddle {

GradientSlots::GradientSlots(const std::vector<std::unique_ptr<Node>>& nodes, std::int64_t first,
                             std::int64_t last, LeafGradients& leaves, GradientSlots* outer)
    : nodes_(nodes), first_(first), base_(0), leaves_(leaves), outer_(outer) {
  if (first < last) {
    const Node& front = *nodes[static_cast<std::size_t>(first)];
    const Node& back = *nodes[static_cast<std::size_t>(last - 1)];
    base_ = front.first_slot;
    slots_.resize(static_cast<std::size_t>(back.first_slot - base_) + back.outputs.size());
  }
}

std::size_t GradientSlots::place(std::int64_t node, int output) const {
  return static_cast<std::size_t>(nodes_[static_cast<std::size_t>(node)]->first_slot - base_ +
                                  output);
}

Variable& GradientSlots::slot(std::int64_t node, int output) { return slots_[place(node, output)]; }

void GradientSlots::keep(std::int64_t node, int output) {
  kept_.resize(slots_.size());
  kept_[place(node, output)] = 1;
}

void GradientSlots::accumulate(const Edge& edge, const Variable& gradient) {
  if (edge.leaf != nullptr) {
    const auto [found, is_new] =
        leaves_.places.try_emplace(edge.leaf.get(), leaves_.entries.size());
    if (is_new) {
      leaves_.entries.emplace_back(edge.leaf, gradient);
    } else {
      Variable& sum = leaves_.entries[found->second].second;
      sum = add(sum, gradient);
    }
    return;
  }
  if (edge.node < first_) {
    check(outer_ != nullptr, "autograd: a gradient left the part of the tape it belongs to");
    outer_->accumulate(edge, gradient);
    return;
  }
  Variable& sum = slot(edge.node, edge.output);
  sum = sum.defined() ? add(sum, gradient) : gradient;
}

void GradientSlots::take(const Node& node, std::int64_t index, Variables& taken) {
  taken.clear();
  taken.resize(node.outputs.size());
  for (std::size_t i = 0; i < taken.size(); ++i) {
    const std::size_t at = place(index, static_cast<int>(i));
    if (kept_.empty() || kept_[at] == 0) {
      taken[i] = std::move(slots_[at]);
      slots_[at] = Variable();
    } else {
      taken[i] = slots_[at];
    }
  }
}

}  // namespace heddle
