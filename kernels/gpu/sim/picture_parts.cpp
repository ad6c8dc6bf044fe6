#include "kernels/gpu/sim/picture_parts.h"

#include <cstdio>

#include "core/error.h"

namespace heddle::sim {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f", value);
  std::string result = text;
  if (result.ends_with(".0")) {
    result.resize(result.size() - 2);
  }
  return result;
}

std::string box(double x, double y, double width, double height, const std::string& fill) {
  return concat("<rect x=\"", number(x), "\" y=\"", number(y), "\" width=\"", number(width),
                "\" height=\"", number(height), "\" fill=\"", fill, "\"/>\n");
}

std::string label(double x, double y, const std::string& text, const char* attributes) {
  return concat("<text x=\"", number(x), "\" y=\"", number(y), "\"", attributes, ">", text,
                "</text>\n");
}

std::string colour(unsigned lane, int light) {
  return concat("hsl(", lane * 11, ",65%,", light, "%)");
}

bool takes_part(const Request& request, unsigned lane) { return (request.lanes >> lane & 1u) != 0; }

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

}  // namespace heddle::sim
