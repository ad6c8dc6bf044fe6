#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "autograd/operation.h"
#include "autograd/tape.h"
#include "autograd/variable.h"
#include "core/small_blocks.h"

namespace heddle {

// What variables and tapes are made of; for the files of this folder only.

struct VariableState {
  VariableState(Tensor of, bool wants_grad) : value(std::move(of)), needs_grad(wants_grad) {}

  Tensor value;
  bool needs_grad;
  // History: which output of which operation of which tape. Tape 0 is none: a leaf.
  std::uint64_t tape = 0;
  std::int64_t node = -1;
  int output = 0;
  Variable grad;
  std::vector<GradientHook> hooks;  // of leaves; those of results stand in their node's watchers
};

using StatePointer = std::shared_ptr<VariableState>;

/// Where the gradient of an operation's input goes: to a leaf, to an output of an earlier
/// operation, or nowhere.
struct Edge {
  StatePointer leaf;
  std::int64_t node = -1;
  int output = 0;

  bool wanted() const { return leaf != nullptr || node >= 0; }
};

struct NodeOutput {
  Shape shape;
  DType dtype = DType::f32;
  Device device;
};

/// A result whose gradient somebody asked to see.
struct Watcher {
  int output = 0;
  StatePointer kept;  // gets the gradient, where not null
  GradientHook hook;  // sees (and may replace) the gradient, where not empty
};

template <typename T>
using SmallVector = std::vector<T, SmallBlockAllocator<T>>;

struct Node {
  static void* operator new(std::size_t bytes) { return take_small_block(bytes); }
  static void operator delete(void* block, std::size_t bytes) {
    give_back_small_block(block, bytes);
  }

  const char* name = "";
  Where where;
  SmallVector<Edge> inputs;
  SmallVector<NodeOutput> outputs;
  std::int64_t first_slot = 0;  // outputs of all earlier nodes together
  Backward backward;
  Reference reference;
  // For the reference: the inputs with their history, and the versions they had.
  Variables saved_inputs;
  std::vector<std::int64_t> saved_versions;
  std::vector<Watcher> watchers;
  bool freed = false;

  void free() {
    backward = nullptr;
    reference = nullptr;
    saved_inputs.clear();
    freed = true;
  }
};

/// Gradients that have arrived at leaves, in the order of first arrival.
struct LeafGradients {
  std::vector<std::pair<StatePointer, Variable>> entries;
  std::unordered_map<const VariableState*, std::size_t> places;
};

/// Gradients on their way: one slot per output of the nodes [first, last) of a tape. What belongs
/// to earlier nodes goes on to `outer`.
class GradientSlots {
 public:
  GradientSlots(const std::vector<std::unique_ptr<Node>>& nodes, std::int64_t first,
                std::int64_t last, LeafGradients& leaves, GradientSlots* outer);

  /// Adds `gradient` to the slot or leaf the edge points to.
  void accumulate(const Edge& edge, const Variable& gradient);
  Variable& slot(std::int64_t node, int output);
  /// Takes all gradients of a node's outputs out of their slots (those asked to stay are copied).
  void take(const Node& node, std::int64_t index, Variables& taken);
  void keep(std::int64_t node, int output);

  /// Where not empty, nodes with false are passed over: no asked-for input depends on them.
  std::vector<char> needed;

 private:
  std::size_t place(std::int64_t node, int output) const;

  const std::vector<std::unique_ptr<Node>>& nodes_;
  std::int64_t first_;
  std::int64_t base_;
  std::vector<Variable> slots_;
  std::vector<char> kept_;
  LeafGradients& leaves_;
  GradientSlots* outer_;
};

/// Sets whether this thread records, and puts it back.
class RecordingScope {
 public:
  explicit RecordingScope(bool on);
  ~RecordingScope();
  RecordingScope(const RecordingScope&) = delete;
  RecordingScope& operator=(const RecordingScope&) = delete;
  static bool is_on();

 private:
  bool before_;
};

/// Makes a tape the current one for a while: its backward pass may run inside another tape.
class CurrentTapeScope {
 public:
  explicit CurrentTapeScope(Tape* tape);
  ~CurrentTapeScope();
  CurrentTapeScope(const CurrentTapeScope&) = delete;
  CurrentTapeScope& operator=(const CurrentTapeScope&) = delete;

 private:
  Tape* before_;
};

bool detecting_anomaly();
/// Throws NumericError if a defined floating value among `values` has a NaN or infinity; `what`
/// ("output", "gradient of input") and the operation are named.
void throw_if_not_finite(const char* operation, const Where& where, const char* what,
                         std::span<const Variable> values);
bool all_finite(const Tensor& tensor);

/// Written as "'tanh' (model.cpp:12)"; costs nothing until it is.
struct Described {
  const char* operation;
  const Where& where;
};
std::ostream& operator<<(std::ostream& out, const Described& described);

}  // namespace heddle
