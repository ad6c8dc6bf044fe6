#include "core/allocator.h"

#include "core/error.h"
#include "core/memory_pool.h"

namespace heddle {

void* allocate(Device device, std::size_t bytes) { return pool_of(device).allocate(bytes); }

void release(Device device, void* block, std::size_t bytes) noexcept {
  pool_of(device).release(block, bytes);
}

MemoryStatistics memory_statistics(Device device) { return pool_of(device).statistics(); }

void reset_peak(Device device) { pool_of(device).reset_peak(); }

void release_cached_memory(Device device) { pool_of(device).release_cached(); }

void set_memory_limit(Device device, std::int64_t bytes) {
  check(bytes >= 0, "memory limit: got ", bytes, ", expected 0 (no limit) or a number of bytes");
  pool_of(device).set_limit(bytes);
}

}  // namespace heddle
