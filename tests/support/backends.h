#pragma once

#include <cstdlib>
#include <vector>

#include "kernels/kernels.h"

namespace heddle {

/// Whether tests are to use the device. HEDDLE_TEST_DEVICE=cuda (or sim) in the environment leaves
/// the other one out. Errors: Unavailable, where the one named there is missing.
inline bool tests_use(Device device) {
  const char* const only = std::getenv("HEDDLE_TEST_DEVICE");
  if (only != nullptr && name_of(device.backend) == only) {
    static_cast<void>(kernels_for(device));
    return true;
  }
  return only == nullptr && *why_unavailable(device) == '\0';
}

/// The devices this build and this machine have; cpu first. Tests that run on each of them cover a
/// new backend as soon as it works.
inline std::vector<Device> available_devices() {
  std::vector<Device> found = {Device{}};
  for (const Backend backend : {Backend::sim, Backend::cuda}) {
    const Device device{.backend = backend};
    if (tests_use(device)) {
      found.push_back(device);
    }
  }
  return found;
}

}  // namespace heddle
