#include "core/environment.h"

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "core/error.h"

namespace heddle {

std::optional<std::int64_t> integer_from_environment(const char* name, std::int64_t low,
                                                     std::int64_t high, const char* unit) {
  const char* const value = std::getenv(name);
  if (value == nullptr || *value == '\0') {
    return std::nullopt;
  }
  const std::string_view text(value);
  std::int64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  check<InputError>(
      error == std::errc() && rest == text.data() + text.size() && number >= low && number <= high,
      name, ": got \"", text, "\", expected a whole number of ", unit, " from ", low, " to ", high);
  return number;
}

}  // namespace heddle
