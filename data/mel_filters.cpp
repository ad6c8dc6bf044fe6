#include "data/mel_filters.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/error.h"

namespace heddle {
namespace {

// Slaney's scale: 3 mel per 200 Hz up to 1,000 Hz = 15 mel, then 27 mel for a factor of 6.4.
constexpr double break_hertz = 1000.0;
constexpr double break_mel = 15.0;
constexpr double linear_step = 200.0 / 3.0;
double logarithmic_step() { return std::log(6.4) / 27.0; }

}  // namespace

double mel_of(double hertz, MelScale scale) {
  if (scale == MelScale::htk) {
    return 2595.0 * std::log10(1.0 + hertz / 700.0);
  }
  return hertz < break_hertz ? hertz / linear_step
                             : break_mel + std::log(hertz / break_hertz) / logarithmic_step();
}

double hertz_of(double mel, MelScale scale) {
  if (scale == MelScale::htk) {
    return 700.0 * (std::pow(10.0, mel / 2595.0) - 1.0);
  }
  return mel < break_mel ? mel * linear_step
                         : break_hertz * std::exp((mel - break_mel) * logarithmic_step());
}

std::vector<MelFilter> mel_filters(const MelFilterOptions& options) {
  const double f_max = options.f_max > 0 ? options.f_max : options.sample_rate / 2;
  check(options.n_fft >= 2 && options.n_mels >= 1, "mel filters: got n_fft ", options.n_fft,
        " and n_mels ", options.n_mels, "; expected at least 2 and 1");
  check(options.f_min >= 0 && options.f_min < f_max && f_max <= options.sample_rate / 2,
        "mel filters: got frequencies ", options.f_min, " to ", f_max,
        " Hz; expected 0 ≤ f_min < f_max ≤ ", options.sample_rate / 2);
  const double low = mel_of(options.f_min, options.mel_scale);
  const double high = mel_of(f_max, options.mel_scale);
  const auto corner = [&](std::int64_t i) {
    const double share = static_cast<double>(i) / static_cast<double>(options.n_mels + 1);
    return hertz_of(low + (high - low) * share, options.mel_scale);
  };
  const double bin_width = options.sample_rate / static_cast<double>(options.n_fft);
  std::vector<MelFilter> filters;
  for (std::int64_t band = 0; band < options.n_mels; ++band) {
    const double left = corner(band);
    const double peak = corner(band + 1);
    const double right = corner(band + 2);
    const double height = options.norm == MelNorm::slaney ? 2.0 / (right - left) : 1.0;
    MelFilter filter;
    for (std::int64_t bin = 0; bin <= options.n_fft / 2; ++bin) {
      const double hertz = static_cast<double>(bin) * bin_width;
      const double weight =
          std::min((hertz - left) / (peak - left), (right - hertz) / (right - peak));
      if (weight > 0) {
        if (filter.weights.empty()) {
          filter.first_bin = bin;
        }
        filter.weights.push_back(height * weight);
      }
    }
    check(!filter.weights.empty(), "mel filters: band ", band, " (", left, " to ", right,
          " Hz) has no bin of ", bin_width, " Hz; expected a smaller n_mels or a larger n_fft");
    filters.push_back(std::move(filter));
  }
  return filters;
}

}  // namespace heddle
