#include "core/graph.h"

#include <optional>
#include <thread>
#include <utility>

#include "core/captured_work.h"
#include "core/error.h"
#include "core/graph_memory.h"
#include "core/recording.h"

namespace heddle {

/// Members are destroyed from the last to the first: the capture ends before the memory is given
/// back.
struct Graph::State {
  explicit State(Device on) : device(on), memory(on) {}

  Device device;
  std::thread::id thread = std::this_thread::get_id();
  GraphMemory memory;
  std::unique_ptr<CapturedWork> work;
  std::optional<GraphMemory::Scope> scope;  // while capturing
};

Graph::Graph() = default;
Graph::~Graph() = default;
Graph::Graph(Graph&&) noexcept = default;
Graph& Graph::operator=(Graph&&) noexcept = default;

void Graph::begin_capture(Stream& stream) {
  const Device device = stream.device;
  check<Unavailable>(device.backend != Backend::cpu,
                     "begin_capture: device cpu runs each kernel at once and has nothing to gain "
                     "from a graph; use sim or cuda, or call the work again");
  check(state_ == nullptr || !state_->scope, "begin_capture: this graph's capture has not ended");
  state_.reset();
  auto state = std::make_unique<State>(device);
  state->work = device.backend == Backend::sim ? capture_on_host(stream) : capture_on_cuda(stream);
  state->scope.emplace(state->memory);
  state_ = std::move(state);
}

void Graph::end_capture() {
  check(state_ != nullptr && state_->scope, "end_capture: no capture was begun");
  check(state_->thread == std::this_thread::get_id(),
        "end_capture: the capture was begun on another thread; end it there");
  state_->scope.reset();
  try {
    state_->work->end();
  } catch (...) {
    state_.reset();
    throw;
  }
}

void Graph::replay(Stream& stream) {
  check(is_captured(), "replay: the graph holds nothing; call begin_capture and end_capture first");
  check(stream.device == state_->device, "replay: the graph was captured on ", state_->device,
        " but the stream is of ", stream.device);
  check_not_capturing(stream.device, "replay");
  state_->work->replay(stream);
}

bool Graph::is_captured() const { return state_ != nullptr && !state_->scope; }

std::int64_t Graph::memory_bytes() const { return state_ == nullptr ? 0 : state_->memory.bytes(); }

}  // namespace heddle
