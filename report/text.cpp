#include "report/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdlib>

namespace heddle::report {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";   // U+FFFD
constexpr std::string_view minus = "\xE2\x88\x92";         // U+2212
constexpr std::string_view narrow_space = "\xE2\x80\xAF";  // U+202F

// Length of the well-formed UTF-8 sequence that `text` starts with, 0 if it starts with none
// (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char first = byte(0);
  if (first < 0x80) {
    return 1;
  }
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) {
    return 0;
  }
  for (std::size_t at = 1; at < length; ++at) {
    if ((byte(at) & 0xC0) != 0x80) {
      return 0;
    }
  }
  const unsigned char second = byte(1);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool surrogate = first == 0xED && second > 0x9F;
  const bool too_large = first == 0xF4 && second > 0x8F;
  return overlong || surrogate || too_large ? 0 : length;
}

// Characters that reorder the text around them (U+202A … U+202E, U+2066 … U+2069).
bool reorders(std::string_view sequence) {
  return (sequence >= "\xE2\x80\xAA" && sequence <= "\xE2\x80\xAE") ||
         (sequence >= "\xE2\x81\xA6" && sequence <= "\xE2\x81\xA9");
}

std::string fixed_digits(double value, int decimals) {
  std::array<char, 400> buffer{};  // the largest double has 309 digits before the point
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                    std::chars_format::fixed, decimals);
  return {buffer.data(), result.ptr};
}

std::string group_thousands(std::string digits) {
  std::size_t end = digits.find('.');
  end = end == std::string::npos ? digits.size() : end;
  for (std::size_t at = end; at > 3; at -= 3) {
    digits.insert(at - 3, 1, ',');
  }
  return digits;
}

std::string not_finite(double value) {
  return std::isnan(value) ? "NaN" : value > 0.0 ? "∞" : std::string(minus) + "∞";
}

std::string superscript(int exponent) {
  constexpr std::array<std::string_view, 10> digits = {"⁰", "¹", "²", "³", "⁴",
                                                       "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string text = exponent < 0 ? "⁻" : "";
  for (const char digit : std::to_string(std::abs(exponent))) {
    text += digits[static_cast<std::size_t>(digit - '0')];
  }
  return text;
}

std::string trim_zeros(std::string digits) {
  if (digits.find('.') != std::string::npos) {
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') {
      digits.pop_back();
    }
  }
  return digits;
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string safe;
  safe.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const char first = text.front();
    const bool control =
        (static_cast<unsigned char>(first) < 0x20 && first != '\n' && first != '\t') ||
        first == 0x7F;
    if (length == 0 || control || reorders(text.substr(0, length))) {
      safe += replacement;
    } else if (first == '&') {
      safe += "&amp;";
    } else if (first == '<') {
      safe += "&lt;";
    } else if (first == '>') {
      safe += "&gt;";
    } else if (first == '"') {
      safe += "&quot;";
    } else if (first == '\'') {
      safe += "&#39;";
    } else {
      safe += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return safe;
}

std::string format_count(std::int64_t count) {
  const std::string text = std::to_string(count);
  return count < 0 ? std::string(minus) + group_thousands(text.substr(1)) : group_thousands(text);
}

std::string format_fixed(double value, int decimals) {
  if (!std::isfinite(value)) {
    return not_finite(value);
  }
  const std::string digits = fixed_digits(std::abs(value), decimals);
  const bool zero = digits.find_first_not_of("0.") == std::string::npos;
  return (value < 0.0 && !zero ? std::string(minus) : "") + group_thousands(digits);
}

std::string format_number(double value, int digits) {
  if (!std::isfinite(value)) {
    return not_finite(value);
  }
  if (value == 0.0) {
    return "0";
  }
  const int exponent = static_cast<int>(std::floor(std::log10(std::abs(value))));
  if (exponent < -4 || exponent >= 9) {
    const double mantissa = value / std::pow(10.0, exponent);
    if (std::isfinite(mantissa)) {
      return trim_zeros(format_fixed(mantissa, digits - 2)) + "×10" + superscript(exponent);
    }
    return (value < 0.0 ? std::string(minus) : "") + "0";  // below the normal range
  }
  return trim_zeros(format_fixed(value, std::max(0, digits - 1 - exponent)));
}

std::string format_percent(double fraction, int decimals) {
  const std::string digits = format_fixed(100.0 * fraction, decimals);
  return (fraction == 1.0 ? "100" : digits) + std::string(narrow_space) + "%";
}

std::string format_duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0.0) {
    return "unknown";
  }
  if (seconds < 0.9995) {
    return format_fixed(1000.0 * seconds, 0) + " ms";
  }
  if (seconds < 9.95) {
    return format_fixed(seconds, 1) + " s";
  }
  if (seconds > 1e15) {
    return format_number(seconds) + " s";
  }
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 60) {
    return format_count(whole) + " s";
  }
  if (whole < 3600) {
    return format_count(whole / 60) + " min " + format_count(whole % 60) + " s";
  }
  return format_count(whole / 3600) + " h " + format_count(whole % 3600 / 60) + " min";
}

std::string plural(std::int64_t count, std::string_view noun) {
  return format_count(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string coordinate(double value, int decimals) {
  if (!std::isfinite(value)) {
    return "0";
  }
  std::string digits = trim_zeros(fixed_digits(value, decimals));
  return digits == "-0" ? "0" : digits;
}

}  // namespace heddle::report
