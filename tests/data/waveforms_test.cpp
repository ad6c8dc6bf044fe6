#include "data/waveforms.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace heddle {
namespace {

LogMelOptions options() {
  return {.sample_rate = 8000, .window = 64, .hop = 32, .bands = 4, .low = 100, .high = 4000};
}

Tensor tone(std::int64_t samples) {
  Tensor result = Tensor::empty({samples});
  float* out = result.mutable_data<float>("tone");
  for (std::int64_t i = 0; i < samples; ++i) {
    out[i] = static_cast<float>(std::sin(0.9 * static_cast<double>(i)));
  }
  return result;
}

TEST(Waveforms, FramesAreThoseOfEachWaveformAlone) {
  const Tensor samples = tone(400);
  const WaveformFrames made = frames_of_waveforms(samples, {0, 200, 210, 400}, options(), {});
  // 200 samples: ⌊(200 − 64)/32⌋ + 1 = 5 frames; 10 are filled up to one window; 190: 4 frames.
  EXPECT_EQ(made.starts, (std::vector<std::int64_t>{0, 5, 6, 10}));
  const LogMel log_mel(options());
  std::vector<float> expected(5 * 4);
  const std::vector<float> all = samples.to_vector<float>();
  log_mel.frames_of(std::span<const float>(all).first(200), expected);
  EXPECT_EQ(made.frames.slice(0, 0, 5).to_vector<float>(), expected);
}

TEST(Waveforms, NoiseHasTheStatedPowerAndIsEachWaveformsOwn) {
  const Tensor samples = tone(8000);
  const WaveformNoise noise{.ratio = -10.0, .seed = 3};
  const auto clean = frames_of_waveforms(samples, {0, 8000}, options(), {});
  const auto noisy = frames_of_waveforms(samples, {0, 8000}, options(), noise);
  const auto again = frames_of_waveforms(samples, {0, 8000}, options(), noise);
  EXPECT_EQ(noisy.frames.to_vector<float>(), again.frames.to_vector<float>());
  // White noise of ten times the power: its energy in a band without the tone is that of the sum of
  // the squared window times the noise's variance, 5, per bin of the triangle.
  const auto mean_of_band = [](const WaveformFrames& made, std::int64_t band) {
    double sum = 0;
    const std::vector<float> values = made.frames.to_vector<float>();
    const auto frames = static_cast<double>(values.size()) / 4.0;
    for (std::size_t i = static_cast<std::size_t>(band); i < values.size(); i += 4) {
      sum += std::exp(static_cast<double>(values[i])) / frames;
    }
    return sum;
  };
  EXPECT_GT(mean_of_band(noisy, 3), 20.0 * mean_of_band(clean, 3));
}

}  // namespace
}  // namespace heddle
