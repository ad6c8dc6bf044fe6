#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace heddle {

/// The first byte that does not belong to well-formed UTF-8 (no overlong forms, no surrogates, at
/// most U+10FFFF; RFC 3629), or nothing if all is well.
std::optional<std::size_t> first_invalid_utf8(std::string_view text);

}  // namespace heddle
