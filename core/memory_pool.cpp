#include "core/memory_pool.h"

#include <algorithm>
#include <bit>
#include <memory>
#include <string>
#include <utility>

#include "core/environment.h"
#include "core/error.h"
#include "core/memory.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace heddle {
namespace {

/// Size classes: multiples of 64 up to 512 bytes, then four per doubling, so that less than a
/// quarter is lost.
std::size_t class_bytes(std::size_t bytes) {
  if (bytes <= allocation_alignment) {
    return allocation_alignment;
  }
  const auto step =
      bytes <= 512 ? allocation_alignment : std::size_t{1} << (std::bit_width(bytes - 1) - 3);
  return (bytes + step - 1) / step * step;
}

std::string in_mib(std::int64_t bytes) {
  return concat(static_cast<double>(bytes) / 0x1.0p20, " MiB");
}

/// "; on the card 12 MiB free of 81559 MiB", where the device tells.
std::string space_on(Device device) {
  const MemoryFunctions& memory = memory_of(device);
  std::int64_t available = 0;
  std::int64_t total = 0;
  if (memory.space == nullptr || !memory.space(device.index, available, total)) {
    return "";
  }
  return concat("; on the card ", in_mib(available), " free of ", in_mib(total));
}

}  // namespace

MemoryPool::MemoryPool(Device device, std::int64_t limit)
    : device_(device), on_host_(memory_of(device).on_host), limit_(limit) {}

// Under AddressSanitizer, blocks in the cache and the space between what was asked for and the size
// class are as forbidden as freed memory. (Not those of a graph: its replay writes to them.)
void MemoryPool::forbid([[maybe_unused]] void* block, [[maybe_unused]] std::size_t bytes) const {
#if defined(__SANITIZE_ADDRESS__)
  if (on_host_) {
    ASAN_POISON_MEMORY_REGION(block, bytes);
  }
#endif
}

void MemoryPool::permit([[maybe_unused]] void* block, [[maybe_unused]] std::size_t bytes) const {
#if defined(__SANITIZE_ADDRESS__)
  if (on_host_) {
    ASAN_UNPOISON_MEMORY_REGION(block, bytes);
  }
#endif
}

void* MemoryPool::allocate(std::size_t bytes) {
  check_possible(bytes);
  const std::size_t size = class_bytes(bytes);
  GraphMemory* const graph = GraphMemory::active(device_);
  const std::lock_guard lock(mutex_);
  void* block = graph != nullptr ? reused(*graph, size) : cached(size);
  if (block != nullptr) {
    if (graph == nullptr) {
      check_limit(size, bytes, block);
    }
    ++statistics_.reused;
  } else {
    block = fresh(size, bytes, graph != nullptr);
    if (graph != nullptr) {
      try {
        graph->blocks_.emplace(block, GraphMemory::Block{size, true});
        graphs_.emplace(block, graph);
      } catch (const std::bad_alloc&) {
        graph->blocks_.erase(block);
        memory_of(device_).give_back(device_.index, block, size);
        throw;
      }
    }
  }
  ++statistics_.calls;
  statistics_.current_bytes += static_cast<std::int64_t>(size);
  statistics_.peak_bytes = std::max(statistics_.peak_bytes, statistics_.current_bytes);
  if (graph == nullptr) {
    forbid(block, size);
    permit(block, bytes);
  }
  return block;
}

void MemoryPool::release(void* block, std::size_t bytes) noexcept {
  const std::size_t size = class_bytes(bytes);
  const std::lock_guard lock(mutex_);
  statistics_.current_bytes -= static_cast<std::int64_t>(size);
  if (!release_to_graph(block, size)) {
    cache(block, size);
  }
}

/// Whether the block stays with a graph: one that owns it, or one that is being captured.
bool MemoryPool::release_to_graph(void* block, std::size_t size) noexcept {
  GraphMemory* const active = GraphMemory::active(device_);
  if (active == nullptr && graphs_.empty()) {
    return false;
  }
  try {
    const auto owned = graphs_.find(block);
    if (owned != graphs_.end()) {
      GraphMemory& graph = *owned->second;
      graph.blocks_.at(block).held = false;
      statistics_.graph_bytes += static_cast<std::int64_t>(size);
      if (&graph == active) {
        graph.free_[size].push_back(block);
      }
      return true;
    }
    if (active == nullptr) {
      return false;
    }
    permit(block, size);
    statistics_.graph_bytes += static_cast<std::int64_t>(size);
    graphs_.emplace(block, active);
    active->blocks_.emplace(block, GraphMemory::Block{size, false});
  } catch (const std::bad_alloc&) {
    // The block is lost to others; the graph that may read it is what counts.
  }
  return true;
}

void MemoryPool::dissolve(GraphMemory& graph) noexcept {
  const std::lock_guard lock(mutex_);
  for (const auto& [block, state] : graph.blocks_) {
    graphs_.erase(block);
    if (!state.held) {
      statistics_.graph_bytes -= static_cast<std::int64_t>(state.size);
      cache(block, state.size);
    }
  }
  graph.blocks_.clear();
  graph.free_.clear();
}

std::int64_t MemoryPool::bytes_of(const GraphMemory& graph) {
  const std::lock_guard lock(mutex_);
  std::int64_t sum = 0;
  for (const auto& [block, state] : graph.blocks_) {
    sum += static_cast<std::int64_t>(state.size);
  }
  return sum;
}

