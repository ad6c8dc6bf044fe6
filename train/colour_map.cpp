#include "train/colour_map.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace heddle {
namespace {

using Triple = std::array<double, 3>;

// Linear sRGB of a colour given by lightness, chroma and hue (degrees); may lie outside [0, 1].
Triple linear_rgb(double lightness, double chroma, double hue) {
  const double angle = hue * std::numbers::pi / 180.0;
  const double a = chroma * std::cos(angle);
  const double b = chroma * std::sin(angle);
  const double l = std::pow(lightness + 0.3963377774 * a + 0.2158037573 * b, 3.0);
  const double m = std::pow(lightness - 0.1055613458 * a - 0.0638541728 * b, 3.0);
  const double s = std::pow(lightness - 0.0894841775 * a - 1.2914855480 * b, 3.0);
  return {4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
          -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
          -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s};
}

bool displayable(const Triple& rgb) {
  return std::all_of(rgb.begin(), rgb.end(), [](double v) { return v >= 0.0 && v <= 1.0; });
}

// The most colourful displayable colour of this lightness and hue, up to `chroma`.
Triple in_gamut(double lightness, double chroma, double hue) {
  double inside = 0.0;
  double outside = chroma;
  if (displayable(linear_rgb(lightness, chroma, hue))) {
    return linear_rgb(lightness, chroma, hue);
  }
  for (int halving = 0; halving < 24; ++halving) {
    const double middle = 0.5 * (inside + outside);
    (displayable(linear_rgb(lightness, middle, hue)) ? inside : outside) = middle;
  }
  return linear_rgb(lightness, inside, hue);
}

std::uint8_t srgb_byte(double linear) {
  const double value = std::clamp(linear, 0.0, 1.0);
  const double encoded =
      value <= 0.0031308 ? 12.92 * value : 1.055 * std::pow(value, 1.0 / 2.4) - 0.055;
  return static_cast<std::uint8_t>(std::lround(255.0 * encoded));
}

double linear_of(std::uint8_t byte) {
  const double value = byte / 255.0;
  return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}

}  // namespace

const std::array<Rgb, 256>& heat_colours() {
  static const std::array<Rgb, 256> colours = [] {
    std::array<Rgb, 256> made{};
    for (std::size_t index = 0; index < made.size(); ++index) {
      const double t = static_cast<double>(index) / 255.0;
      const double lightness = 0.16 + 0.79 * t;
      const double hue = 285.0 + 180.0 * t;  // violet, magenta, red, orange, yellow
      const double chroma = 0.04 + 0.16 * std::sin(std::numbers::pi * std::pow(t, 0.8));
      const Triple rgb = in_gamut(lightness, chroma, hue);
      made[index] = {srgb_byte(rgb[0]), srgb_byte(rgb[1]), srgb_byte(rgb[2])};
    }
    return made;
  }();
  return colours;
}

double perceived_lightness(const Rgb& colour) {
  const double r = linear_of(colour[0]);
  const double g = linear_of(colour[1]);
  const double b = linear_of(colour[2]);
  const double l = std::cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const double m = std::cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const double s = std::cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return 0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s;
}

}  // namespace heddle
