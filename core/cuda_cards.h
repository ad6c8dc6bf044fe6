#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace heddle {

/// A GPU as this build sees it.
struct CudaCard {
  std::string name;
  int major = 0;  // compute capability
  int minor = 0;
  std::int64_t free_bytes = 0;
  std::int64_t total_bytes = 0;
  std::string problem;  // why this build cannot use it; "" where it can
};

/// All GPUs of this machine; none in a build without CUDA, or where there is no driver.
std::vector<CudaCard> cuda_cards();
/// Empty where the device can be used, else the reason why not.
std::string why_cuda_unavailable(int index);

}  // namespace heddle
