#include "data/builtin/scene.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "core/error.h"
#include "data/builtin/canvas.h"
#include "data/vocabulary.h"

namespace heddle {
namespace {

/// Two words for the same thing.
using Names = std::array<std::string_view, 2>;

constexpr std::array<Names, scene_colours> colour_names = {{{"red", "crimson"},
                                                            {"green", "emerald"},
                                                            {"blue", "azure"},
                                                            {"yellow", "golden"},
                                                            {"violet", "purple"},
                                                            {"white", "pale"}}};
constexpr std::array<Colour, scene_colours> colours = {{{0.9f, 0.1f, 0.1f},
                                                        {0.1f, 0.8f, 0.1f},
                                                        {0.1f, 0.2f, 0.95f},
                                                        {0.95f, 0.9f, 0.1f},
                                                        {0.7f, 0.1f, 0.8f},
                                                        {1.0f, 1.0f, 1.0f}}};
constexpr std::array<Names, scene_shapes> shape_names = {
    {{"disc", "ball"}, {"bar", "beam"}, {"pole", "post"}, {"cross", "plus"}}};
constexpr std::array<std::string_view, scene_places> place_names = {
    "top left", "top",         "top right", "left",        "middle",
    "right",    "bottom left", "bottom",    "bottom right"};
constexpr std::uint64_t templates = 4;

std::string sentence(std::uint64_t which, std::string_view colour, std::string_view shape,
                     std::string_view place) {
  switch (which) {
    case 0:
      return concat("a ", colour, " ", shape, " in the ", place);
    case 1:
      return concat("there is a ", shape, " at the ", place, " and it is ", colour);
    case 2:
      return concat("the ", place, " shows some ", colour, " ", shape);
    default:
      return concat("look a ", shape, " that is ", colour, " sits ", place);
  }
}

float between(Generator& generator, float low, float high) {
  return low + (high - low) * generator.uniform();
}

void draw_shape(Canvas& canvas, std::int64_t shape, Point centre, float reach, Colour colour) {
  const std::array<Point, 2> across = {Point{centre.x - reach, centre.y},
                                       Point{centre.x + reach, centre.y}};
  const std::array<Point, 2> upright = {Point{centre.x, centre.y - reach},
                                        Point{centre.x, centre.y + reach}};
  const float width = 0.6f * reach;
  if (shape == 0) {
    canvas.ellipse(centre, {reach, reach}, 0.0f, colour);
  }
  if (shape == 1 || shape == 3) {
    canvas.line(across, width, colour);
  }
  if (shape == 2 || shape == 3) {
    canvas.line(upright, width, colour);
  }
}

}  // namespace

Scene draw_scene(Generator& generator) {
  Scene scene;
  scene.colour = static_cast<std::int64_t>(generator.below(scene_colours));
  scene.shape = static_cast<std::int64_t>(generator.below(scene_shapes));
  scene.place = static_cast<std::int64_t>(generator.below(scene_places));
  return scene;
}

std::string describe_scene(const Scene& scene, Generator& generator) {
  const std::uint64_t which = generator.below(templates);
  const Names& colour = colour_names[static_cast<std::size_t>(scene.colour)];
  const Names& shape = shape_names[static_cast<std::size_t>(scene.shape)];
  const std::string_view colour_name = colour[generator.below(colour.size())];
  const std::string_view shape_name = shape[generator.below(shape.size())];
  return sentence(which, colour_name, shape_name,
                  place_names[static_cast<std::size_t>(scene.place)]);
}

std::vector<std::string> scene_words() {
  std::set<std::string> words;
  const auto add = [&](std::string_view text) {
    for (std::string& word : words_in(text)) {
      words.insert(std::move(word));
    }
  };
  for (std::uint64_t which = 0; which < templates; ++which) {
    add(sentence(which, "", "", ""));
  }
  for (const Names& names : colour_names) {
    std::for_each(names.begin(), names.end(), add);
  }
  for (const Names& names : shape_names) {
    std::for_each(names.begin(), names.end(), add);
  }
  std::for_each(place_names.begin(), place_names.end(), add);
  return {words.begin(), words.end()};
}

std::vector<float> draw_picture(const Scene& scene, std::int64_t side, Generator& generator) {
  Canvas canvas(side);
  const float dark = between(generator, 0.0f, 0.25f);
  canvas.fill_gradient({dark, dark, dark}, {0.25f - dark, 0.25f - dark, 0.25f - dark});
  const float cell = static_cast<float>(side) / 3.0f;
  const auto middle = [&](std::int64_t index) {
    return cell * (static_cast<float>(index) + 0.5f + between(generator, -0.1f, 0.1f));
  };
  const float x = middle(scene.place % 3);
  const float y = middle(scene.place / 3);
  draw_shape(canvas, scene.shape, {x, y}, cell * between(generator, 0.34f, 0.42f),
             colours[static_cast<std::size_t>(scene.colour)]);
  std::vector<float> planes = canvas.take_planes();
  for (float& value : planes) {
    value = std::clamp(value + between(generator, -0.04f, 0.04f), 0.0f, 1.0f);
  }
  return planes;
}

}  // namespace heddle
