#include "core/memory.h"

#include "core/error.h"

namespace heddle {

const MemoryFunctions& memory_of(Device device) {
  check(device.index >= 0, "device: got index ", device.index, ", expected 0 or more");
  switch (device.backend) {
    case Backend::cpu:
    case Backend::sim:
      check<Unavailable>(device.index == 0, "device: there is no ", device, "; expected index 0");
      return host_memory();
    case Backend::cuda:
      break;
  }
  return cuda_memory();
}

}  // namespace heddle
