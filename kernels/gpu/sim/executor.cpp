#include "kernels/gpu/sim/executor.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include "core/parallel.h"
#include "kernels/gpu/sim/block.h"
#include "kernels/gpu/sim/cluster.h"
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
  check<KernelError>(shape.cluster >= 1 && shape.cluster <= most_cluster &&
                         shape.grid.x % static_cast<unsigned>(shape.cluster) == 0,
                     shape.kernel, ": cluster is ", shape.cluster, " and the grid has ",
                     shape.grid.x, " blocks along x; expected 1 to ", most_cluster,
                     " blocks of a cluster, and a multiple of them along x");
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

/// Runs blocks that are alive together until all have ended.
void run_together(const LaunchShape& shape, const std::vector<Block*>& running,
                  const std::vector<std::unique_ptr<Cluster>>& clusters) {
  const auto progress = [&] {
    return std::accumulate(
        running.begin(), running.end(), std::uint64_t{0},
        [](std::uint64_t sum, const Block* block) { return sum + block->progress(); });
  };
  for (;;) {
    const std::uint64_t before = progress();
    std::size_t done = 0;
    std::size_t at_cluster = 0;
    std::size_t at_grid = 0;
    for (Block* const block : running) {
      if (block->done()) {
        ++done;
        continue;
      }
      const Block::State state = block->run();
      done += state == Block::State::done ? 1u : 0u;
      at_cluster += state == Block::State::at_cluster_barrier ? 1u : 0u;
      at_grid += state == Block::State::at_grid_barrier ? 1u : 0u;
      if (state == Block::State::done && !clusters.empty()) {
        block->cluster("", {}).check_end(*block);
      }
    }
    if (done == running.size()) {
      return;
    }
    for (const auto& cluster : clusters) {
      cluster->release_if_met();
    }
    if (at_grid > 0 && at_grid + done == running.size()) {
      for (Block* const block : running) {
        if (!block->done()) {
          block->release(Waiting::grid_barrier);
        }
      }
    }
    check<KernelError>(progress() != before, shape.kernel, ": the grid is stuck: ", at_grid,
                       " blocks wait at sync_grid, ",
                       at_cluster > 0 ? concat(at_cluster, " at sync_cluster, ") : "",
                       running.size() - done - at_grid - at_cluster,
                       " for flags that no block sets, ", done, " have ended");
  }
}

/// Blocks that are alive together, and their clusters where the launch has some.
struct Together {
  std::vector<std::unique_ptr<Block>> blocks;  // by their place in the grid
  std::vector<std::unique_ptr<Cluster>> clusters;
  std::vector<Block*> order;  // of the schedule

  Together(const LaunchShape& shape, unsigned count, unsigned worker, Schedule schedule,
           void (*body)(void*), void* context) {
    Worker& mine = this_worker();
    for (unsigned i = 0; i < count; ++i) {
      blocks.push_back(std::make_unique<Block>(shape, schedule, worker + i, mine.fibers, mine.main,
                                               body, context));
    }
    const auto size = static_cast<unsigned>(shape.cluster);
    for (unsigned first = 0; size > 1 && first < count; first += size) {
      std::vector<Block*> members;
      for (unsigned rank = 0; rank < size; ++rank) {
        members.push_back(blocks[first + rank].get());
      }
      clusters.push_back(std::make_unique<Cluster>(members));
    }
    for (const unsigned i : block_order(count, schedule)) {
      order.push_back(blocks[i].get());
    }
  }

  /// Runs the blocks of the grid from `first` on.
  void run(const LaunchShape& shape, unsigned first) const {
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      blocks[i]->begin(first + static_cast<unsigned>(i));
    }
    for (const auto& cluster : clusters) {
      cluster->begin();
    }
    run_together(shape, order, clusters);
  }
};

void run_cooperative(const LaunchShape& shape, unsigned blocks, Schedule schedule,
                     void (*body)(void*), void* context) {
  const BlockScope scope;
  Together(shape, blocks, 0, schedule, body, context).run(shape, 0);
}

/// Clusters do not wait for each other.
void run_clusters(const LaunchShape& shape, unsigned blocks, Schedule schedule, void (*body)(void*),
                  void* context) {
  constexpr std::int64_t most_ranges = 4;  // a cluster may need 8192 stacks on each OS thread
  const auto size = static_cast<unsigned>(shape.cluster);
  const std::vector<unsigned> order = block_order(blocks / size, schedule);
  const auto count = static_cast<std::int64_t>(order.size());
  const auto run_some = [&](std::int64_t begin, std::int64_t end) {
    const BlockScope scope;
    const Together together(shape, size, static_cast<unsigned>(begin) * size, schedule, body,
                            context);
    for (std::int64_t i = begin; i < end; ++i) {
      together.run(shape, order[static_cast<std::size_t>(i)] * size);
    }
  };
  const bool alone = fiber_for_each_thread || active_recorder != nullptr;
  parallel_ranges(count, alone ? count : (count + most_ranges - 1) / most_ranges, run_some);
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
  } else if (shape.cluster > 1) {
    run_clusters(shape, blocks, schedule, body, context);
  } else {
    run_independent(shape, blocks, schedule, body, context);
  }
}

}  // namespace heddle::sim
