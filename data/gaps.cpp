#include "data/gaps.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"

namespace heddle {
namespace {

enum class Gap : std::uint8_t { none, missing, infinite };

/// The layout of a modality's values: `rows` of `features` times `plane` numbers, each with the
/// number of training samples that it is part of.
struct Layout {
  std::int64_t rows = 0;
  std::int64_t features = 0;
  std::int64_t plane = 1;
  std::vector<double> weights;  // per row of values

  std::int64_t row() const { return features * plane; }
  std::size_t feature_of(std::int64_t element) const {
    return static_cast<std::size_t>(element / plane % features);
  }
};

Layout layout_of(const Modality& modality, std::span<const std::int64_t> train) {
  Layout layout;
  layout.rows = modality.values.size(0);
  layout.features = modality.info.shape[0];
  layout.plane = element_count(modality.info.shape) / layout.features;
  layout.weights.resize(static_cast<std::size_t>(layout.rows));
  for (const std::int64_t sample : train) {
    if (!modality.has(sample)) {
      continue;
    }
    const std::int64_t row = modality.row_of(sample);
    const std::int64_t begin =
        modality.starts.empty() ? row : modality.starts[static_cast<std::size_t>(row)];
    for (std::int64_t r = begin; r < begin + modality.length(sample); ++r) {
      layout.weights[static_cast<std::size_t>(r)] += 1;
    }
  }
  return layout;
}

/// The gaps among the values; empty where there are none. Those that are refused are an error.
std::vector<Gap> find_gaps(const GapOptions& options, const Modality& modality,
                           const Layout& layout) {
  std::vector<Gap> gaps;
  const float* data = modality.values.data<float>();
  const std::int64_t count = modality.values.elements();
  std::int64_t first = -1;
  std::int64_t refused = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    if (std::isfinite(data[i])) {
      continue;
    }
    const Gap gap = std::isnan(data[i]) ? Gap::missing : Gap::infinite;
    const GapTreatment treatment = gap == Gap::missing ? options.missing : options.not_finite;
    if (treatment == GapTreatment::refuse) {
      first = refused == 0 ? i : first;
      ++refused;
    }
    gaps.resize(static_cast<std::size_t>(count));
    gaps[static_cast<std::size_t>(i)] = gap;
  }
  if (refused > 0) {
    const std::int64_t row = first / layout.row();
    fail<InputError>(options.where, options.place(row, first % layout.row()), " is ", data[first],
                     refused > 1 ? concat(" (", refused, " such numbers in all)") : "",
                     ", expected a finite number; ",
                     std::isnan(data[first]) ? "missing" : "not_finite",
                     " = \"absent\", \"mean\", \"zero\" or \"indicator\" says how to treat it");
  }
  return gaps;
}

/// Infinite numbers become the most extreme finite ones of the training samples.
void limit(const Layout& layout, std::vector<Gap>& gaps, float* data) {
  const auto features = static_cast<std::size_t>(layout.features);
  constexpr float most = std::numeric_limits<float>::max();
  std::vector<float> low(features, most);
  std::vector<float> high(features, -most);
  const std::int64_t count = layout.rows * layout.row();
  for (std::int64_t i = 0; i < count; ++i) {
    const bool counts = layout.weights[static_cast<std::size_t>(i / layout.row())] > 0;
    if (counts && gaps[static_cast<std::size_t>(i)] == Gap::none) {
      const std::size_t f = layout.feature_of(i);
      low[f] = std::min(low[f], data[i]);
      high[f] = std::max(high[f], data[i]);
    }
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const std::size_t f = layout.feature_of(i);
    if (gaps[static_cast<std::size_t>(i)] == Gap::infinite && low[f] <= high[f]) {
      data[i] = data[i] > 0 ? high[f] : low[f];
      gaps[static_cast<std::size_t>(i)] = Gap::none;
    }
  }
}

struct Moments {
  std::vector<double> mean;
  std::vector<double> variance;
};

/// Over the training samples, gaps left out. Two passes, so that the squares lose no digits.
Moments moments_of(const Layout& layout, const std::vector<Gap>& gaps, const float* data) {
  const auto features = static_cast<std::size_t>(layout.features);
  Moments moments{std::vector<double>(features), std::vector<double>(features)};
  std::vector<double> counts(features);
  for (const bool has_mean : {false, true}) {
    for (std::int64_t r = 0; r < layout.rows; ++r) {
      const double weight = layout.weights[static_cast<std::size_t>(r)];
      for (std::int64_t i = r * layout.row(); weight > 0 && i < (r + 1) * layout.row(); ++i) {
        if (!gaps.empty() && gaps[static_cast<std::size_t>(i)] != Gap::none) {
          continue;
        }
        const std::size_t f = layout.feature_of(i);
        const auto value = static_cast<double>(data[i]);
        if (has_mean) {
          moments.variance[f] += weight * ((value - moments.mean[f]) * (value - moments.mean[f]));
        } else {
          moments.mean[f] += weight * value;
          counts[f] += weight;
        }
      }
    }
    for (std::size_t f = 0; f < features; ++f) {
      (has_mean ? moments.variance : moments.mean)[f] /= std::max(counts[f], 1.0);
    }
  }
  return moments;
}

/// Takes mean and scale from the moments of numbers that were raised to their power, and applies
/// them.
void standardise(const Layout& layout, const Moments& moments, double wanted, std::int64_t count,
                 Standardisation& standardisation, float* data) {
  for (std::size_t f = 0; f < moments.mean.size(); ++f) {
    const double deviation = std::sqrt(moments.variance[f]);
    // Below the rounding of f32 a feature only differs by noise.
    const bool constant = deviation <= 1e-6 * std::abs(moments.mean[f]) || deviation == 0;
    standardisation.mean.push_back(static_cast<float>(moments.mean[f]));
    standardisation.scale.push_back(constant ? 1.0f : static_cast<float>(wanted / deviation));
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const std::size_t f = layout.feature_of(i);
    data[i] = (data[i] - standardisation.mean[f]) * standardisation.scale[f];
  }
}

void fill(const GapOptions& options, const Layout& layout, const std::vector<Gap>& gaps,
          const Moments& moments, float* data) {
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    if (gaps[i] == Gap::none) {
      continue;
    }
    const GapTreatment treatment = gaps[i] == Gap::missing ? options.missing : options.not_finite;
    const bool zero = treatment == GapTreatment::zero || treatment == GapTreatment::absent;
    const auto element = static_cast<std::int64_t>(i);
    data[i] = zero ? 0.0f : static_cast<float>(moments.mean[layout.feature_of(element)]);
  }
}

