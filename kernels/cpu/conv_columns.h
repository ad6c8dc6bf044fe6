#pragma once

#include <cstdint>
#include <vector>

#include "kernels/conv_sizes.h"

namespace heddle::cpu {

// What the backward pass takes at a time, about 256 pixels: some rows of one result, or several
// results where they are small.
std::int64_t block_rows(const ConvSizes& sizes);
std::int64_t pictures_per_block(const ConvSizes& sizes);
std::int64_t block_pixels(const ConvSizes& sizes);

/// padded [channels, padded_rows, padded_cols] = x with its border of zeros.
template <typename T>
void pad_picture(const ConvSizes& sizes, const T* x, T* padded);

/// The picture as a matrix (im2col), so that a convolution is a product:
///   columns(tap, pixel) = what the tap (channel, kernel row, kernel column) sees from the pixel,
/// for the pixels of the result's rows from first_row on; columns [taps, whole rows], row-major.
template <typename T>
void gather_columns(const ConvSizes& sizes, const T* padded, std::int64_t first_row,
                    const Matrix<T>& columns);

/// Where each tap of a filter lies in the padded picture, as seen from the result's first pixel.
std::vector<std::int64_t> tap_places(const ConvSizes& sizes);

/// Some columns of that matrix as a panel (panels.h): panel[p][j] = what tap p of
/// `places` sees from pixel first_pixel + j, for p < count and j < cols; 0 up to panel_cols.
template <typename T>
void pack_pixels(const ConvSizes& sizes, const std::int64_t* places, const T* padded,
                 std::int64_t first_pixel, std::int64_t cols, std::int64_t count, T* panel);

/// The other way round: adds each element of columns to the place in `padded` that it came from.
template <typename T>
void scatter_columns(const ConvSizes& sizes, const Matrix<T>& columns, std::int64_t first_row,
                     T* padded);

/// x = the inside of padded.
template <typename T>
void crop_picture(const ConvSizes& sizes, const T* padded, T* x);

void conv_backward(Stream&, const ConvOptions&, const ConstView& x, const ConstView& weight,
                   const ConstView& dy, const View& dx, const View& dweight, const View& dbias);

}  // namespace heddle::cpu
