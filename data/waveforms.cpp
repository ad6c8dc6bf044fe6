#include "data/waveforms.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

#include "core/error.h"
#include "core/parallel.h"
#include "core/random.h"

namespace heddle {
namespace {

void add_noise(std::vector<float>& waveform, std::int64_t index, const WaveformNoise& noise) {
  double power = 0;
  for (const float value : waveform) {
    power += static_cast<double>(value) * static_cast<double>(value);
  }
  const double deviation =
      std::sqrt(power / static_cast<double>(waveform.size()) * std::pow(10.0, -noise.ratio / 10.0));
  const std::uint64_t base = Generator(noise.seed).named("waveform noise").state().stream;
  Generator generator(noise.seed, base + static_cast<std::uint64_t>(index));
  for (float& value : waveform) {
    value += static_cast<float>(deviation * generator.normal());
  }
}

}  // namespace

WaveformFrames frames_of_waveforms(const Tensor& samples, const std::vector<std::int64_t>& starts,
                                   const LogMelOptions& options,
                                   const std::optional<WaveformNoise>& noise) {
  check(samples.rank() == 1 && samples.dtype() == DType::f32 && !starts.empty(),
        "frames_of_waveforms: got ", samples.dtype(), " ", samples.shape(),
        ", expected f32 [total]");
  const LogMel log_mel(options);
  const auto count = static_cast<std::int64_t>(starts.size()) - 1;
  const std::int64_t bands = options.bands;
  const auto length = [&](std::int64_t i) {
    const auto at = static_cast<std::size_t>(i);
    return std::max(starts[at + 1] - starts[at], options.window);
  };
  WaveformFrames result;
  result.starts = {0};
  for (std::int64_t i = 0; i < count; ++i) {
    result.starts.push_back(result.starts.back() + log_mel.frames(length(i)));
  }
  result.frames = Tensor::empty({result.starts.back(), bands});
  float* out = result.frames.mutable_data<float>("frames_of_waveforms");
  const float* in = samples.data<float>();
  parallel_ranges(count, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto at = static_cast<std::size_t>(i);
      std::vector<float> waveform(in + starts[at], in + starts[at + 1]);
      if (noise && !waveform.empty()) {
        add_noise(waveform, i, *noise);
      }
      waveform.resize(static_cast<std::size_t>(length(i)), 0.0f);
      const std::int64_t frames = result.starts[at + 1] - result.starts[at];
      log_mel.frames_of(waveform, std::span<float>(out + result.starts[at] * bands,
                                                   static_cast<std::size_t>(frames * bands)));
    }
  });
  return result;
}

}  // namespace heddle
