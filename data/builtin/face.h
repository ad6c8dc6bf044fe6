#pragma once

#include <cstdint>
#include <vector>

#include "core/random.h"

namespace heddle {

/// A face of `side`×`side` pixels as [3, side, side] in 0 … 1 (multiples of 1/255): it smiles
/// (mouth +1) or frowns (−1), and one of its eyes is closed where it winks. Colours, place, size,
/// tilt, which eye, and noise in the pixels say nothing about either.
std::vector<float> draw_face(int mouth, bool wink, std::int64_t side, Generator& generator);

}  // namespace heddle
