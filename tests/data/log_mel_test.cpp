#include "data/log_mel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

#include "core/random.h"
#include "tests/core/throws.h"

namespace heddle {
namespace {

std::vector<float> noise(std::int64_t count) {
  Generator generator(3);
  std::vector<float> waveform(static_cast<std::size_t>(count));
  for (float& value : waveform) {
    value = 2.0f * generator.uniform() - 1.0f;
  }
  return waveform;
}

/// The formula of the header, term by term.
std::vector<double> reference(const std::vector<float>& waveform, const LogMelOptions& options) {
  const auto mel = [](double hertz) { return 2595.0 * std::log10(1.0 + hertz / 700.0); };
  const auto hertz = [](double m) { return 700.0 * (std::pow(10.0, m / 2595.0) - 1.0); };
  const double pi = std::numbers::pi;
  const auto window = static_cast<double>(options.window);
  std::vector<double> values;
  for (std::int64_t start = 0; start + options.window <= static_cast<std::int64_t>(waveform.size());
       start += options.hop) {
    std::vector<double> power;
    for (std::int64_t k = 0; k <= options.window / 2; ++k) {
      std::complex<double> sum = 0;
      for (std::int64_t n = 0; n < options.window; ++n) {
        const double hann = 0.5 - 0.5 * std::cos(2 * pi * static_cast<double>(n) / window);
        const auto sample = static_cast<double>(waveform[static_cast<std::size_t>(start + n)]);
        sum += hann * sample *
               std::polar(1.0, -2 * pi * static_cast<double>(k * n % options.window) / window);
      }
      power.push_back(std::norm(sum));
    }
    const double step =
        (mel(options.high) - mel(options.low)) / static_cast<double>(options.bands + 1);
    for (std::int64_t m = 1; m <= options.bands; ++m) {
      const double left = hertz(mel(options.low) + step * static_cast<double>(m - 1));
      const double peak = hertz(mel(options.low) + step * static_cast<double>(m));
      const double right = hertz(mel(options.low) + step * static_cast<double>(m + 1));
      double energy = 0;
      for (std::size_t k = 0; k < power.size(); ++k) {
        const double f = static_cast<double>(k) * options.sample_rate / window;
        if (f > left && f < right) {
          energy +=
              power[k] * (f <= peak ? (f - left) / (peak - left) : (right - f) / (right - peak));
        }
      }
      values.push_back(std::log(std::max(energy, options.floor)));
    }
  }
  return values;
}

TEST(LogMel, AgreesWithTheFormula) {
  for (const LogMelOptions& options :
       {LogMelOptions{
            .sample_rate = 8000, .window = 256, .hop = 160, .bands = 24, .low = 60, .high = 4000},
        LogMelOptions{
            .sample_rate = 16000, .window = 512, .hop = 100, .bands = 40, .low = 0, .high = 8000},
        LogMelOptions{.sample_rate = 100, .window = 8, .hop = 3, .bands = 2, .low = 0, .high = 50},
        LogMelOptions{
            .sample_rate = 100, .window = 4, .hop = 1, .bands = 1, .low = 0, .high = 50}}) {
    const std::vector<float> waveform = noise(1000);
    const LogMel log_mel(options);
    const std::int64_t frames = log_mel.frames(1000);
    std::vector<float> values(static_cast<std::size_t>(frames * options.bands));
    log_mel.frames_of(waveform, values);
    const std::vector<double> wanted = reference(waveform, options);
    ASSERT_EQ(values.size(), wanted.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      EXPECT_NEAR(static_cast<double>(values[i]), wanted[i], 1e-6 * (1 + std::abs(wanted[i])));
    }
  }
}

TEST(LogMel, ATonePeaksInTheBandOfItsFrequency) {
  const LogMel log_mel(
      {.sample_rate = 8000, .window = 256, .hop = 128, .bands = 24, .low = 0, .high = 4000});
  std::vector<float> tone(256);
  for (std::size_t i = 0; i < tone.size(); ++i) {
    tone[i] =
        static_cast<float>(std::sin(2 * std::numbers::pi * 1000 * static_cast<double>(i) / 8000));
  }
  std::vector<float> bands(24);
  log_mel.frames_of(tone, bands);
  // mel(1000) = 1000 of mel(4000) = 2146, in 25 steps: the peak of band 11 is at 1030 mel.
  EXPECT_EQ(std::max_element(bands.begin(), bands.end()) - bands.begin(), 11);
}

TEST(LogMel, ShortAndSilentWaveforms) {
  const LogMel log_mel({.sample_rate = 8000,
                        .window = 256,
                        .hop = 160,
                        .bands = 4,
                        .low = 0,
                        .high = 4000,
                        .floor = 1e-3});
  EXPECT_EQ(log_mel.frames(255), 0);
  EXPECT_EQ(log_mel.frames(256), 1);
  EXPECT_EQ(log_mel.frames(4000), 24);
  std::vector<float> out(4);
  log_mel.frames_of(std::vector<float>(256), out);
  EXPECT_FLOAT_EQ(out[0], std::log(1e-3f));
}

TEST(LogMel, RefusesOptionsThatMakeNoSense) {
  const auto message = [](LogMelOptions options) { return message_of([&] { LogMel{options}; }); };
  EXPECT_NE(message({.window = 500}).find("power of two"), std::string::npos);
  EXPECT_NE(message({.high = 9000}).find("low < high"), std::string::npos);
  EXPECT_NE(message({.window = 256, .bands = 100}).find("has no bin"), std::string::npos);
  EXPECT_NE(message({.hop = 0}).find("hop"), std::string::npos);
}

}  // namespace
}  // namespace heddle
