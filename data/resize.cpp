#include "data/resize.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "core/error.h"
#include "core/parallel.h"

namespace heddle {
namespace {

/// What one new pixel takes of the old ones, from `first` on.
struct Taps {
  std::int64_t first = 0;
  std::vector<float> weights;
};

std::vector<Taps> taps_of(std::int64_t from, std::int64_t to) {
  std::vector<Taps> taps(static_cast<std::size_t>(to));
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  for (std::int64_t i = 0; i < to; ++i) {
    Taps& tap = taps[static_cast<std::size_t>(i)];
    if (scale <= 1.0) {
      const double middle = std::clamp((static_cast<double>(i) + 0.5) * scale - 0.5, 0.0,
                                       static_cast<double>(from - 1));
      tap.first = std::min(static_cast<std::int64_t>(middle), std::max<std::int64_t>(from - 2, 0));
      const auto share = static_cast<float>(middle - static_cast<double>(tap.first));
      tap.weights = from == 1 ? std::vector<float>{1.0f} : std::vector<float>{1.0f - share, share};
      continue;
    }
    const double begin = static_cast<double>(i) * scale;
    const double end = begin + scale;
    tap.first = static_cast<std::int64_t>(begin);
    for (std::int64_t j = tap.first; j < from && static_cast<double>(j) < end; ++j) {
      const double covered =
          std::min(end, static_cast<double>(j + 1)) - std::max(begin, static_cast<double>(j));
      tap.weights.push_back(static_cast<float>(covered / scale));
    }
  }
  return taps;
}

}  // namespace

Tensor resize_pictures(const Tensor& pictures, std::int64_t rows, std::int64_t cols) {
  check(pictures.rank() == 4 && pictures.dtype() == DType::f32 && pictures.size(2) > 0 &&
            pictures.size(3) > 0 && rows > 0 && cols > 0,
        "resize_pictures: got ", pictures.dtype(), " ", pictures.shape(), " to ", rows, "×", cols,
        ", expected f32 [N, C, H, W]");
  const std::int64_t height = pictures.size(2);
  const std::int64_t width = pictures.size(3);
  const std::int64_t planes = pictures.size(0) * pictures.size(1);
  const std::vector<Taps> down = taps_of(height, rows);
  const std::vector<Taps> across = taps_of(width, cols);
  Tensor result = Tensor::empty({pictures.size(0), pictures.size(1), rows, cols});
  const float* in = pictures.data<float>();
  float* out = result.mutable_data<float>("resize_pictures");
  parallel_ranges(planes, 16, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> line(static_cast<std::size_t>(width));
    for (std::int64_t plane = begin; plane < end; ++plane) {
      for (std::int64_t y = 0; y < rows; ++y) {
        const Taps& vertical = down[static_cast<std::size_t>(y)];
        std::fill(line.begin(), line.end(), 0.0f);
        for (std::size_t k = 0; k < vertical.weights.size(); ++k) {
          const float* source =
              in + (plane * height + vertical.first + static_cast<std::int64_t>(k)) * width;
          for (std::size_t x = 0; x < line.size(); ++x) {
            line[x] += vertical.weights[k] * source[x];
          }
        }
        for (std::int64_t x = 0; x < cols; ++x) {
          const Taps& horizontal = across[static_cast<std::size_t>(x)];
          float sum = 0.0f;
          for (std::size_t k = 0; k < horizontal.weights.size(); ++k) {
            sum += horizontal.weights[k] * line[static_cast<std::size_t>(horizontal.first) + k];
          }
          out[(plane * rows + y) * cols + x] = sum;
        }
      }
    }
  });
  return result;
}

}  // namespace heddle
