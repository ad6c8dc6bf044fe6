#include "core/cuda_driver.h"

#include <dlfcn.h>

#include <array>

#include "core/error.h"

namespace heddle {
namespace {

// The few functions of the driver's own interface that are needed here; each returns 0 for success.
using Init = int (*)(unsigned flags);
using DriverGetVersion = int (*)(int* version);
using DeviceGetCount = int (*)(int* count);
using DeviceGetName = int (*)(char* name, int length, int device);

template <typename Function>
Function symbol(void* library, const char* name) {
  return reinterpret_cast<Function>(dlsym(library, name));
}

}  // namespace

CudaDriver cuda_driver() {
  CudaDriver driver;
  // Never closed: the driver keeps threads of its own.
  void* const library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    driver.problem = "libcuda.so.1 was not found: no NVIDIA driver is installed";
    return driver;
  }
  const auto init = symbol<Init>(library, "cuInit");
  const auto get_version = symbol<DriverGetVersion>(library, "cuDriverGetVersion");
  const auto get_count = symbol<DeviceGetCount>(library, "cuDeviceGetCount");
  const auto get_name = symbol<DeviceGetName>(library, "cuDeviceGetName");
  if (init == nullptr || get_version == nullptr || get_count == nullptr || get_name == nullptr) {
    driver.problem = "libcuda.so.1 lacks functions every NVIDIA driver has";
    return driver;
  }
  get_version(&driver.version);
  int count = 0;
  int status = init(0);
  if (status == 0) {
    status = get_count(&count);
  }
  if (status != 0) {
    driver.problem =
        concat("the driver reports error ", status, status == 100 ? " (no GPU was found)" : "");
    return driver;
  }
  for (int device = 0; device < count; ++device) {
    std::array<char, 256> name{};
    if (get_name(name.data(), static_cast<int>(name.size()) - 1, device) == 0) {
      driver.devices.emplace_back(name.data());
    }
  }
  return driver;
}

}  // namespace heddle
