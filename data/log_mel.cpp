#include "data/log_mel.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

#include "core/error.h"

namespace heddle {
namespace {

double mel_of(double hertz) { return 2595.0 * std::log10(1.0 + hertz / 700.0); }
double hertz_of(double mel) { return 700.0 * (std::pow(10.0, mel / 2595.0) - 1.0); }

void check_options(const LogMelOptions& options) {
  check(options.window >= 4 && options.window <= (1 << 20) &&
            std::has_single_bit(static_cast<std::uint64_t>(options.window)),
        "LogMel: got window ", options.window, ", expected a power of two from 4 to 2^20");
  check(options.hop >= 1, "LogMel: got hop ", options.hop, ", expected at least 1");
  check(options.bands >= 1 && options.bands <= options.window / 2, "LogMel: got ", options.bands,
        " bands, expected 1 … ", options.window / 2);
  check(options.low >= 0 && options.low < options.high && options.high <= options.sample_rate / 2,
        "LogMel: got frequencies ", options.low, " to ", options.high,
        " Hz, expected 0 ≤ low < high ≤ ", options.sample_rate / 2);
  check(options.floor > 0, "LogMel: got floor ", options.floor, ", expected more than 0");
}

}  // namespace

LogMel::LogMel(const LogMelOptions& options) : options_(options) {
  check_options(options);
  const std::int64_t window = options.window;
  for (std::int64_t n = 0; n < window; ++n) {
    const double angle =
        2.0 * std::numbers::pi * static_cast<double>(n) / static_cast<double>(window);
    cosines_.push_back(std::cos(angle));
    sines_.push_back(std::sin(angle));
    hann_.push_back(0.5 - 0.5 * cosines_.back());
  }
  const std::int64_t half = window / 2;
  reversed_.resize(static_cast<std::size_t>(half));
  for (std::int64_t i = 1; i < half; ++i) {
    const auto at = static_cast<std::size_t>(i);
    reversed_[at] = reversed_[at / 2] / 2 + (i % 2 != 0 ? half / 2 : 0);
  }

  std::vector<double> corners;
  const double low = mel_of(options.low);
  const double step = (mel_of(options.high) - low) / static_cast<double>(options.bands + 1);
  for (std::int64_t i = 0; i < options.bands + 2; ++i) {
    corners.push_back(hertz_of(low + step * static_cast<double>(i)));
  }
  const double bin_width = options.sample_rate / static_cast<double>(window);
  for (std::size_t band = 0; band + 2 < corners.size(); ++band) {
    const double left = corners[band];
    const double peak = corners[band + 1];
    const double right = corners[band + 2];
    Triangle triangle;
    for (std::int64_t bin = 0; bin <= half; ++bin) {
      const double hertz = static_cast<double>(bin) * bin_width;
      const double weight =
          std::min((hertz - left) / (peak - left), (right - hertz) / (right - peak));
      if (weight > 0) {
        if (triangle.weights.empty()) {
          triangle.first_bin = bin;
        }
        triangle.weights.push_back(weight);
      }
    }
    check(!triangle.weights.empty(), "LogMel: band ", band, " (", left, " to ", right,
          " Hz) has no bin of ", bin_width, " Hz; expected fewer bands or a longer window");
    triangles_.push_back(std::move(triangle));
  }
}

std::int64_t LogMel::frames(std::int64_t samples) const {
  return samples < options_.window ? 0 : (samples - options_.window) / options_.hop + 1;
}

void LogMel::power_spectrum(std::span<const float> frame, std::span<double> work,
                            std::span<double> power) const {
  // A real transform of N points from a complex one of N/2: even samples as real parts, odd ones as
  // imaginary parts, in bit-reversed order, then the two halves are told apart by symmetry.
  const std::size_t half = frame.size() / 2;
  double* re = work.data();
  double* im = work.data() + half;
  for (std::size_t i = 0; i < half; ++i) {
    const auto from = 2 * static_cast<std::size_t>(reversed_[i]);
    re[i] = hann_[from] * static_cast<double>(frame[from]);
    im[i] = hann_[from + 1] * static_cast<double>(frame[from + 1]);
  }
  for (std::size_t size = 2; size <= half; size *= 2) {
    const std::size_t step = frame.size() / size;
    for (std::size_t start = 0; start < half; start += size) {
      for (std::size_t k = 0; k < size / 2; ++k) {
        const double c = cosines_[k * step];
        const double s = sines_[k * step];
        const std::size_t a = start + k;
        const std::size_t b = a + size / 2;
        const double turned_re = re[b] * c + im[b] * s;
        const double turned_im = im[b] * c - re[b] * s;
        re[b] = re[a] - turned_re;
        im[b] = im[a] - turned_im;
        re[a] += turned_re;
        im[a] += turned_im;
      }
    }
  }
  for (std::size_t k = 0; k <= half; ++k) {
    const std::size_t a = k % half;
    const std::size_t b = (half - k) % half;
    const double even_re = 0.5 * (re[a] + re[b]);
    const double even_im = 0.5 * (im[a] - im[b]);
    const double odd_re = 0.5 * (im[a] + im[b]);
    const double odd_im = 0.5 * (re[b] - re[a]);
    const double c = k == half ? -1.0 : cosines_[k];
    const double s = k == half ? 0.0 : sines_[k];
    const double sum_re = even_re + odd_re * c + odd_im * s;
    const double sum_im = even_im + odd_im * c - odd_re * s;
    power[k] = sum_re * sum_re + sum_im * sum_im;
  }
}

void LogMel::frames_of(std::span<const float> waveform, std::span<float> out) const {
  const std::int64_t count = frames(static_cast<std::int64_t>(waveform.size()));
  check(static_cast<std::int64_t>(out.size()) == count * options_.bands, "LogMel: got room for ",
        out.size(), " numbers, expected ", count, " frames of ", options_.bands);
  const auto window = static_cast<std::size_t>(options_.window);
  std::vector<double> work(window);
  std::vector<double> power(window / 2 + 1);
  auto next = out.begin();
  for (std::int64_t t = 0; t < count; ++t) {
    power_spectrum(waveform.subspan(static_cast<std::size_t>(t * options_.hop), window), work,
                   power);
    for (const Triangle& triangle : triangles_) {
      double energy = 0;
      const double* bin = power.data() + triangle.first_bin;
      for (const double weight : triangle.weights) {
        energy += weight * *bin++;
      }
      *next++ = static_cast<float>(std::log(std::max(energy, options_.floor)));
    }
  }
}

}  // namespace heddle
