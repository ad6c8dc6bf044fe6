#include <sys/sysinfo.h>

#include <cstdlib>

#include "core/allocator.h"
#include "core/host_copy.h"
#include "core/memory.h"

namespace heddle {
namespace {

/// Memory and swap of the machine. Asking the system for more could only end with the process
/// killed later, when the pages are touched.
std::size_t machine_bytes() {
  struct sysinfo machine {};
  if (sysinfo(&machine) != 0) {
    return static_cast<std::size_t>(-1);
  }
  return (std::size_t{machine.totalram} + machine.totalswap) * machine.mem_unit;
}

void* take(int /*index*/, std::size_t bytes) {
  static const std::size_t most = machine_bytes();
  return bytes > most ? nullptr : std::aligned_alloc(allocation_alignment, bytes);
}

void give_back(int /*index*/, void* block, std::size_t /*bytes*/) noexcept { std::free(block); }

void synchronize(int /*index*/) {}

}  // namespace

const MemoryFunctions& host_memory() {
  static constexpr MemoryFunctions functions{.on_host = true,
                                             .take = take,
                                             .give_back = give_back,
                                             .copy = host_copy,
                                             .fill = host_fill,
                                             .upload = nullptr,
                                             .download = nullptr,
                                             .synchronize = synchronize};
  return functions;
}

}  // namespace heddle
