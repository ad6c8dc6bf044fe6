#include "train/sample_pictures.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "data/builtin/generator.h"

namespace heddle {

std::optional<ReportImage> image_of(const Modality& modality, std::int64_t sample) {
  const std::int64_t channels = modality.info.shape[0];
  if (channels != 1 && channels != 3 && channels != 4) {
    return std::nullopt;
  }
  ReportImage image;
  image.channels = channels;
  image.height = modality.info.shape[1];
  image.width = modality.info.shape[2];
  std::vector<float> values = modality.sample(sample).to_vector<float>();
  const std::int64_t plane = image.height * image.width;
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = modality.info.standardisation.raw(values[i], static_cast<std::int64_t>(i) / plane);
  }
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  constexpr float slack = 1e-3f;
  const bool as_is = *low >= -slack && *high <= 1.0f + slack;
  const float from = as_is ? 0.0f : *low;
  const float scale = as_is ? 1.0f : *high - *low;
  image.pixels.resize(values.size());
  for (std::int64_t i = 0; i < plane; ++i) {
    for (std::int64_t c = 0; c < channels; ++c) {
      const float value = (values[static_cast<std::size_t>(c * plane + i)] - from) / scale;
      image.pixels[static_cast<std::size_t>(i * channels + c)] =
          static_cast<std::uint8_t>(std::lround(255.0f * std::clamp(value, 0.0f, 1.0f)));
    }
  }
  return image;
}

ReportSpectrogram spectrogram_of(const Modality& modality, std::int64_t sample,
                                 const DataConfig& data) {
  ReportSpectrogram result;
  const Tensor frames = modality.sample(sample);
  result.frames = frames.size(0);
  result.bins = frames.size(1);
  result.values = frames.to_vector<float>();
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    result.values[i] = modality.info.standardisation.raw(
        result.values[i], static_cast<std::int64_t>(i) % result.bins);
  }
  if (data.kind == DataKind::builtin) {
    const LogMelOptions options = builtin_log_mel_options();
    result.seconds = static_cast<double>(builtin_waveform_samples) / builtin_sample_rate;
    result.lowest_hertz = options.low;
    result.highest_hertz = options.high;
  }
  return result;
}

}  // namespace heddle
