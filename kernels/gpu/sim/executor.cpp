#include "kernels/gpu/sim/executor.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include "core/parallel.h"
#include "kernels/gpu/sim/block.h"
#include "kernels/gpu/sim/sanitizers.h"

namespace heddle::sim {
namespace {

void check_shape(const LaunchShape& shape) {
  const std::uint64_t threads = std::uint64_t{shape.block.x} * shape.block.y * shape.block.z;
  check<KernelError>(threads >= 1 && threads <= most_threads && shape.block.z <= 64, shape.kernel,
                     ": block is (", shape.block.x, ", ", shape.block.y, ", ", shape.block.z,
                     "); expected 1 to ", most_threads, " threads, at most 64 in z");
  check<KernelError>(shape.grid.x <= 0x7FFFFFFFu && shape.grid.y <= 65535 && shape.grid.z <= 65535,
                     shape.kernel, ": grid is (", shape.grid.x, ", ", shape.grid.y, ", ",
                     shape.grid.z, "); expected at most 2³¹ − 1, 65535 and 65535");
  check<KernelError>(shape.shared_bytes <= most_shared_bytes, shape.kernel, ": asks for ",
                     shape.shared_bytes, " bytes of shared memory; a block has at most ",
                     most_shared_bytes);
}

/// The blocks in the order of the schedule.
std::vector<unsigned> block_order(unsigned blocks, Schedule schedule) {
  std::vector<unsigned> order(blocks);
  std::iota(order.begin(), order.end(), 0u);
  if (schedule.order == Order::reverse) {
    std::reverse(order.begin(), order.end());
  } else if (schedule.order == Order::shuffled) {
    std::shuffle(order.begin(), order.end(), std::mt19937_64(schedule.seed));
  }
  return order;
}

/// Of this OS thread: the stack it came on, and stacks to run threads of kernels on.
struct Worker {
  Fiber main;
  FiberPool fibers;
};

Worker& this_worker() {
  thread_local Worker worker;
  return worker;
}

/// Hides the executor's own work from ThreadSanitizer, and leaves the OS thread as it found it,
/// whatever a kernel threw.
class BlockScope {
 public:
  BlockScope() {
    hide_begin();
    before_ = current_block;
  }
  ~BlockScope() {
    current_block = before_;
    hide_end();
  }
  BlockScope(const BlockScope&) = delete;
  BlockScope& operator=(const BlockScope&) = delete;

 private:
  Block* before_ = nullptr;
};

void run_independent(const LaunchShape& shape, unsigned blocks, Schedule schedule,
                     void (*body)(void*), void* context) {
  const std::vector<unsigned> order = block_order(blocks, schedule);
  const auto run_some = [&](std::int64_t begin, std::int64_t end) {
    const BlockScope scope;
    Worker& worker = this_worker();
    Block block(shape, schedule, static_cast<unsigned>(begin), worker.fibers, worker.main, body,
                context);
    for (std::int64_t i = begin; i < end; ++i) {
      block.begin(order[static_cast<std::size_t>(i)]);
      block.run();
    }
  };
  const bool alone = fiber_for_each_thread || active_recorder != nullptr;
  parallel_ranges(blocks, alone ? blocks : std::max<std::int64_t>(1, blocks / 16), run_some);
}

void run_cooperative(const LaunchShape& shape, unsigned blocks, Schedule schedule,
                     void (*body)(void*), void* context) {
  const BlockScope scope;
  Worker& worker = this_worker();
  std::vector<std::unique_ptr<Block>> running;
  for (const unsigned index : block_order(blocks, schedule)) {
    running.push_back(
        std::make_unique<Block>(shape, schedule, index, worker.fibers, worker.main, body, context));
    running.back()->begin(index);
  }
  const auto progress = [&] {
    return std::accumulate(
        running.begin(), running.end(), std::uint64_t{0},
        [](std::uint64_t sum, const auto& block) { return sum + block->progress(); });
  };
  for (;;) {
    const std::uint64_t before = progress();
    std::size_t done = 0;
    std::size_t at_grid = 0;
    for (const auto& block : running) {
      if (block->done()) {
        ++done;
        continue;
      }
      const Block::State state = block->run();
      done += state == Block::State::done ? 1u : 0u;
      at_grid += state == Block::State::at_grid_barrier ? 1u : 0u;
    }
    if (done == running.size()) {
      return;
    }
    if (at_grid > 0 && at_grid + done == running.size()) {
      for (const auto& block : running) {
        if (!block->done()) {
          block->release_grid_barrier();
        }
      }
      continue;
    }
    check<KernelError>(progress() != before, shape.kernel, ": the grid is stuck: ", at_grid,
                       " blocks wait at sync_grid, ", running.size() - done - at_grid,
                       " for flags that no block sets, ", done, " have ended");
  }
}

}  // namespace

void run_grid(const LaunchShape& shape, void (*body)(void*), void* context) {
  check_shape(shape);
  const unsigned blocks = shape.grid.x * shape.grid.y * shape.grid.z;
  if (blocks == 0) {
    return;
  }
  if (active_recorder != nullptr) {
    active_recorder->begin_launch(shape.kernel, blocks,
                                  shape.block.x * shape.block.y * shape.block.z);
  }
  const Schedule schedule = current_schedule();
  if (shape.cooperative) {
    parallel_for(1, [&](std::int64_t) { run_cooperative(shape, blocks, schedule, body, context); });
  } else {
    run_independent(shape, blocks, schedule, body, context);
  }
}

}  // namespace heddle::sim
