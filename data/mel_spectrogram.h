#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/mel_filters.h"

namespace heddle {

enum class PadMode : std::uint8_t { reflect, constant };  // constant: zeros

/// Names, meanings and defaults are torchaudio's, but for n_mels (its 128 leave bands without a
/// bin at this n_fft); librosa's differ in pad_mode (constant), mel_scale and norm (slaney).
struct MelSpectrogramOptions {
  double sample_rate = 16000;   // Hz
  std::int64_t n_fft = 400;     // samples per frame; any number, fastest with small factors
  std::int64_t win_length = 0;  // of the periodic Hann window in the middle of a frame; 0: n_fft
  std::int64_t hop_length = 0;  // samples from frame to frame; 0: half of win_length
  std::int64_t n_mels = 64;
  double f_min = 0;  // Hz
  double f_max = 0;  // Hz; 0: half the sample rate
  MelScale mel_scale = MelScale::htk;
  MelNorm norm = MelNorm::none;
  double power = 2.0;  // of the magnitudes: 1 amplitude, 2 power
  /// The waveform is padded by half of n_fft at both ends, so that frame t is centred on sample
  /// t·hop_length; false: frames lie wholly inside it.
  bool center = true;
  PadMode pad_mode = PadMode::reflect;
};

/// Mel spectrogram of a waveform x:
///   X_t[k] = Σ_n window[n]·x[t·hop + n]·e^(−2πikn/n_fft),  E_t[m] = Σ_k filter_m[k]·|X_t[k]|^power
/// in double precision; the transform is Eigen's (kissfft). LogMel (data/log_mel.h) is another
/// program for the log-mel frames of the built-in data, whose bits stay as they are.
class MelSpectrogram {
 public:
  /// Errors: an option out of range; see mel_filters.
  explicit MelSpectrogram(const MelSpectrogramOptions& options);

  /// With the defaults that depend on others filled in.
  const MelSpectrogramOptions& options() const { return options_; }
  /// Frames of a waveform of `samples` samples; 0 where it is too short.
  std::int64_t frames(std::int64_t samples) const;
  /// E, [frames, n_mels] row-major. Errors: a waveform too short to be reflected.
  std::vector<double> operator()(std::span<const float> waveform) const;

 private:
  std::vector<double> padded(std::span<const float> waveform) const;

  MelSpectrogramOptions options_;
  std::vector<double> window_;  // [n_fft]
  std::vector<MelFilter> filters_;
};

/// How energies become loudnesses.
enum class LogKind : std::uint8_t {
  natural,  // ln(E + log_offset)
  decibel,  // 10·log₁₀(max(E, amin)), and nothing more than top_db below the loudest
};
struct LogOptions {
  LogKind kind = LogKind::natural;
  double log_offset = 1e-6;
  double amin = 1e-10;
  double top_db = 80.0;  // 0: no limit
};

/// In place, over one whole spectrogram. Errors: log_offset or amin not above 0, top_db below 0.
void take_log(std::span<double> energies, const LogOptions& options);

}  // namespace heddle
