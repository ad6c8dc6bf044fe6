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

void* take(int /*index*/, std::size_t bytes) {
  static const std::size_t most = machine_bytes();
  return bytes > most ? nullptr : std::aligned_alloc(allocation_alignment, bytes);
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
