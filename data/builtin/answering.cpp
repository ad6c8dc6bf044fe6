#include "data/builtin/answering.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "core/parallel.h"
#include "data/builtin/samples.h"

namespace heddle {
namespace {

constexpr std::int64_t side = 16;  // pixels
constexpr std::int64_t combinations = 18;

enum class Figure : std::uint8_t { circle, square, cross };

constexpr Questions questions = {{
    {"what colour is the thing", "which colour do you see here", "please tell me its colour",
     "how was it painted"},
    {"what shape is the thing", "which shape do you see here", "please tell me its shape",
     "what is drawn in the picture"},
}};
constexpr std::array<const char*, 6> answers = {"red",    "green",  "blue",
                                                "circle", "square", "cross"};

/// What a sample is made from.
struct Cues {
  std::size_t asks_shape = 0;  // 0: the colour
  std::size_t colour = 0;
  std::size_t figure = 0;

  std::int64_t answer() const {
    return static_cast<std::int64_t>(asks_shape == 1 ? 3 + figure : colour);
  }
};

Cues cues_of(std::uint64_t seed, std::int64_t index) {
  Generator generator = builtin_stream("answering", "cues", seed, index / combinations);
  const auto card = static_cast<std::size_t>(
      generator.permutation(combinations)[static_cast<std::size_t>(index % combinations)]);
  return {card % 2, card / 2 % 3, card / 6};
}

bool covers(Figure figure, double x, double y, double radius) {
  switch (figure) {
    case Figure::circle:
      return x * x + y * y <= radius * radius;
    case Figure::square:
      return std::max(std::abs(x), std::abs(y)) <= 0.85 * radius;
    case Figure::cross:
      break;
  }
  return std::max(std::abs(x), std::abs(y)) <= radius &&
         std::min(std::abs(x), std::abs(y)) <= 0.35 * radius;
}

/// [3, side, side], values about −1 … 1.
void draw(const Cues& cues, Generator& generator, std::span<float> out) {
  const double radius = 3.5 + 2.0 * static_cast<double>(generator.uniform());
  const auto place = [&] {
    return radius + (static_cast<double>(side) - 1.0 - 2.0 * radius) *
                        static_cast<double>(generator.uniform());
  };
  const double left = place();
  const double top = place();
  const double ground = -0.6 + 0.4 * static_cast<double>(generator.uniform());
  constexpr double ink = 0.8;
  constexpr double noise = 0.1;
  for (std::size_t plane = 0; plane < 3; ++plane) {
    for (std::int64_t y = 0; y < side; ++y) {
      for (std::int64_t x = 0; x < side; ++x) {
        const bool inside = covers(static_cast<Figure>(cues.figure), static_cast<double>(x) - left,
                                   static_cast<double>(y) - top, radius);
        const double value = inside ? (plane == cues.colour ? ink : -1.0) : ground;
        out[plane * side * side + static_cast<std::size_t>(y * side + x)] =
            static_cast<float>(value + noise * generator.normal());
      }
    }
  }
}

}  // namespace

BuiltinData make_answering(const BuiltinOptions& options) {
  check_options(options);
  const std::int64_t samples = options.train + options.valid + options.test;
  Modality image;
  image.info = {.name = "image",
                .kind = ModalityKind::image,
                .shape = {3, side, side},
                .vocabulary = nullptr,
                .standardisation = {.mean = {0.5f}, .scale = {2.0f}}};
  image.values = Tensor::empty({samples, 3, side, side});
  float* pixels = image.values.mutable_data<float>("make_answering");
  std::vector<std::string> sentences(static_cast<std::size_t>(samples));
  std::vector<std::int64_t> labels(static_cast<std::size_t>(samples));
  parallel_ranges(samples, 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const Cues cues = cues_of(options.seed, i);
      Generator words = builtin_stream("answering", "words", options.seed, i);
      Generator picture = builtin_stream("answering", "picture", options.seed, i);
      const auto& kind = questions[cues.asks_shape];
      sentences[static_cast<std::size_t>(i)] = std::string(kind[words.below(kind.size())]);
      labels[static_cast<std::size_t>(i)] = cues.answer();
      constexpr std::size_t width = 3 * side * side;
      draw(cues, picture, {pixels + static_cast<std::size_t>(i) * width, width});
    }
  });
  BuiltinData data;
  data.dataset.name = "built-in answering";
  data.dataset.samples = samples;
  data.dataset.modalities = {sentences_modality("question", words_of(questions), sentences),
                             std::move(image)};
  data.dataset.labels = Tensor::from(std::span<const std::int64_t>(labels), {samples});
  data.dataset.class_names.assign(answers.begin(), answers.end());
  add_splits(data.dataset, options);
  data.dataset.validate();
  return data;
}

double best_possible_answering(std::span<const std::string> modalities) {
  const std::vector<bool> sees = seen_among(modalities, {"question", "image"});
  const double kinds = sees[0] ? 1.0 : 2.0;         // questions it may be
  const double answers_each = sees[1] ? 1.0 : 3.0;  // answers to each
  return 1.0 / (kinds * answers_each);
}

}  // namespace heddle
