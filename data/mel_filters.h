#pragma once

#include <cstdint>
#include <vector>

namespace heddle {

enum class MelScale : std::uint8_t {
  htk,     // 2595·log₁₀(1 + f/700)
  slaney,  // linear below 1,000 Hz (3f/200), logarithmic above (15 + 27·ln(f/1000)/ln 6.4)
};
enum class MelNorm : std::uint8_t {
  none,    // triangles of height 1
  slaney,  // of area 1 (over Hz): height 2 / width
};

double mel_of(double hertz, MelScale scale);
double hertz_of(double mel, MelScale scale);

/// Names are those of torchaudio and librosa.
struct MelFilterOptions {
  double sample_rate = 16000;  // Hz
  std::int64_t n_fft = 400;    // samples
  std::int64_t n_mels = 64;
  double f_min = 0;  // Hz
  double f_max = 0;  // Hz; 0: half the sample rate
  MelScale mel_scale = MelScale::htk;
  MelNorm norm = MelNorm::none;
};

/// One filter of a mel spectrogram: a triangle over the bins k·sample_rate/n_fft.
struct MelFilter {
  std::int64_t first_bin = 0;
  std::vector<double> weights;
};

/// Triangles whose corners are evenly spaced in mel from f_min to f_max.
/// Errors: frequencies out of order, a filter without a bin.
std::vector<MelFilter> mel_filters(const MelFilterOptions& options);

}  // namespace heddle
