#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

namespace heddle {

/// cpu: vectorised C++. sim: the CUDA sources run thread by thread on the host. cuda: NVIDIA GPUs.
enum class Backend : std::uint8_t { cpu, sim, cuda };

struct Device {
  Backend backend = Backend::cpu;
  int index = 0;

  bool operator==(const Device&) const = default;
};

std::string_view name_of(Backend backend);
/// "cpu", "sim", "cuda" or "cuda:1".
std::string to_string(Device device);
std::ostream& operator<<(std::ostream& out, Device device);
/// Errors: anything that `to_string` does not write.
Device device_named(std::string_view name);

}  // namespace heddle