/// Samples with a gap that makes the whole modality absent lack it.
void hide_absent(const GapOptions& options, const Layout& layout, const std::vector<Gap>& gaps,
                 Modality& modality) {
  std::vector<bool> hidden(static_cast<std::size_t>(layout.rows));
  bool any = false;
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    const GapTreatment treatment = gaps[i] == Gap::missing ? options.missing : options.not_finite;
    if (gaps[i] != Gap::none && treatment == GapTreatment::absent) {
      hidden[i / static_cast<std::size_t>(layout.row())] = true;
      any = true;
    }
  }
  if (!any) {
    return;
  }
  const auto samples = static_cast<std::int64_t>(
      modality.rows.empty() ? static_cast<std::size_t>(modality.row_count())
                            : modality.rows.size());
  modality.present.resize(static_cast<std::size_t>(samples), true);
  for (std::int64_t sample = 0; sample < samples; ++sample) {
    const std::int64_t row = modality.row_of(sample);
    const std::int64_t begin =
        modality.starts.empty() ? row : modality.starts[static_cast<std::size_t>(row)];
    for (std::int64_t r = begin; r < begin + modality.length(sample); ++r) {
      if (hidden[static_cast<std::size_t>(r)]) {
        modality.present[static_cast<std::size_t>(sample)] = false;
      }
    }
  }
}

/// One more feature for each: 1 where it was missing.
void add_indicators(const GapOptions& options, const Layout& layout, const std::vector<Gap>& gaps,
                    Modality& modality) {
  const std::int64_t features = layout.features;
  Tensor wide = Tensor::zeros({layout.rows, 2 * features});
  float* out = wide.mutable_data<float>("add_indicators");
  const float* in = modality.values.data<float>();
  for (std::int64_t r = 0; r < layout.rows; ++r) {
    std::copy_n(in + r * features, features, out + r * 2 * features);
    for (std::int64_t f = 0; f < features && !gaps.empty(); ++f) {
      const Gap gap = gaps[static_cast<std::size_t>(r * features + f)];
      const GapTreatment treatment = gap == Gap::missing ? options.missing : options.not_finite;
      const bool shown = gap != Gap::none && treatment == GapTreatment::indicator;
      out[(2 * r + 1) * features + f] = shown ? 1.0f : 0.0f;
    }
  }
  modality.values = wide;
  modality.info.shape = {2 * features};
  Standardisation& standardisation = modality.info.standardisation;
  if (!standardisation.mean.empty()) {
    standardisation.mean.resize(static_cast<std::size_t>(2 * features), 0.0f);
    standardisation.scale.resize(static_cast<std::size_t>(2 * features), 1.0f);
  }
}

}  // namespace

void treat_gaps(const GapOptions& options, std::span<const std::int64_t> train,
                Modality& modality) {
  const Layout layout = layout_of(modality, train);
  float* data = modality.values.mutable_data<float>("treat_gaps");
  const std::int64_t count = modality.values.elements();
  Standardisation& standardisation = modality.info.standardisation;
  standardisation = {.mean = {}, .scale = {}, .power = options.power};
  for (std::int64_t i = 0; options.power != 1.0f && i < count; ++i) {
    data[i] = standardisation.powered(data[i]);
  }
  std::vector<Gap> gaps = find_gaps(options, modality, layout);
  if (!gaps.empty() && options.not_finite == GapTreatment::limit) {
    limit(layout, gaps, data);
  }
  if (options.standardise || !gaps.empty()) {
    const Moments moments = moments_of(layout, gaps, data);
    fill(options, layout, gaps, moments, data);
    if (options.standardise) {
      standardise(layout, moments, static_cast<double>(options.deviation), count, standardisation,
                  data);
    }
  }
  hide_absent(options, layout, gaps, modality);
  if (options.missing == GapTreatment::indicator || options.not_finite == GapTreatment::indicator) {
    add_indicators(options, layout, gaps, modality);
  }
}

}  // namespace heddle
