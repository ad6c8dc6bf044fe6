#include "kernels/cpu/conv_columns.h"

#include <algorithm>
#include <array>

#include "kernels/cpu/panels.h"

namespace heddle::cpu {
namespace {

/// Calls body(place of the tap's first pixel in the padded picture, tap) for each tap.
template <typename Body>
void for_each_tap(const ConvSizes& sizes, const Body& body) {
  std::int64_t tap = 0;
  for (std::int64_t channel = 0; channel < sizes.channels; ++channel) {
    for (std::int64_t i = 0; i < sizes.kernel_rows; ++i) {
      for (std::int64_t j = 0; j < sizes.kernel_cols; ++j, ++tap) {
        const std::int64_t row = channel * sizes.padded_rows() + i * sizes.options.dilation_rows;
        body(row * sizes.padded_cols() + j * sizes.options.dilation_cols, tap);
      }
    }
  }
}

}  // namespace

std::int64_t block_rows(const ConvSizes& sizes) {
  return std::clamp<std::int64_t>(256 / std::max<std::int64_t>(sizes.out_cols, 1), 1,
                                  sizes.out_rows);
}

std::int64_t pictures_per_block(const ConvSizes& sizes) {
  return std::max<std::int64_t>(256 / std::max<std::int64_t>(sizes.pixels(), 1), 1);
}

std::int64_t block_pixels(const ConvSizes& sizes) {
  return pictures_per_block(sizes) == 1 ? block_rows(sizes) * sizes.out_cols
                                        : pictures_per_block(sizes) * sizes.pixels();
}

template <typename T>
void pad_picture(const ConvSizes& sizes, const T* x, T* padded) {
  const std::int64_t top = sizes.options.padding_rows;
  const std::int64_t left = sizes.options.padding_cols;
  for (std::int64_t channel = 0; channel < sizes.channels; ++channel) {
    padded = std::fill_n(padded, top * sizes.padded_cols(), T(0));
    for (std::int64_t row = 0; row < sizes.rows; ++row, x += sizes.cols) {
      for (std::int64_t i = 0; i < left; ++i) {
        padded[i] = T(0);
        padded[left + sizes.cols + i] = T(0);
      }
      copy_short(x, sizes.cols, padded + left);
      padded += sizes.padded_cols();
    }
    padded = std::fill_n(padded, top * sizes.padded_cols(), T(0));
  }
}

template <typename T>
void crop_picture(const ConvSizes& sizes, const T* padded, T* x) {
  for (std::int64_t channel = 0; channel < sizes.channels; ++channel) {
    for (std::int64_t row = 0; row < sizes.rows; ++row) {
      const std::int64_t padded_row =
          channel * sizes.padded_rows() + row + sizes.options.padding_rows;
      copy_short(padded + padded_row * sizes.padded_cols() + sizes.options.padding_cols, sizes.cols,
                 x);
      x += sizes.cols;
    }
  }
}

template <typename T>
void gather_columns(const ConvSizes& sizes, const T* padded, std::int64_t first_row,
                    const Matrix<T>& columns) {
  const std::int64_t stride = sizes.options.stride_cols;
  const std::int64_t row_stride = sizes.options.stride_rows * sizes.padded_cols();
  for_each_tap(sizes, [&](std::int64_t place, std::int64_t tap) {
    const T* from = padded + place + first_row * row_stride;
    T* const row = columns.data + tap * columns.row_stride;
    for (std::int64_t at = 0; at < columns.cols; at += sizes.out_cols, from += row_stride) {
      if (stride == 1) {
        copy_short(from, sizes.out_cols, row + at);
      } else {
        for (std::int64_t col = 0; col < sizes.out_cols; ++col) {
          row[at + col] = from[col * stride];
        }
      }
    }
  });
}

std::vector<std::int64_t> tap_places(const ConvSizes& sizes) {
  std::vector<std::int64_t> places;
  for_each_tap(sizes, [&](std::int64_t place, std::int64_t) { places.push_back(place); });
  return places;
}

template <typename T>
void pack_pixels(const ConvSizes& sizes, const std::int64_t* places, const T* padded,
                 std::int64_t first_pixel, std::int64_t cols, std::int64_t count, T* panel) {
  constexpr std::int64_t width = panel_cols<T>;
  constexpr std::int64_t half = width / 2;
  std::array<std::int64_t, width> pixels{};
  std::int64_t row = first_pixel / sizes.out_cols;
  std::int64_t col = first_pixel % sizes.out_cols;
  for (std::int64_t j = 0; j < cols; ++j) {
    pixels[static_cast<std::size_t>(j)] =
        row * sizes.options.stride_rows * sizes.padded_cols() + col * sizes.options.stride_cols;
    if (++col == sizes.out_cols) {
      col = 0;
      ++row;
    }
  }
  // Pixels side by side are copied together: usually all of them, or two rows of eight.
  const auto adjoin = [&](std::int64_t begin) {
    const auto first = pixels.begin() + begin;
    return cols >= begin + half && first[half - 1] - first[0] == half - 1;
  };
  if (adjoin(0) && adjoin(half) && pixels.back() - pixels.front() == width - 1) {
    for (std::int64_t p = 0; p < count; ++p) {
      copy_packets<2>(padded + places[p] + pixels[0], panel + p * width);
    }
    return;
  }
  for (std::int64_t begin = 0; begin < width; begin += half) {
    const auto first = pixels.begin() + begin;
    if (adjoin(begin)) {
      for (std::int64_t p = 0; p < count; ++p) {
        copy_packets<1>(padded + places[p] + *first, panel + p * width + begin);
      }
      continue;
    }
    for (std::int64_t p = 0; p < count; ++p) {
      for (std::int64_t j = 0; j < half; ++j) {
        panel[p * width + begin + j] = begin + j < cols ? padded[places[p] + first[j]] : T(0);
      }
    }
  }
}

template <typename T>
void scatter_columns(const ConvSizes& sizes, const Matrix<T>& columns, std::int64_t first_row,
                     T* padded) {
  const std::int64_t stride = sizes.options.stride_cols;
  const std::int64_t row_stride = sizes.options.stride_rows * sizes.padded_cols();
  for_each_tap(sizes, [&](std::int64_t place, std::int64_t tap) {
    T* to = padded + place + first_row * row_stride;
    const T* const row = columns.data + tap * columns.row_stride;
    for (std::int64_t at = 0; at < columns.cols; at += sizes.out_cols, to += row_stride) {
      if (stride == 1) {
        add_short(row + at, sizes.out_cols, to);
      } else {
        for (std::int64_t col = 0; col < sizes.out_cols; ++col) {
          to[col * stride] += row[at + col];
        }
      }
    }
  });
}

template void pad_picture(const ConvSizes&, const float*, float*);
template void pad_picture(const ConvSizes&, const double*, double*);
template void crop_picture(const ConvSizes&, const float*, float*);
template void crop_picture(const ConvSizes&, const double*, double*);
template void gather_columns(const ConvSizes&, const float*, std::int64_t, const Matrix<float>&);
template void gather_columns(const ConvSizes&, const double*, std::int64_t, const Matrix<double>&);
template void pack_pixels(const ConvSizes&, const std::int64_t*, const float*, std::int64_t,
                          std::int64_t, std::int64_t, float*);
template void pack_pixels(const ConvSizes&, const std::int64_t*, const double*, std::int64_t,
                          std::int64_t, std::int64_t, double*);
template void scatter_columns(const ConvSizes&, const Matrix<float>&, std::int64_t, float*);
template void scatter_columns(const ConvSizes&, const Matrix<double>&, std::int64_t, double*);

}  // namespace heddle::cpu
