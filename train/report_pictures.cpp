#include "train/report_pictures.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "core/error.h"
#include "train/colour_map.h"
#include "train/png.h"

namespace heddle::report {
namespace {

// `value` between `low` and `high` as an index of the heat colours; what is not finite is 0.
std::uint8_t heat_index(double value, double low, double high) {
  if (!std::isfinite(value) || !(high > low)) {
    return 0;
  }
  return static_cast<std::uint8_t>(
      std::lround(255.0 * std::clamp((value - low) / (high - low), 0.0, 1.0)));
}

std::string heat_source(std::size_t width, std::size_t height,
                        const std::vector<std::uint8_t>& indices) {
  return png_data_uri(encode_png_indexed(static_cast<std::int64_t>(width),
                                         static_cast<std::int64_t>(height), indices,
                                         heat_colours()));
}

}  // namespace

std::string image_source(const ReportImage& image) {
  return png_data_uri(encode_png(image.width, image.height, image.channels, image.pixels));
}

std::string spectrogram_source(const ReportSpectrogram& spectrogram) {
  const std::int64_t frames = spectrogram.frames;
  const std::int64_t bins = spectrogram.bins;
  check(frames >= 1 && bins >= 1 && frames <= 16384 && bins <= 16384 &&
            static_cast<std::int64_t>(spectrogram.values.size()) == frames * bins,
        "report: a spectrogram has ", spectrogram.values.size(), " values; expected ", frames,
        " frames × ", bins, " bins");
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const float value : spectrogram.values) {
    if (std::isfinite(value)) {
      low = std::min(low, static_cast<double>(value));
      high = std::max(high, static_cast<double>(value));
    }
  }
  std::vector<std::uint8_t> indices;
  indices.reserve(spectrogram.values.size());
  for (std::int64_t bin = bins - 1; bin >= 0; --bin) {
    for (std::int64_t frame = 0; frame < frames; ++frame) {
      const float value = spectrogram.values[static_cast<std::size_t>(frame * bins + bin)];
      indices.push_back(heat_index(static_cast<double>(value), low, high));
    }
  }
  return heat_source(static_cast<std::size_t>(frames), static_cast<std::size_t>(bins), indices);
}

std::string attention_source(const std::vector<std::vector<double>>& weights) {
  check(!weights.empty() && !weights.front().empty(), "report: no attention weights to draw");
  std::vector<std::uint8_t> indices;
  for (const auto& row : weights) {
    check(row.size() == weights.front().size(), "report: a row of ", row.size(),
          " attention weights; expected ", weights.front().size(), " as in the first row");
    double largest = 0.0;
    for (const double weight : row) {
      largest = std::isfinite(weight) ? std::max(largest, weight) : largest;
    }
    for (const double weight : row) {
      indices.push_back(heat_index(weight, 0.0, largest));
    }
  }
  return heat_source(weights.front().size(), weights.size(), indices);
}

}  // namespace heddle::report
