#include "data/mfcc.h"

#include <cmath>
#include <cstddef>
#include <numbers>
#include <numeric>

#include "core/error.h"

namespace heddle {

Mfcc::Mfcc(const MfccOptions& options) : options_(options), mel_(options.mel) {
  const std::int64_t bands = options.mel.n_mels;
  check(options.n_mfcc >= 1 && options.n_mfcc <= bands, "Mfcc: got n_mfcc ", options.n_mfcc,
        "; expected 1 … n_mels (", bands, ")");
  const auto count = static_cast<double>(bands);
  for (std::int64_t i = 0; i < options.n_mfcc; ++i) {
    const double scale =
        options.norm == DctNorm::none ? 2.0 : std::sqrt((i == 0 ? 1.0 : 2.0) / count);
    for (std::int64_t m = 0; m < bands; ++m) {
      const auto turns = static_cast<double>(i * (2 * m + 1)) / (2.0 * count);
      cosines_.push_back(scale * std::cos(std::numbers::pi * turns));
    }
  }
}

std::vector<double> Mfcc::operator()(std::span<const float> waveform) const {
  std::vector<double> bands = mel_(waveform);
  take_log(bands, options_.log);
  const auto width = static_cast<std::size_t>(options_.mel.n_mels);
  std::vector<double> coefficients;
  coefficients.reserve(bands.size() / width * static_cast<std::size_t>(options_.n_mfcc));
  for (std::size_t frame = 0; frame < bands.size(); frame += width) {
    for (std::size_t row = 0; row < cosines_.size(); row += width) {
      const double* cosine = cosines_.data() + row;
      coefficients.push_back(std::inner_product(cosine, cosine + width, bands.data() + frame, 0.0));
    }
  }
  return coefficients;
}

}  // namespace heddle
