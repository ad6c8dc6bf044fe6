#include "core/device.h"

#include <charconv>
#include <ostream>

#include "core/error.h"

namespace heddle {

std::string_view name_of(Backend backend) {
  switch (backend) {
    case Backend::cpu:
      return "cpu";
    case Backend::sim:
      return "sim";
    case Backend::cuda:
      break;
  }
  return "cuda";
}

std::string to_string(Device device) {
  std::string text(name_of(device.backend));
  if (device.index != 0) {
    text += ':' + std::to_string(device.index);
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, Device device) { return out << to_string(device); }

Device device_named(std::string_view name) {
  for (const Backend backend : {Backend::cpu, Backend::sim, Backend::cuda}) {
    if (name == name_of(backend)) {
      return {backend, 0};
    }
  }
  constexpr std::string_view prefix = "cuda:";
  if (name.starts_with(prefix)) {
    const std::string_view digits = name.substr(prefix.size());
    int index = 0;
    const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
    if (error == std::errc() && rest == digits.data() + digits.size() && index >= 0) {
      return {Backend::cuda, index};
    }
  }
  fail<InputError>("device: got \"", name, "\", expected cpu, sim, cuda or cuda:N");
}

}  // namespace heddle
