#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace heddle {

/// Letters to insert, delete, replace, or swap with a neighbour to turn one word into the other
/// (Damerau 1964, optimal string alignment).
std::int64_t edit_distance(std::string_view left, std::string_view right);

/// The name nearest to `name`, if it is near enough to be what was meant: at most a third of the
/// letters differ, or one is the beginning of the other. Of equally
/// near ones, one that begins with the same letter, else the first.
std::optional<std::string> nearest_name(std::string_view name, std::span<const std::string> known);

/// For the end of an error message: `; did you mean "hidden"?`, or `; expected one of "a", "b"`
/// where nothing is near.
std::string suggestion(std::string_view name, std::span<const std::string> known);

}  // namespace heddle
