#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace heddle::report {

// Text for pages. Never depends on the locale; the same value gives the same text.

/// `text` safe between tags and inside quoted attributes. Control characters, those that reorder
/// the text around them, and bytes that are not UTF-8 become U+FFFD.
std::string escape_html(std::string_view text);

/// 1234567 → "1,234,567".
std::string format_count(std::int64_t count);

/// A number with about `digits` significant digits: "0.0312", "1,234", "2.5×10⁻⁷", "NaN", "∞".
std::string format_number(double value, int digits = 4);

/// With exactly `decimals` digits after the point, groups of thousands and a true minus sign.
std::string format_fixed(double value, int decimals);

/// 0.979 → "97.9 %" (with a narrow space that does not break).
std::string format_percent(double fraction, int decimals = 1);

/// "310 ms", "41 s", "2 min 5 s", "1 h 12 min".
std::string format_duration(double seconds);

/// plural(1, "seed") → "1 seed", plural(1200, "step") → "1,200 steps".
std::string plural(std::int64_t count, std::string_view noun);

/// A plain number for SVG and CSS ("12.5", never "1e-7"); 0 where the value is not finite.
std::string coordinate(double value, int decimals = 2);

}  // namespace heddle::report