MemoryStatistics MemoryPool::statistics() {
  const std::lock_guard lock(mutex_);
  return statistics_;
}

void MemoryPool::reset_peak() {
  const std::lock_guard lock(mutex_);
  statistics_.peak_bytes = statistics_.current_bytes;
  statistics_.calls = 0;
  statistics_.reused = 0;
}

void MemoryPool::release_cached() {
  const std::lock_guard lock(mutex_);
  empty_cache();
}

void MemoryPool::set_limit(std::int64_t bytes) {
  const std::lock_guard lock(mutex_);
  limit_ = bytes;
}

void* MemoryPool::cached(std::size_t size) {
  const auto found = free_.find(size);
  if (found == free_.end() || found->second.empty()) {
    return nullptr;
  }
  void* block = found->second.back();
  found->second.pop_back();
  statistics_.cached_bytes -= static_cast<std::int64_t>(size);
  return block;
}

void* MemoryPool::reused(GraphMemory& graph, std::size_t size) {
  const auto found = graph.free_.find(size);
  if (found == graph.free_.end() || found->second.empty()) {
    return nullptr;
  }
  void* block = found->second.back();
  found->second.pop_back();
  graph.blocks_.at(block).held = true;
  statistics_.graph_bytes -= static_cast<std::int64_t>(size);
  return block;
}

/// The cache is left alone during a capture: giving blocks back makes the device wait, which a
/// capture does not allow.
void* MemoryPool::fresh(std::size_t size, std::size_t bytes, bool for_graph) {
  const auto wanted = static_cast<std::int64_t>(size);
  const std::int64_t taken = statistics_.current_bytes + statistics_.graph_bytes;
  if (limit_ > 0 && taken + statistics_.cached_bytes + wanted > limit_) {
    if (!for_graph) {
      empty_cache();
    }
    check_limit(size, bytes, nullptr);
  }
  const MemoryFunctions& memory = memory_of(device_);
  void* block = memory.take(device_.index, size);
  if (block == nullptr && !for_graph) {
    empty_cache();
    block = memory.take(device_.index, size);
  }
  if (block == nullptr) {
    refuse(bytes, on_host_ ? "the system has no more to give" : "the card has no more");
  }
  return block;
}

/// A cached block may be too much as well, when the limit was lowered since.
void MemoryPool::check_limit(std::size_t size, std::size_t bytes, void* block) {
  const std::int64_t taken = statistics_.current_bytes + statistics_.graph_bytes;
  if (limit_ > 0 && taken + static_cast<std::int64_t>(size) > limit_) {
    if (block != nullptr) {
      free_[size].push_back(block);
      statistics_.cached_bytes += static_cast<std::int64_t>(size);
    }
    refuse(bytes, "that is over the limit");
  }
}

/// Sizes no machine has are refused before they are rounded up.
void MemoryPool::check_possible(std::size_t bytes) {
  if (bytes > (std::size_t{1} << 56)) {
    const std::lock_guard lock(mutex_);
    refuse(bytes, "no machine has that much");
  }
}

void MemoryPool::refuse(std::size_t bytes, const char* why) const {
  fail<OutOfMemory>(
      "out of memory on ", device_, ": asked for ", in_mib(static_cast<std::int64_t>(bytes)), ", ",
      why, "; in use ", in_mib(statistics_.current_bytes), ", cached ",
      in_mib(statistics_.cached_bytes),
      statistics_.graph_bytes > 0 ? concat(", kept for graphs ", in_mib(statistics_.graph_bytes))
                                  : "",
      ", limit ", limit_ > 0 ? in_mib(limit_) : "none", space_on(device_),
      "; use a smaller batch or model, ",
      limit_ > 0 || on_host_ ? "or raise HEDDLE_MEMORY_LIMIT"
                             : "or end other programs on the card (nvidia-smi lists them)");
}

void MemoryPool::cache(void* block, std::size_t size) noexcept {
  try {
    free_[size].push_back(block);
  } catch (const std::bad_alloc&) {
    permit(block, size);
    memory_of(device_).give_back(device_.index, block, size);
    return;
  }
  statistics_.cached_bytes += static_cast<std::int64_t>(size);
  forbid(block, size);
}

void MemoryPool::empty_cache() {
  const MemoryFunctions& memory = memory_of(device_);
  for (auto& [size, blocks] : free_) {
    for (void* block : blocks) {
      permit(block, size);
      memory.give_back(device_.index, block, size);
    }
    blocks.clear();
  }
  statistics_.cached_bytes = 0;
}

namespace {

std::int64_t limit_of_environment() {
  static const std::int64_t limit =
      integer_from_environment("HEDDLE_MEMORY_LIMIT", 0, std::int64_t{1} << 36, "MiB").value_or(0) *
      (std::int64_t{1} << 20);
  return limit;
}

}  // namespace

MemoryPool& pool_of(Device device) {
  if (device == Device{}) {
    static MemoryPool& host = *new MemoryPool(device, limit_of_environment());
    return host;
  }
  static std::mutex mutex;
  static auto& pools = *new std::map<std::pair<Backend, int>, std::unique_ptr<MemoryPool>>;
  memory_of(device);
  const std::lock_guard lock(mutex);
  auto& pool = pools[{device.backend, device.index}];
  if (pool == nullptr) {
    pool = std::make_unique<MemoryPool>(device, limit_of_environment());
  }
  return *pool;
}

}  // namespace heddle
