#include <sys/mman.h>
#include <sys/sysinfo.h>

#include <cstdlib>

#include "core/allocator.h"
#include "core/host_copy.h"
#include "core/memory.h"
#include "core/recording.h"

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

constexpr std::size_t huge_page = std::size_t{2} << 20;

/// Large blocks begin at a huge page and ask for whole ones: a loop over tens of MiB would
/// otherwise spend up to a third of its time finding its pages, more in a virtual machine. What is
/// left over at the end has ordinary pages, so that no memory is taken that was not asked for.
void* take(int /*index*/, std::size_t bytes) {
  static const std::size_t most = machine_bytes();
  if (bytes > most) {
    return nullptr;
  }
  if (bytes < huge_page) {
    return std::aligned_alloc(allocation_alignment, bytes);
  }
  void* block = nullptr;
  if (posix_memalign(&block, huge_page, bytes) != 0) {
    return nullptr;
  }
  // A wish: where the system has none to give, ordinary pages do.
  static_cast<void>(madvise(block, bytes / huge_page * huge_page, MADV_HUGEPAGE));
  return block;
}

void give_back(int /*index*/, void* block, std::size_t /*bytes*/) noexcept { std::free(block); }

void synchronize(int /*index*/) {}

/// Where a capture notes what would otherwise be done on the device now.
Recording* recording_of(Device device) {
  return is_capturing(device) ? active_recording() : nullptr;
}

void copy(const View& destination, const ConstView& source) {
  if (destination.device != source.device) {
    check_not_capturing(destination.device, "copy to the device");
    check_not_capturing(source.device, "copy from the device");
  } else if (Recording* const recording = recording_of(source.device)) {
    recording->emplace_back([destination, source] { host_copy(destination, source); });
    return;
  }
  host_copy(destination, source);
}

void fill(const View& destination, double value) {
  if (Recording* const recording = recording_of(destination.device)) {
    recording->emplace_back([destination, value] { host_fill(destination, value); });
    return;
  }
  host_fill(destination, value);
}

}  // namespace

const MemoryFunctions& host_memory() {
  static constexpr MemoryFunctions functions{.on_host = true,
                                             .take = take,
                                             .give_back = give_back,
                                             .copy = copy,
                                             .fill = fill,
                                             .upload = nullptr,
                                             .download = nullptr,
                                             .synchronize = synchronize,
                                             .native_stream = nullptr,
                                             .space = nullptr};
  return functions;
}

}  // namespace heddle
