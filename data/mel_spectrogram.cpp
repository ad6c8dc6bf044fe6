#include "data/mel_spectrogram.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <functional>
#include <numbers>
#include <unsupported/Eigen/FFT>

#include "core/error.h"

namespace heddle {
namespace {

constexpr std::int64_t longest_frame = std::int64_t{1} << 20;

MelSpectrogramOptions completed(MelSpectrogramOptions options) {
  check(options.n_fft >= 2 && options.n_fft <= longest_frame, "MelSpectrogram: got n_fft ",
        options.n_fft, "; expected 2 … ", longest_frame);
  options.win_length = options.win_length == 0 ? options.n_fft : options.win_length;
  check(options.win_length >= 2 && options.win_length <= options.n_fft,
        "MelSpectrogram: got win_length ", options.win_length, "; expected 2 … n_fft (",
        options.n_fft, ")");
  options.hop_length = options.hop_length == 0 ? options.win_length / 2 : options.hop_length;
  check(options.hop_length >= 1, "MelSpectrogram: got hop_length ", options.hop_length,
        "; expected at least 1");
  options.f_max = options.f_max > 0 ? options.f_max : options.sample_rate / 2;
  check(options.power > 0 && std::isfinite(options.power), "MelSpectrogram: got power ",
        options.power, "; expected a number above 0, such as 1 or 2");
  return options;
}

std::vector<double> hann(std::int64_t win_length, std::int64_t n_fft) {
  std::vector<double> window(static_cast<std::size_t>(n_fft), 0.0);
  const std::int64_t before = (n_fft - win_length) / 2;
  for (std::int64_t n = 0; n < win_length; ++n) {
    const double angle =
        2.0 * std::numbers::pi * static_cast<double>(n) / static_cast<double>(win_length);
    window[static_cast<std::size_t>(before + n)] = 0.5 - 0.5 * std::cos(angle);
  }
  return window;
}

}  // namespace

MelSpectrogram::MelSpectrogram(const MelSpectrogramOptions& options)
    : options_(completed(options)),
      window_(hann(options_.win_length, options_.n_fft)),
      filters_(mel_filters({.sample_rate = options_.sample_rate,
                            .n_fft = options_.n_fft,
                            .n_mels = options_.n_mels,
                            .f_min = options_.f_min,
                            .f_max = options_.f_max,
                            .mel_scale = options_.mel_scale,
                            .norm = options_.norm})) {}

std::int64_t MelSpectrogram::frames(std::int64_t samples) const {
  const std::int64_t total = samples + (options_.center ? options_.n_fft / 2 * 2 : 0);
  return samples < 1 || total < options_.n_fft ? 0
                                               : (total - options_.n_fft) / options_.hop_length + 1;
}

std::vector<double> MelSpectrogram::padded(std::span<const float> waveform) const {
  const auto samples = static_cast<std::int64_t>(waveform.size());
  const std::int64_t ends = options_.center ? options_.n_fft / 2 : 0;
  const bool reflects = options_.pad_mode == PadMode::reflect;
  check(!reflects || ends == 0 || samples > ends, "MelSpectrogram: the waveform has ", samples,
        " samples; expected more than ", ends,
        " (half of n_fft) to reflect at its ends, or pad_mode constant");
  std::vector<double> result(static_cast<std::size_t>(samples + 2 * ends), 0.0);
  for (std::int64_t i = 0; i < samples + 2 * ends; ++i) {
    std::int64_t from = i - ends;
    if (reflects) {
      from = from < 0 ? -from : from;
      from = from >= samples ? 2 * (samples - 1) - from : from;
    }
    if (from >= 0 && from < samples) {
      result[static_cast<std::size_t>(i)] =
          static_cast<double>(waveform[static_cast<std::size_t>(from)]);
    }
  }
  return result;
}

std::vector<double> MelSpectrogram::operator()(std::span<const float> waveform) const {
  const std::int64_t count = frames(static_cast<std::int64_t>(waveform.size()));
  std::vector<double> energies;
  if (count == 0) {
    return energies;
  }
  energies.reserve(static_cast<std::size_t>(count * options_.n_mels));
  const std::vector<double> samples = padded(waveform);
  const auto length = static_cast<std::size_t>(options_.n_fft);
  Eigen::FFT<double> transform;  // keeps its factors: one for each call, so that calls may overlap
  transform.SetFlag(Eigen::FFT<double>::HalfSpectrum);
  std::vector<double> frame(length);
  std::vector<std::complex<double>> spectrum(length / 2 + 1);
  std::vector<double> magnitudes(spectrum.size());
  for (std::int64_t t = 0; t < count; ++t) {
    const double* from = samples.data() + t * options_.hop_length;
    std::transform(window_.begin(), window_.end(), from, frame.begin(), std::multiplies<>());
    transform.fwd(spectrum, frame);
    for (std::size_t k = 0; k < magnitudes.size(); ++k) {
      const double squared = std::norm(spectrum[k]);
      magnitudes[k] = options_.power == 2.0 ? squared : std::pow(squared, 0.5 * options_.power);
    }
    for (const MelFilter& filter : filters_) {
      double energy = 0.0;
      const double* bin = magnitudes.data() + filter.first_bin;
      for (const double weight : filter.weights) {
        energy += weight * *bin++;
      }
      energies.push_back(energy);
    }
  }
  return energies;
}

void take_log(std::span<double> energies, const LogOptions& options) {
  if (options.kind == LogKind::natural) {
    check(options.log_offset > 0, "take_log: got log_offset ", options.log_offset,
          "; expected more than 0");
    for (double& value : energies) {
      value = std::log(value + options.log_offset);
    }
    return;
  }
  check(options.amin > 0 && options.top_db >= 0, "take_log: got amin ", options.amin,
        " and top_db ", options.top_db, "; expected amin above 0 and top_db at least 0");
  for (double& value : energies) {
    value = 10.0 * std::log10(std::max(value, options.amin));
  }
  if (options.top_db > 0 && !energies.empty()) {
    const double least = *std::max_element(energies.begin(), energies.end()) - options.top_db;
    for (double& value : energies) {
      value = std::max(value, least);
    }
  }
}

}  // namespace heddle
