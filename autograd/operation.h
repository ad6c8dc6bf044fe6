#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <vector>

#include "autograd/tape.h"
#include "autograd/variable.h"
#include "core/nvtx_range.h"

namespace heddle {

/// Where in the source an operation was called. Last parameter of every operation, never passed by
/// hand. (std::source_location is not to be had from clang before 16 with GCC's library.)
class Where {
 public:
  constexpr Where() = default;
  static constexpr Where current(const char* file = __builtin_FILE(),
                                 unsigned line = __builtin_LINE()) {
    return Where(file, line);
  }
  constexpr const char* file_name() const { return file_; }
  constexpr unsigned line() const { return line_; }

 private:
  constexpr Where(const char* file, unsigned line) : file_(file), line_(line) {}

  const char* file_ = "";
  unsigned line_ = 0;
};

struct Node;

/// A tensor kept for backward, with the version it had: reading it after it was changed in place is
/// an error that names the operation that saved it and the one that changed it.
class Saved {
 public:
  Saved() = default;

 private:
  friend class Operation;
  friend class BackwardCall;
  Variable variable_;  // input: with its history; output: value only, linked when read
  int output_ = -1;    // which output of its own operation it is; −1 for inputs
  std::int64_t version_ = 0;
};

/// What an operation's backward function is given.
class BackwardCall {
 public:
  /// Gradient of output i; undefined where nothing later used that output.
  const Variable& doutput(int i) const { return doutputs_[static_cast<std::size_t>(i)]; }
  /// The same, but zeros where undefined.
  Variable doutput_or_zeros(int i) const;
  /// Gradient of the only output.
  const Variable& dy() const { return doutputs_.front(); }
  /// Whether the gradient of input i will be used; if not, return an undefined variable for it.
  bool wanted(int input) const;
  /// True in a plain backward pass: the result need not be differentiable, so a kernel may compute
  /// it from tensors. False under create_graph: compose it of operations on variables. Never false
  /// for operations that were finished with a reference.
  bool first_order() const { return !create_graph_; }
  /// The saved variable, part of the graph again. Errors: changed in place since.
  Variable get(const Saved& saved) const;
  const Tensor value(const Saved& saved) const { return get(saved).value(); }

 private:
  friend class Tape;
  BackwardCall(const Tape& tape, const Node& node, std::int64_t index, const Variables& doutputs,
               bool create_graph)
      : tape_(tape), node_(node), index_(index), doutputs_(doutputs), create_graph_(create_graph) {}

  const Tape& tape_;
  const Node& node_;
  std::int64_t index_;
  const Variables& doutputs_;
  bool create_graph_;
};

/// Gradients of the inputs, one per input in order, each of the input's shape and type, undefined
/// where none flows.
using Backward = std::function<Variables(const BackwardCall&)>;
/// The outputs again, composed of simpler operations on the inputs.
using Reference = std::function<Variables(const Variables& inputs)>;

/// One call of an operation, from its inputs to its place on the tape. Every operation is one
/// function in autograd/ops that checks shapes, computes values by a kernel, and finishes:
///
///     Variable square(const Variable& x, Where where) {
///       Operation op("square", {x}, where);
///       Tensor y = …;
///       return op.finish(y, [x = op.save(x)](const BackwardCall& call) -> Variables {
///         return {2.0 * call.get(x) * call.dy()};
///       });
///     }
class Operation {
 public:
  /// `name` must be a string literal. Undefined inputs stand for optional ones that are not given.
  /// Errors: floating inputs of different types or devices; an input that belongs to another tape.
  Operation(const char* name, std::initializer_list<Variable> inputs, Where where)
      : Operation(name, std::span<const Variable>(inputs.begin(), inputs.size()), where) {}
  Operation(const char* name, std::span<const Variable> inputs, Where where);

  const char* name() const { return name_; }
  /// The operation will be recorded: an input wants a gradient, and a tape is recording.
  bool recorded() const { return recorded_; }
  Saved save(const Variable& input) const;
  /// `value` as passed to finish, as its output number `output`.
  Saved save_output(const Tensor& value, int output = 0) const;

  /// Puts the operation on the tape (if recorded) and wraps the value.
  Variable finish(Tensor value, Backward backward);
  /// For a fused operation: `backward` is used for first derivatives, and `reference` for higher
  /// ones.
  Variable finish(Tensor value, Backward backward, Reference reference);
  Variables finish(std::vector<Tensor> values, Backward backward, Reference reference = {});

 private:
  /// Throws where a result is not finite although all inputs were (DetectAnomaly).
  void detect_anomaly(std::span<const Variable> results) const;
  void record(std::span<Variable> results, Backward backward, Reference reference);

  NvtxRange range_;  // the operation in a profiler's timeline, as long as its function runs
  const char* name_;
  Where where_;
  Variables inputs_;  // empty where nobody will ask for them
  bool recorded_ = false;
};

}  // namespace heddle
