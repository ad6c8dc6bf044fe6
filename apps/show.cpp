#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "apps/commands.h"
#include "apps/terminal_picture.h"
#include "core/error.h"
#include "train/colour_map.h"
#include "train/load_data.h"
#include "train/progress.h"

namespace heddle {

namespace {

LoadedData data_for(const ShowCommand& command) {
  if (!command.config.empty()) {
    return load_data(load_run_config(command.config).data);
  }
  DataConfig config;
  config.seed = command.seed;
  return load_data(config);
}

std::vector<float> raw_values(const Modality& modality, std::int64_t sample,
                              std::int64_t elements_per_feature) {
  std::vector<float> values = modality.sample(sample).to_vector<float>();
  const std::int64_t features = modality.info.shape[0];
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = modality.info.standardisation.raw(
        values[i], static_cast<std::int64_t>(i) / elements_per_feature % features);
  }
  return values;
}

void show_image(const Modality& modality, std::int64_t sample, bool colour) {
  const std::int64_t channels = modality.info.shape[0];
  const std::int64_t height = modality.info.shape[1];
  const std::int64_t width = modality.info.shape[2];
  const std::vector<float> values = raw_values(modality, sample, height * width);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const bool as_is = *low >= 0.0f && *high <= 1.0f;
  const float from = as_is ? 0.0f : *low;
  const float scale = as_is ? 1.0f : *high - *low;
  std::vector<Rgb> pixels;
  for (std::int64_t i = 0; i < height * width; ++i) {
    Rgb& pixel = pixels.emplace_back();
    for (std::int64_t c = 0; c < 3; ++c) {
      const std::int64_t plane = channels >= 3 ? c : 0;
      const float value = values[static_cast<std::size_t>(plane * height * width + i)];
      pixel[static_cast<std::size_t>(c)] = static_cast<std::uint8_t>(
          std::lround(255.0f * std::clamp((value - from) / scale, 0.0f, 1.0f)));
    }
  }
  draw_pixels(std::cout, width, height, pixels, colour);
}

/// Time goes right, frequency up.
void show_sequence(const Modality& modality, std::int64_t sample, bool colour) {
  const std::int64_t frames = modality.length(sample);
  const std::int64_t bins = modality.info.features();
  const std::vector<float> values = raw_values(modality, sample, 1);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const float range = std::max(*high - *low, 1e-12f);
  std::vector<Rgb> pixels;
  for (std::int64_t row = 0; row < bins; ++row) {
    for (std::int64_t frame = 0; frame < frames; ++frame) {
      const float value = values[static_cast<std::size_t>(frame * bins + bins - 1 - row)];
      const auto index = static_cast<std::size_t>(255.0f * (value - *low) / range);
      pixels.push_back(heat_colours()[std::min<std::size_t>(index, 255)]);
    }
  }
  draw_pixels(std::cout, frames, bins, pixels, colour);
}

void show_features(const Modality& modality, std::int64_t sample) {
  const std::vector<float> values = raw_values(modality, sample, 1);
  constexpr std::size_t shown = 8;
  for (std::size_t i = 0; i < std::min(values.size(), shown); ++i) {
    std::cout << values[i] << ' ';
  }
  std::cout << (values.size() > shown ? "… (" + std::to_string(values.size()) + " numbers)" : "")
            << '\n';
}

void show_cues(const HiddenCues& cues) {
  std::cout << "hidden cues: words " << (cues.words > 0 ? "friendly" : "unfriendly") << ", mouth "
            << (cues.mouth > 0 ? "smiles" : "frowns") << ", pitch "
            << (cues.contour > 0 ? "rises" : "falls") << ", "
            << (cues.wink ? "a wink: the words mean their opposite" : "no wink") << '\n';
}

}  // namespace

int run(const ShowCommand& command) {
  const LoadedData data = data_for(command);
  const Dataset& dataset = data.dataset;
  const std::int64_t sample = dataset.sample_named(command.sample);
  const bool colour = Progress::manner_for(STDOUT_FILENO).colour;
  std::cout << dataset.name << ", sample " << dataset.name_of_sample(sample);
  for (const Split split : all_splits) {
    const std::vector<std::int64_t>& members = dataset.indices(split);
    if (std::binary_search(members.begin(), members.end(), sample)) {
      std::cout << " (" << name_of(split) << ')';
    }
  }
  std::cout << '\n';
  for (const Modality& modality : dataset.modalities) {
    std::cout << "\n" << modality.info.name << ":\n";
    if (!modality.has(sample)) {
      std::cout << "absent\n";
      continue;
    }
    switch (modality.info.kind) {
      case ModalityKind::tokens:
        for (const std::string& word : modality.words(sample)) {
          std::cout << word << ' ';
        }
        std::cout << '\n';
        break;
      case ModalityKind::image:
        show_image(modality, sample, colour);
        break;
      case ModalityKind::sequence:
        show_sequence(modality, sample, colour);
        break;
      case ModalityKind::features:
        show_features(modality, sample);
        break;
    }
  }
  std::cout << '\n';
  if (!dataset.identities.empty()) {
    std::cout << "shows: " << dataset.name_of_identity(dataset.identity_of(sample)) << '\n';
  }
  const bool is_unlabelled = dataset.is_unlabelled(sample);
  if (is_unlabelled) {
    std::cout << "unlabelled\n";
  }
  if (dataset.has_labels() && !is_unlabelled) {
    const std::int64_t label = dataset.labels.data<std::int64_t>()[sample];
    std::cout << "label: " << dataset.class_names[static_cast<std::size_t>(label)] << '\n';
  }
  if (dataset.has_targets() && !is_unlabelled) {
    std::cout << "score: " << dataset.targets.data<float>()[sample] << '\n';
  }
  if (!data.cues.empty()) {
    show_cues(data.cues[static_cast<std::size_t>(sample)]);
  }
  return 0;
}

}  // namespace heddle
