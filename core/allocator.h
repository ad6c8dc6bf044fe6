#pragma once

#include <cstddef>
#include <cstdint>

#include "core/device.h"

namespace heddle {

/// What an allocator has given out since the program began (or since `reset_peak`).
struct MemoryStatistics {
  std::int64_t current_bytes = 0;  // in use by tensors
  std::int64_t peak_bytes = 0;     // most that was in use at one time
  std::int64_t cached_bytes = 0;   // free, kept for reuse
  std::int64_t graph_bytes = 0;    // held by no tensor, kept for graphs (core/graph_memory.h)
  std::int64_t calls = 0;          // blocks asked for
  std::int64_t reused = 0;         // of those, served from the cache
};

constexpr std::size_t allocation_alignment = 64;  // bytes: one cache line, one AVX-512 register

/// A block of at least `bytes` bytes, aligned to `allocation_alignment`; never null, not cleared.
/// Freed blocks are kept by size class and given out again. Safe to call from any thread.
/// Errors: OutOfMemory with what was asked, what is in use, what is cached and the limit, after the
/// cache was given back to the system and the request tried once more.
void* allocate(Device device, std::size_t bytes);
void release(Device device, void* block, std::size_t bytes) noexcept;

MemoryStatistics memory_statistics(Device device);
void reset_peak(Device device);
/// Gives cached blocks back to the system.
void release_cached_memory(Device device);
/// The most that may be in use at one time, in bytes; 0 means no limit. `HEDDLE_MEMORY_LIMIT` (MiB)
/// sets it at the start of the program.
void set_memory_limit(Device device, std::int64_t bytes);

}  // namespace heddle
