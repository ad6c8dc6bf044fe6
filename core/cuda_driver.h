#pragma once

#include <string>
#include <vector>

namespace heddle {

/// The NVIDIA driver of this machine, asked at run time, whatever this build can do with it.
struct CudaDriver {
  int version = 0;  // newest CUDA it supports: 12040 is 12.4; 0 where there is none
  std::vector<std::string> devices;  // names of the GPUs
  std::string problem;               // why there is none, or why it does not work
};

CudaDriver cuda_driver();

}  // namespace heddle
