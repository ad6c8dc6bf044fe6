#include "core/graph_memory.h"

#include "core/memory_pool.h"

namespace heddle {
namespace {

thread_local GraphMemory* active_memory = nullptr;

}  // namespace

GraphMemory::GraphMemory(Device device) : device_(device) { pool_of(device); }

GraphMemory::~GraphMemory() { pool_of(device_).dissolve(*this); }

std::int64_t GraphMemory::bytes() const { return pool_of(device_).bytes_of(*this); }

GraphMemory* GraphMemory::active(Device device) {
  return active_memory != nullptr && active_memory->device_ == device ? active_memory : nullptr;
}

GraphMemory::Scope::Scope(GraphMemory& memory) : before_(active_memory) { active_memory = &memory; }

GraphMemory::Scope::~Scope() { active_memory = before_; }

}  // namespace heddle
