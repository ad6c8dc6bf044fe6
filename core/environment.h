#pragma once

#include <cstdint>
#include <optional>

namespace heddle {

/// The whole number in environment variable `name`; nothing where it is unset or empty.
/// Errors: InputError for anything but a number from `low` to `high`; the message names `unit`.
std::optional<std::int64_t> integer_from_environment(const char* name, std::int64_t low,
                                                     std::int64_t high, const char* unit);

}  // namespace heddle
