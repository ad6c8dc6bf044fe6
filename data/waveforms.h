#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/tensor.h"
#include "data/log_mel.h"

namespace heddle {

/// Log-mel frames of many waveforms, one after the other.
struct WaveformFrames {
  Tensor frames;                     // f32 [total, bands]
  std::vector<std::int64_t> starts;  // first frame of each waveform, and the total
};

/// White noise added to a waveform before its frames are made: its power is the waveform's own
/// divided by 10^(ratio / 10).
struct WaveformNoise {
  double ratio = 0;  // decibels
  std::uint64_t seed = 0;
};

/// Waveform i is samples[starts[i] … starts[i + 1] − 1]; one shorter than a window is filled with
/// zeros to one, so that every waveform has a frame. The noise of waveform i depends on the seed
/// and i alone.
WaveformFrames frames_of_waveforms(const Tensor& samples, const std::vector<std::int64_t>& starts,
                                   const LogMelOptions& options,
                                   const std::optional<WaveformNoise>& noise);

}  // namespace heddle
