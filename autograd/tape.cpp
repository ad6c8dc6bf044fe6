#include "autograd/tape.h"

#include <atomic>
#include <unordered_set>
#include <utility>

#include "autograd/node.h"

namespace heddle {
namespace {

thread_local Tape* current_tape = nullptr;
thread_local bool recording = true;

std::uint64_t next_tape_id() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace

CurrentTapeScope::CurrentTapeScope(Tape* tape) : before_(std::exchange(current_tape, tape)) {}
CurrentTapeScope::~CurrentTapeScope() { current_tape = before_; }

RecordingScope::RecordingScope(bool on) : before_(std::exchange(recording, on)) {}
RecordingScope::~RecordingScope() { recording = before_; }
bool RecordingScope::is_on() { return recording; }

NoGrad::NoGrad() : before_(std::exchange(recording, false)) {}
NoGrad::~NoGrad() { recording = before_; }

Tape::Tape() : id_(next_tape_id()), outer_(current_tape) { current_tape = this; }

Tape::~Tape() {
  // Normally this is the current tape; where lifetimes do not nest, take it out of the chain.
  if (current_tape == this) {
    current_tape = outer_;
    return;
  }
  for (Tape* tape = current_tape; tape != nullptr; tape = tape->outer_) {
    if (tape->outer_ == this) {
      tape->outer_ = outer_;
      return;
    }
  }
}

Tape* Tape::current() { return current_tape; }

std::size_t Tape::size() const { return nodes_.size(); }

std::vector<const char*> Tape::names() const {
  std::vector<const char*> found;
  for (const auto& node : nodes_) {
    found.push_back(node->name);
  }
  return found;
}

Variables Tape::leaves() const {
  Variables found;
  std::unordered_set<const VariableState*> seen;
  for (const auto& node : nodes_) {
    for (const Edge& edge : node->inputs) {
      if (edge.leaf != nullptr && seen.insert(edge.leaf.get()).second) {
        found.push_back(Variable(edge.leaf));
      }
    }
  }
  return found;
}

}  // namespace heddle
