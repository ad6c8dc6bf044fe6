#include "core/allocator.h"

#include <algorithm>
#include <bit>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "core/environment.h"
#include "core/error.h"
#include "core/memory.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace heddle {
namespace {

// Under AddressSanitizer, blocks in the cache and the space between what was asked for and the size
// class are as forbidden as freed memory.
void forbid([[maybe_unused]] void* block, [[maybe_unused]] std::size_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
  ASAN_POISON_MEMORY_REGION(block, bytes);
#endif
}

void permit([[maybe_unused]] void* block, [[maybe_unused]] std::size_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
  ASAN_UNPOISON_MEMORY_REGION(block, bytes);
#endif
}

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

/// The blocks of one device.
class Pool {
 public:
  Pool(Device device, std::int64_t limit) : device_(device), limit_(limit) {}

  void* allocate(std::size_t bytes) {
    check_possible(bytes);
    const std::size_t size = class_bytes(bytes);
    const std::lock_guard lock(mutex_);
    void* block = cached(size);
    if (block == nullptr) {
      block = fresh(size, bytes);
    } else {
      check_limit(size, bytes, block);
      ++statistics_.reused;
    }
    ++statistics_.calls;
    statistics_.current_bytes += static_cast<std::int64_t>(size);
    statistics_.peak_bytes = std::max(statistics_.peak_bytes, statistics_.current_bytes);
    forbid(block, size);
    permit(block, bytes);
    return block;
  }

  void release(void* block, std::size_t bytes) noexcept {
    const std::size_t size = class_bytes(bytes);
    const std::lock_guard lock(mutex_);
    statistics_.current_bytes -= static_cast<std::int64_t>(size);
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

  MemoryStatistics statistics() {
    const std::lock_guard lock(mutex_);
    return statistics_;
  }

  void reset_peak() {
    const std::lock_guard lock(mutex_);
    statistics_.peak_bytes = statistics_.current_bytes;
    statistics_.calls = 0;
    statistics_.reused = 0;
  }

  void release_cached() {
    const std::lock_guard lock(mutex_);
    empty_cache();
  }

  void set_limit(std::int64_t bytes) {
    const std::lock_guard lock(mutex_);
    limit_ = bytes;
  }

 private:
  void* cached(std::size_t size) {
    const auto found = free_.find(size);
    if (found == free_.end() || found->second.empty()) {
      return nullptr;
    }
    void* block = found->second.back();
    found->second.pop_back();
    statistics_.cached_bytes -= static_cast<std::int64_t>(size);
    return block;
  }

  void* fresh(std::size_t size, std::size_t bytes) {
    const auto wanted = static_cast<std::int64_t>(size);
    if (limit_ > 0 && statistics_.current_bytes + statistics_.cached_bytes + wanted > limit_) {
      empty_cache();
      check_limit(size, bytes, nullptr);
    }
    const MemoryFunctions& memory = memory_of(device_);
    void* block = memory.take(device_.index, size);
    if (block == nullptr) {
      empty_cache();
      block = memory.take(device_.index, size);
    }
    if (block == nullptr) {
      refuse(bytes, "the system has no more to give");
    }
    return block;
  }

  /// A cached block may be too much as well, when the limit was lowered since.
  void check_limit(std::size_t size, std::size_t bytes, void* block) {
    if (limit_ > 0 && statistics_.current_bytes + static_cast<std::int64_t>(size) > limit_) {
      if (block != nullptr) {
        free_[size].push_back(block);
        statistics_.cached_bytes += static_cast<std::int64_t>(size);
      }
      refuse(bytes, "that is over the limit");
    }
  }

  /// Sizes no machine has are refused before they are rounded up.
  void check_possible(std::size_t bytes) {
    if (bytes > (std::size_t{1} << 56)) {
      const std::lock_guard lock(mutex_);
      refuse(bytes, "no machine has that much");
    }
  }

  [[noreturn]] void refuse(std::size_t bytes, const char* why) const {
    fail<OutOfMemory>(
        "out of memory on ", device_, ": asked for ", in_mib(static_cast<std::int64_t>(bytes)),
        ", ", why, "; in use ", in_mib(statistics_.current_bytes), ", cached ",
        in_mib(statistics_.cached_bytes), ", limit ", limit_ > 0 ? in_mib(limit_) : "none",
        "; use a smaller batch or model, or raise HEDDLE_MEMORY_LIMIT");
  }

  void empty_cache() {
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

  std::mutex mutex_;
  Device device_;
  std::int64_t limit_;
  MemoryStatistics statistics_;
  std::map<std::size_t, std::vector<void*>> free_;
};

std::int64_t limit_of_environment() {
  static const std::int64_t limit =
      integer_from_environment("HEDDLE_MEMORY_LIMIT", 0, std::int64_t{1} << 36, "MiB").value_or(0) *
      (std::int64_t{1} << 20);
  return limit;
}

/// Pools live to the end of the process, so that tensors in static variables can still be freed.
Pool& pool_of(Device device) {
  static std::mutex mutex;
  static auto& pools = *new std::map<std::pair<Backend, int>, std::unique_ptr<Pool>>;
  memory_of(device);
  const std::lock_guard lock(mutex);
  auto& pool = pools[{device.backend, device.index}];
  if (pool == nullptr) {
    pool = std::make_unique<Pool>(device, limit_of_environment());
  }
  return *pool;
}

}  // namespace

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
