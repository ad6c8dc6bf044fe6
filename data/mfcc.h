#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/mel_spectrogram.h"

namespace heddle {

enum class DctNorm : std::uint8_t {
  ortho,  // rows of length 1
  none,   // Σ without a factor but 2
};

/// Names are those of torchaudio and librosa.
struct MfccOptions {
  std::int64_t n_mfcc = 20;
  DctNorm norm = DctNorm::ortho;
  MelSpectrogramOptions mel;
  LogOptions log = {.kind = LogKind::decibel};
};

/// Mel-frequency cepstral coefficients (Davis & Mermelstein, IEEE TASSP 1980): the first n_mfcc of
/// the DCT-II of a frame's log-mel bands y,
///   c_t[i] = s_i·2·Σ_m y_t[m]·cos(π·i·(2m + 1)/(2·n_mels)),  s_0 = √(1/(4·n_mels)), else
///   √(1/(2·n_mels)); norm none: 1.
class Mfcc {
 public:
  /// Errors: n_mfcc outside 1 … n_mels; as MelSpectrogram.
  explicit Mfcc(const MfccOptions& options);

  std::int64_t frames(std::int64_t samples) const { return mel_.frames(samples); }
  /// [frames, n_mfcc] row-major. Errors: as MelSpectrogram.
  std::vector<double> operator()(std::span<const float> waveform) const;

 private:
  MfccOptions options_;
  MelSpectrogram mel_;
  std::vector<double> cosines_;  // [n_mfcc, n_mels]
};

}  // namespace heddle
