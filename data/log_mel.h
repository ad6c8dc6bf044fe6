#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace heddle {

/// Log-mel frames of a waveform x, with HTK's mel scale mel(f) = 2595·log₁₀(1 + f/700):
///   X_t[k] = Σ_n hann[n]·x[t·hop + n]·e^(−2πikn/window),  hann[n] = ½ − ½·cos(2πn/window)
///   E_t[m] = Σ_k triangle_m(k·sample_rate/window)·|X_t[k]|²
///   y_t[m] = ln(max(E_t[m], floor))
/// Triangles have height 1 (not area 1, as Slaney's have) and their corners evenly spaced in mel
/// from `low` to `high`. Frames lie wholly inside the waveform: nothing is padded.
struct LogMelOptions {
  double sample_rate = 16000;  // Hz
  std::int64_t window = 512;   // samples; a power of two
  std::int64_t hop = 256;      // samples
  std::int64_t bands = 40;
  double low = 0;      // Hz
  double high = 8000;  // Hz, at most sample_rate / 2
  double floor = 1e-10;
};

/// Turns waveforms into frames; holds the window, the twiddle factors and the triangles, so make
/// one and use it for all. `frames_of` may be called from several threads at once.
class LogMel {
 public:
  /// Errors: a window that is no power of two, frequencies out of order, a band without a bin.
  explicit LogMel(const LogMelOptions& options);

  const LogMelOptions& options() const { return options_; }
  /// Frames of a waveform of `samples` samples; 0 where it is shorter than the window.
  std::int64_t frames(std::int64_t samples) const;
  /// Writes [frames, bands], row-major. Errors: `out` has another size.
  void frames_of(std::span<const float> waveform, std::span<float> out) const;

 private:
  struct Triangle {
    std::int64_t first_bin = 0;
    std::vector<double> weights;
  };

  void power_spectrum(std::span<const float> frame, std::span<double> work,
                      std::span<double> power) const;

  LogMelOptions options_;
  std::vector<double> hann_;
  std::vector<double> cosines_;  // of 2πk/window, k < window
  std::vector<double> sines_;
  std::vector<std::int64_t> reversed_;  // bit-reversed order of window/2 points
  std::vector<Triangle> triangles_;
};

}  // namespace heddle
