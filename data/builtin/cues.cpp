#include "data/builtin/cues.h"

#include <algorithm>
#include <array>
#include <map>

#include "core/error.h"
#include "data/nearest_name.h"

namespace heddle {

std::int64_t label_of(const HiddenCues& cues) {
  const int meaning = cues.wink ? -cues.words : cues.words;
  return meaning + cues.mouth + cues.contour > 0 ? 1 : 0;
}

std::vector<HiddenCues> draw_cues(Generator& generator) {
  std::vector<HiddenCues> cues;
  for (const std::int64_t card : generator.permutation(cues_per_block)) {
    const auto sign = [card](int bit) { return (card >> bit & 1) == 0 ? -1 : 1; };
    const double place = static_cast<double>(card >> 3) * 8 / cues_per_block;
    cues.push_back({sign(0), sign(1), sign(2), place < wink_probability});
  }
  return cues;
}

double best_possible_accuracy(std::span<const std::string> modalities) {
  const std::vector<std::string> known = {"text", "image", "audio"};
  for (const std::string& name : modalities) {
    check(std::find(known.begin(), known.end(), name) != known.end(),
          "best_possible_accuracy: the built-in data has no modality \"", name, "\"",
          suggestion(name, known));
  }
  const auto sees = [&](const char* name) {
    return std::find(modalities.begin(), modalities.end(), name) != modalities.end();
  };
  // What is seen → probability of each label together with it. A cue not seen counts as 0.
  std::map<std::array<int, 4>, std::array<double, 2>> seen;
  for (const int words : {-1, 1}) {
    for (const int mouth : {-1, 1}) {
      for (const int contour : {-1, 1}) {
        for (const bool wink : {false, true}) {
          const double probability = 0.125 * (wink ? wink_probability : 1 - wink_probability);
          const std::array<int, 4> view = {sees("text") ? words : 0, sees("image") ? mouth : 0,
                                           sees("image") ? (wink ? 1 : -1) : 0,
                                           sees("audio") ? contour : 0};
          const std::int64_t label = label_of({words, mouth, contour, wink});
          seen[view][static_cast<std::size_t>(label)] += probability;
        }
      }
    }
  }
  double best = 0;
  for (const auto& [view, labels] : seen) {
    best += std::max(labels[0], labels[1]);
  }
  return best;
}

}  // namespace heddle
