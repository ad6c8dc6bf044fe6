#include "data/builtin/tone.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>

namespace heddle {
namespace {

double between(Generator& generator, double low, double high) {
  return low + (high - low) * static_cast<double>(generator.uniform());
}

/// Nearly normal noise: a word's four bytes added up, which is cheap and has no tail to clip.
void add_noise(std::vector<float>& waveform, double deviation, Generator& generator) {
  const Generator::State state = generator.state();
  const std::uint64_t first = (generator.reserve(waveform.size() + 3) + 3) / 4;
  // Each byte has variance (256² − 1)/12.
  const auto gain = static_cast<float>(deviation / std::sqrt(4.0 * (256.0 * 256.0 - 1.0) / 12.0));
  for (std::size_t i = 0; i < waveform.size(); i += 4) {
    const std::uint64_t block = first + i / 4;
    const std::array<std::uint32_t, 4> words = philox(
        {static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
         static_cast<std::uint32_t>(state.stream), static_cast<std::uint32_t>(state.stream >> 32)},
        {static_cast<std::uint32_t>(state.seed), static_cast<std::uint32_t>(state.seed >> 32)});
    for (std::size_t k = 0; k < 4 && i + k < waveform.size(); ++k) {
      const std::uint32_t word = words[k];
      const std::uint32_t sum =
          (word & 255u) + (word >> 8 & 255u) + (word >> 16 & 255u) + (word >> 24);
      waveform[i + k] += gain * (static_cast<float>(sum) - 510.0f);
    }
  }
}

}  // namespace

std::vector<float> make_tone(int contour, std::int64_t samples, double sample_rate,
                             Generator& generator) {
  const double seconds = static_cast<double>(samples) / sample_rate;
  const double middle = 250.0 * std::pow(2.8, static_cast<double>(generator.uniform()));
  const double half_change = static_cast<double>(contour) * between(generator, 0.2, 0.4);
  const double length = between(generator, 0.7, 0.85) * seconds;
  const double start = between(generator, 0.0, 1.0) * (seconds - length);
  const double loudness = between(generator, 0.3, 0.6);
  const double noise = between(generator, 0.02, 0.06);

  std::vector<float> waveform(static_cast<std::size_t>(samples));
  const auto first = static_cast<std::int64_t>(start * sample_rate);
  const auto count = std::min(static_cast<std::int64_t>(length * sample_rate), samples - first);
  // Frequency goes evenly from middle·(1 − change) to middle·(1 + change): the phase turns by an
  // angle that itself grows evenly, so two rotations take the place of a sine for every sample.
  const double turn = 2.0 * std::numbers::pi / sample_rate;
  const double first_angle = turn * middle * (1.0 - half_change);
  const double growth = turn * middle * 2.0 * half_change / static_cast<double>(count);
  std::complex<double> phase(1.0, 0.0);
  std::complex<double> step = std::polar(1.0, first_angle);
  const std::complex<double> faster = std::polar(1.0, growth);
  const double ramp = 0.01 * sample_rate;
  for (std::int64_t i = 0; i < count; ++i) {
    const double c = phase.real();
    const double s = phase.imag();
    // sin 2x = 2 sin x cos x; sin 3x = sin x (4 cos² x − 1).
    const double voice = (s + 0.5 * (2.0 * s * c) + 0.25 * (s * (4.0 * c * c - 1.0))) / 1.75;
    const double edge = static_cast<double>(std::min(i, count - 1 - i)) / ramp;
    waveform[static_cast<std::size_t>(first + i)] =
        static_cast<float>(loudness * std::min(edge, 1.0) * voice);
    phase = {c * step.real() - s * step.imag(), c * step.imag() + s * step.real()};
    step = {step.real() * faster.real() - step.imag() * faster.imag(),
            step.real() * faster.imag() + step.imag() * faster.real()};
  }
  add_noise(waveform, noise, generator);
  for (float& value : waveform) {
    value = std::clamp(value, -1.0f, 1.0f);
  }
  return waveform;
}

}  // namespace heddle
