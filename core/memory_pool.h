#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "core/allocator.h"
#include "core/graph_memory.h"

namespace heddle {

/// The blocks of one device: what tensors hold, what is cached, what belongs to graphs. One block
/// that is let go may be given out again at once, also where the device has not done its work yet:
/// all threads give their work to one stream per device, which does it in order.
class MemoryPool {
 public:
  MemoryPool(Device device, std::int64_t limit);

  void* allocate(std::size_t bytes);
  void release(void* block, std::size_t bytes) noexcept;
  /// Takes over the blocks of a graph that ends.
  void dissolve(GraphMemory& graph) noexcept;
  std::int64_t bytes_of(const GraphMemory& graph);

  MemoryStatistics statistics();
  void reset_peak();
  void release_cached();
  void set_limit(std::int64_t bytes);

 private:
  void* cached(std::size_t size);
  void* reused(GraphMemory& graph, std::size_t size);
  void* fresh(std::size_t size, std::size_t bytes, bool for_graph);
  void check_limit(std::size_t size, std::size_t bytes, void* block);
  void check_possible(std::size_t bytes);
  bool release_to_graph(void* block, std::size_t size) noexcept;
  void cache(void* block, std::size_t size) noexcept;
  void empty_cache();
  void forbid(void* block, std::size_t bytes) const;
  void permit(void* block, std::size_t bytes) const;
  [[noreturn]] void refuse(std::size_t bytes, const char* why) const;

  std::mutex mutex_;
  Device device_;
  bool on_host_;
  std::int64_t limit_;
  MemoryStatistics statistics_;
  std::map<std::size_t, std::vector<void*>> free_;
  std::unordered_map<void*, GraphMemory*> graphs_;  // whose block it is
};

/// The pool of a device; it lives to the end of the process, so that tensors in static variables
/// can still be freed. Errors: as `memory_of`.
MemoryPool& pool_of(Device device);

}  // namespace heddle
