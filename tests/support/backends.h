#pragma once

#include <vector>

#include "kernels/kernels.h"

namespace heddle {

/// The devices this build and this machine have; cpu first. Tests that run on each of them cover a
/// new backend as soon as it works.
inline std::vector<Device> available_devices() {
  std::vector<Device> found;
  for (const Backend backend : {Backend::cpu, Backend::sim, Backend::cuda}) {
    const Device device{.backend = backend};
    if (*why_unavailable(device) == '\0') {
      found.push_back(device);
    }
  }
  return found;
}

}  // namespace heddle
