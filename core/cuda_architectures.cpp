#include "core/cuda_architectures.h"

#include <charconv>

namespace heddle {
namespace {

/// One entry: "90", "90-real", "90-virtual", "90a-real".
bool entry_runs_on(std::string_view entry, int major, int minor) {
  int number = 0;
  const char* const end = entry.data() + entry.size();
  const auto [rest, error] = std::from_chars(entry.data(), end, number);
  if (error != std::errc()) {
    return true;
  }
  std::string_view kind(rest, static_cast<std::size_t>(end - rest));
  const int card = major * 10 + minor;
  if (kind.starts_with("a")) {
    return card == number;
  }
  const bool family = kind.starts_with("f");
  const bool same_major = major == number / 10 && minor >= number % 10;
  const bool has_code = !kind.ends_with("-virtual");
  const bool has_ptx = !kind.ends_with("-real") && !family;
  return (has_code && same_major) || (has_ptx && card >= number) || (family && same_major);
}

template <typename Visit>
void for_each_entry(std::string_view architectures, const Visit& visit) {
  while (!architectures.empty()) {
    const std::size_t space = architectures.find(' ');
    if (space != 0) {
      visit(architectures.substr(0, space));
    }
    architectures.remove_prefix(space == std::string_view::npos ? architectures.size() : space + 1);
  }
}

}  // namespace

bool runs_on(std::string_view architectures, int major, int minor) {
  bool runs = false;
  for_each_entry(architectures, [&](std::string_view entry) {
    runs = runs || entry_runs_on(entry, major, minor);
  });
  return runs;
}

std::string code_from(int least, std::string_view architectures) {
  std::string newer;
  for_each_entry(architectures, [&](std::string_view entry) {
    int number = 0;
    const bool is_understood =
        std::from_chars(entry.data(), entry.data() + entry.size(), number).ec == std::errc();
    if (!is_understood || number >= least) {
      newer.append(newer.empty() ? "" : " ").append(entry);
    }
  });
  return newer;
}

}  // namespace heddle
