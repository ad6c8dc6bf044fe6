#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "autograd/variable.h"

namespace heddle {

struct Node;
class GradientSlots;
struct LeafGradients;

struct BackwardOptions {
  /// Keep what was saved, so that another backward pass may go through the same operations.
  bool retain = false;
  /// Record the backward pass itself, so that gradients can be differentiated again; implies
  /// retain. Fused operations are then differentiated through their references.
  bool create_graph = false;
};

/// The list of operations in the order of their creation, which is a topological order: backward is
/// a loop from the end to the front, and frees what each operation saved as it passes.
///
/// A tape records from its construction to its destruction, for the thread that made it; the one
/// made last is the current one. Without a tape nothing is recorded. One training step:
///
///     Tape tape;
///     Variable loss = cross_entropy(model(x), targets);
///     tape.backward(loss);
class Tape {
 public:
  Tape();
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// The tape this thread records on; null where there is none.
  static Tape* current();

  /// Adds d(output)/d(leaf) to the gradient of every leaf that wants one. `doutput` is the gradient
  /// of something later with respect to `output` (1 where not given).
  /// Errors: output has no history on this tape; it is not a single value and doutput is not given;
  /// part of the way was freed by an earlier backward; a saved tensor was changed in place since.
  void backward(const Variable& output, const BackwardOptions& options = {});
  void backward(const Variable& output, const Variable& doutput,
                const BackwardOptions& options = {});

  /// Gradients of Σ outputs · doutputs with respect to `inputs` (leaves or results), which are
  /// returned and added nowhere. Undefined where an output does not depend on an input.
  Variables gradient(const Variables& outputs, const Variables& inputs,
                     const Variables& doutputs = {}, const BackwardOptions& options = {});

  std::size_t size() const;  // operations recorded so far
  /// Names of the recorded operations, in order (for tests and for people).
  std::vector<const char*> names() const;
  /// The distinct leaves with needs_grad used by what was recorded, by first use.
  Variables leaves() const;

 private:
  friend class Operation;
  friend class BackwardCall;
  friend class Variable;

  void run(const Variables& outputs, const Variables& doutputs, GradientSlots& slots,
           LeafGradients& leaves, const BackwardOptions& options);
  void mark_needed(const Variables& inputs, GradientSlots& slots) const;
  void sweep(std::int64_t first, std::int64_t last, GradientSlots& slots,
             const BackwardOptions& options);
  Variables differentiate_reference(Node& node, const Variables& doutputs, GradientSlots& slots,
                                    const BackwardOptions& options);

  std::uint64_t id_;
  Tape* outer_;
  std::vector<std::unique_ptr<Node>> nodes_;
};

/// While it lives, this thread records nothing.
class NoGrad {
 public:
  NoGrad();
  ~NoGrad();
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  bool before_;
};

/// While it lives, every operation of this thread checks its results and gradients: the first NaN
/// or infinity that appears although the operands had none throws NumericError with the operation,
/// the source line that called it, and the place. Slow; for finding where a training run went
/// wrong.
class DetectAnomaly {
 public:
  DetectAnomaly();
  ~DetectAnomaly();
  DetectAnomaly(const DetectAnomaly&) = delete;
  DetectAnomaly& operator=(const DetectAnomaly&) = delete;

 private:
  bool before_;
};

}  // namespace heddle
