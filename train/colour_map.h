#pragma once

#include <array>

#include "train/png.h"

namespace heddle {

/// 256 colours from near black through violet, red and orange to pale yellow whose perceived
/// lightness rises evenly, so that equal steps in a value look equal and a grey print keeps their
/// order. Computed in OKLCh (B. Ottosson, "A perceptual color space for image processing", 2020).
const std::array<Rgb, 256>& heat_colours();

/// The OKLab lightness of an sRGB colour, 0 (black) … 1 (white).
double perceived_lightness(const Rgb& colour);

}  // namespace heddle
