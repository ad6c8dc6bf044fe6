#include "bench/case.h"

#include "core/error.h"

namespace heddle::bench {

std::string name_of(const Sizes& sizes) {
  std::string name;
  for (const auto& [size, value] : sizes) {
    name += heddle::concat(name.empty() ? "" : ", ", size, ' ', value);
  }
  return name;
}

}  // namespace heddle::bench
