#pragma once

#include <cstdint>
#include <iosfwd>
#include <span>

#include "train/png.h"

namespace heddle {

/// Draws pixels in a terminal: with colour, two rows per line as half blocks; without, one
/// character per pixel by lightness.
void draw_pixels(std::ostream& out, std::int64_t width, std::int64_t height,
                 std::span<const Rgb> pixels, bool colour);

}  // namespace heddle
