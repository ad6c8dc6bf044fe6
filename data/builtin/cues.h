#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/random.h"

namespace heddle {

/// What a built-in sample is made from, and its label is decided by. The cues are independent.
struct HiddenCues {
  int words = 1;      // t: +1 the words are friendly, −1 they are not (negation counted); ½ each
  int mouth = 1;      // v: +1 smile, −1 frown; ½ each
  int contour = 1;    // a: +1 the pitch rises, −1 it falls; ½ each
  bool wink = false;  // w: an eye is closed, and the words mean their opposite; probability ¼

  bool operator==(const HiddenCues&) const = default;
};

constexpr double wink_probability = 0.25;

/// 1 ("positive") where the majority of t·(−1)^w, v and a is +1, else 0 ("negative").
std::int64_t label_of(const HiddenCues& cues);

/// Samples are dealt in blocks that hold every combination of cues exactly as often as its
/// probability says (8 of t, v, a, four times each, one of the four winking), in random order. So
/// the best possible accuracies hold for the very samples drawn, not only on average.
constexpr std::int64_t cues_per_block = 32;
/// All cues of one block, in the order drawn from its generator.
std::vector<HiddenCues> draw_cues(Generator& generator);

/// The accuracy that nobody who sees only these modalities can beat, by going through every
/// combination of cues: text shows t, image shows v and w, audio shows a. No modality: ½.
/// Errors: a name other than "text", "image" and "audio".
double best_possible_accuracy(std::span<const std::string> modalities);

}  // namespace heddle
