#pragma once

#include <span>
#include <string>

#include "data/builtin/generator.h"

namespace heddle {

/// Utterances of videos, a twin of graded sentiment from words, voice and face. Three votes of +1
/// or −1 are hidden in each: one is shown by the modalities "text" (6 numbers) and "words" (a
/// sentence), one by "audio" (5 numbers), one by "video" (4 numbers); of numbers the first alone
/// means something. The target is the sum of the votes (−3, −1, 1, 3), the class ("negative",
/// "positive") its sign. The votes are independent, and every block of 8 samples holds each
/// combination once. Groups are videos of 4 to 8 utterances (fewer where a split ends).
/// Errors (InputError): as make_builtin.
BuiltinData make_utterances(const BuiltinOptions& options);

/// Accuracy: with no vote seen ½; with one or two ¾, for where two disagree the third decides; with
/// all three 1. (Of the target no constant is off by less than 1½ on average, and each vote that is
/// seen takes from that: with one 1¼, with two 1, with all three 0.)
double best_possible_utterances(std::span<const std::string> modalities);

}  // namespace heddle
