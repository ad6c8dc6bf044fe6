#pragma once

#include <string>

#include "kernels/gpu/sim/profile.h"

// What pictures of memory accesses are drawn with: SVG elements as text. All sizes are in pixels.

namespace heddle::sim {

constexpr int picture_width = 760;
constexpr int drawing_left = 52;  // labels stand before it
constexpr int drawing_top = 82;
constexpr int drawing_width = picture_width - drawing_left - 16;

/// With one decimal, where it is not 0.
std::string number(double value);
std::string box(double x, double y, double width, double height, const std::string& fill);
/// `attributes`: " name=\"value\"…".
std::string label(double x, double y, const std::string& text, const char* attributes = "");
/// Of a lane, so that neighbours look alike; `light` in percent.
std::string colour(unsigned lane, int light);
/// With &, <, > and " written as entities.
std::string escaped(const std::string& text);

bool takes_part(const Request& request, unsigned lane);

struct Drawing {
  std::string svg;
  int height;        // where the picture ends
  std::string note;  // to be added to the figures
};

/// Rows are lanes, columns the bytes of the sectors touched, from the lowest address on; what lies
/// between sectors that do not follow each other is left out, as a gap. Below, the sectors that
/// would do.
Drawing draw_sectors(const Request& request);

/// Columns are banks. The words asked of one bank stand below each other, one pass each, with the
/// lane that asks (+: and others).
Drawing draw_banks(const Request& request);

}  // namespace heddle::sim
