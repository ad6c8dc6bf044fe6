#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "core/device.h"

namespace heddle {

class MemoryPool;

/// The memory of one captured graph. A graph runs on the addresses it was captured with, so blocks
/// that were asked for during the capture are given to nobody else while the graph lives, even
/// after the tensors that held them are gone; within the capture they are used again. Blocks that
/// were there before and are let go during the capture are kept too, since the graph may read them.
/// What outlives the capture in the hands of others (parameters, inputs) is theirs to keep.
class GraphMemory {
 public:
  explicit GraphMemory(Device device);
  /// Gives the blocks back to the device's allocator; one that a tensor still holds follows when
  /// the tensor lets it go. No replay may be running.
  ~GraphMemory();
  GraphMemory(const GraphMemory&) = delete;
  GraphMemory& operator=(const GraphMemory&) = delete;

  Device device() const { return device_; }
  /// All its blocks, in bytes.
  std::int64_t bytes() const;

  /// While it lives, what this thread asks for on the device comes from `memory`.
  class Scope {
   public:
    explicit Scope(GraphMemory& memory);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    GraphMemory* before_;
  };

 private:
  friend class MemoryPool;

  struct Block {
    std::size_t size;
    bool held;  // by a tensor
  };

  /// Of this thread, on the device; null outside a scope.
  static GraphMemory* active(Device device);

  Device device_;
  // Guarded by the device's pool.
  std::unordered_map<void*, Block> blocks_;
  std::map<std::size_t, std::vector<void*>> free_;  // may be used again within the capture
};

}  // namespace heddle
