#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/random.h"

namespace heddle {

/// One coloured shape in one of nine places: all that a picture and its captions have in common.
struct Scene {
  std::int64_t colour = 0;  // 0 … scene_colours − 1
  std::int64_t shape = 0;   // 0 … scene_shapes − 1
  std::int64_t place = 0;   // 0 … 8, row by row from the top left

  bool operator==(const Scene&) const = default;
};

constexpr std::int64_t scene_colours = 6;
constexpr std::int64_t scene_shapes = 4;
constexpr std::int64_t scene_places = 9;

/// All equally likely.
Scene draw_scene(Generator& generator);

/// A caption such as "a crimson disc in the top left": which of two words names colour and shape,
/// and the sentence around them, say nothing about the scene.
std::string describe_scene(const Scene& scene, Generator& generator);

/// Every word that a caption may hold, each once, always in the same order.
std::vector<std::string> scene_words();

/// `side`×`side` pixels as [3, side, side] in 0 … 1. Background, exact place, size and noise in the
/// pixels say nothing about the scene.
std::vector<float> draw_picture(const Scene& scene, std::int64_t side, Generator& generator);

}  // namespace heddle
