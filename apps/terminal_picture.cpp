#include "apps/terminal_picture.h"

#include <algorithm>
#include <ostream>
#include <string_view>

#include "train/colour_map.h"

namespace heddle {

namespace {

void set_colour(std::ostream& out, const char* layer, const Rgb& colour) {
  out << "\033[" << layer << ";2;" << int{colour[0]} << ';' << int{colour[1]} << ';'
      << int{colour[2]} << 'm';
}

}  // namespace

void draw_pixels(std::ostream& out, std::int64_t width, std::int64_t height,
                 std::span<const Rgb> pixels, bool colour) {
  const auto pixel = [&](std::int64_t row, std::int64_t column) -> const Rgb& {
    return pixels[static_cast<std::size_t>(std::min(row, height - 1) * width + column)];
  };
  constexpr std::string_view shades = " .:-=+*#%@";
  for (std::int64_t row = 0; row < height; row += 2) {
    for (std::int64_t column = 0; column < width; ++column) {
      if (colour) {
        set_colour(out, "38", pixel(row, column));
        set_colour(out, "48", pixel(row + 1, column));
        out << "▀";
      } else {
        const double lightness = 0.5 * (perceived_lightness(pixel(row, column)) +
                                        perceived_lightness(pixel(row + 1, column)));
        const auto last = static_cast<double>(shades.size() - 1);
        out << shades[static_cast<std::size_t>(std::clamp(lightness, 0.0, 1.0) * last + 0.5)];
      }
    }
    out << (colour ? "\033[0m\n" : "\n");
  }
}

}  // namespace heddle
