#pragma once

#include <cstdint>
#include <vector>

#include "core/random.h"

namespace heddle {

/// A voice-like tone (three harmonics) in noise, −1 … 1: its pitch rises (contour +1) or falls (−1)
/// evenly by 40 to 80 % of its middle. The middle (the speaker's pitch, 250 to 700 Hz), when it
/// begins, how long it is, how loud, and the noise say nothing about that.
std::vector<float> make_tone(int contour, std::int64_t samples, double sample_rate,
                             Generator& generator);

}  // namespace heddle
