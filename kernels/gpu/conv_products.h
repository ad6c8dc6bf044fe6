#pragma once

// The three matrix products of a convolution, as numbers that a kernel asks for one at a time: no
// matrix of columns (im2col) is ever stored.
//
//                 row m     column n                   summed over k
//   forward       filter    pixel of y (batch, i, j)   tap (channel, kernel row, kernel column)
//   dx            channel   pixel of x (batch, i, j)   (filter, kernel row, kernel column)
//   dweight       filter    tap                        pixel of y
//
// Each has left(m, k), right(k, n) and write(m, n, sum). Columns and sums are counted in three
// digits, the last one running fastest; taking a number apart costs two divisions, going to the
// next none.

#include <cstdint>

#include "kernels/conv_sizes.h"
#include "kernels/gpu/device/device.h"

namespace heddle::kernels::HEDDLE_BACKEND {

/// Sizes and options as a kernel needs them; all numbers of elements are below 2³¹.
struct ConvShape {
  int batch, channels, rows, cols;
  int filters, kernel_rows, kernel_cols;
  int out_rows, out_cols;
  int stride_rows, stride_cols, padding_rows, padding_cols, dilation_rows, dilation_cols;

  __host__ __device__ int taps() const { return channels * kernel_rows * kernel_cols; }
};

struct ConvDigits {
  int high, middle, low;
};

/// The sizes of the two faster digits.
struct ConvCounting {
  int middle_size, low_size;

  __device__ __forceinline__ ConvDigits digits(int number) const {
    return {number / low_size / middle_size, number / low_size % middle_size, number % low_size};
  }
  __device__ __forceinline__ void advance(ConvDigits& digits) const {
    if (++digits.low == low_size) {
      digits.low = 0;
      if (++digits.middle == middle_size) {
        digits.middle = 0;
        ++digits.high;
      }
    }
  }
};

/// What tap (channel, kernel row, kernel column) sees from pixel (batch, row, column) of y; 0 in
/// the padding.
template <typename T>
__device__ __forceinline__ accumulate_t<T> seen(const ConvShape& shape, const Row<const T>& x,
                                                const ConvDigits& pixel, const ConvDigits& tap) {
  const int row =
      pixel.middle * shape.stride_rows - shape.padding_rows + tap.middle * shape.dilation_rows;
  const int col =
      pixel.low * shape.stride_cols - shape.padding_cols + tap.low * shape.dilation_cols;
  if (row < 0 || row >= shape.rows || col < 0 || col >= shape.cols) {
    return 0;
  }
  return widen<T>(
      x(((pixel.high * shape.channels + tap.high) * shape.rows + row) * shape.cols + col));
}

template <typename T>
struct ForwardProduct {
  using Number = T;
  using Sum = accumulate_t<T>;
  /// Neighbouring lanes read neighbouring columns of `right`, or neighbouring k.
  static constexpr bool reads_columns = true;
  ConvShape shape;
  Row<const T> x, weight, bias;
  Row<T> y;

  __host__ __device__ int rows() const { return shape.filters; }
  __host__ __device__ int cols() const { return shape.batch * shape.out_rows * shape.out_cols; }
  __host__ __device__ int depth() const { return shape.taps(); }
  __device__ __forceinline__ ConvCounting columns() const {
    return {shape.out_rows, shape.out_cols};
  }
  __device__ __forceinline__ ConvCounting terms() const {
    return {shape.kernel_rows, shape.kernel_cols};
  }
  __device__ __forceinline__ Sum left(int m, int k, const ConvDigits&) const {
    return widen<T>(weight(m * shape.taps() + k));
  }
  __device__ __forceinline__ Sum right(const ConvDigits& tap, const ConvDigits& pixel) const {
    return seen(shape, x, pixel, tap);
  }
  __device__ __forceinline__ void write(int m, int, const ConvDigits& pixel, int, Sum sum) const {
    const Sum above = bias.size > 0 ? widen<T>(bias(m)) : Sum{0};
    y(((pixel.high * shape.filters + m) * shape.out_rows + pixel.middle) * shape.out_cols +
      pixel.low) = narrow<T>(counted<1>(sum + above));
  }
};

template <typename T>
struct PictureGradient {
  using Number = T;
  using Sum = accumulate_t<T>;
  static constexpr bool reads_columns = true;
  ConvShape shape;
  Row<const T> weight, dy;
  Row<T> dx;

  __host__ __device__ int rows() const { return shape.channels; }
  __host__ __device__ int cols() const { return shape.batch * shape.rows * shape.cols; }
  __host__ __device__ int depth() const {
    return shape.filters * shape.kernel_rows * shape.kernel_cols;
  }
  __device__ __forceinline__ ConvCounting columns() const { return {shape.rows, shape.cols}; }
  __device__ __forceinline__ ConvCounting terms() const {
    return {shape.kernel_rows, shape.kernel_cols};
  }
  __device__ __forceinline__ Sum left(int m, int, const ConvDigits& tap) const {
    return widen<T>(weight(((tap.high * shape.channels + m) * shape.kernel_rows + tap.middle) *
                               shape.kernel_cols +
                           tap.low));
  }
  /// dy where this tap saw the pixel of x, if it did.
  __device__ __forceinline__ Sum right(const ConvDigits& tap, const ConvDigits& pixel) const {
    int row = pixel.middle + shape.padding_rows - tap.middle * shape.dilation_rows;
    int col = pixel.low + shape.padding_cols - tap.low * shape.dilation_cols;
    if (row < 0 || col < 0) {
      return 0;
    }
    if (shape.stride_rows > 1 || shape.stride_cols > 1) {
      if (row % shape.stride_rows != 0 || col % shape.stride_cols != 0) {
        return 0;
      }
      row /= shape.stride_rows;
      col /= shape.stride_cols;
    }
    if (row >= shape.out_rows || col >= shape.out_cols) {
      return 0;
    }
    return widen<T>(dy(
        ((pixel.high * shape.filters + tap.high) * shape.out_rows + row) * shape.out_cols + col));
  }
  __device__ __forceinline__ void write(int m, int, const ConvDigits& pixel, int, Sum sum) const {
    dx(((pixel.high * shape.channels + m) * shape.rows + pixel.middle) * shape.cols + pixel.low) =
        narrow<T>(sum);
  }
};

/// The long sum over pixels is cut into parts, which a second kernel adds in order.
template <typename T>
struct WeightGradient {
  using Number = T;
  using Sum = accumulate_t<T>;
  static constexpr bool reads_columns = false;
  ConvShape shape;
  Row<const T> x, dy;
  Row<Sum> parts;  // [parts, filters, taps]

  __host__ __device__ int rows() const { return shape.filters; }
  __host__ __device__ int cols() const { return shape.taps(); }
  __host__ __device__ int depth() const { return shape.batch * shape.out_rows * shape.out_cols; }
  __device__ __forceinline__ ConvCounting columns() const {
    return {shape.kernel_rows, shape.kernel_cols};
  }
  __device__ __forceinline__ ConvCounting terms() const { return {shape.out_rows, shape.out_cols}; }
  __device__ __forceinline__ Sum left(int m, int, const ConvDigits& pixel) const {
    return widen<T>(
        dy(((pixel.high * shape.filters + m) * shape.out_rows + pixel.middle) * shape.out_cols +
           pixel.low));
  }
  __device__ __forceinline__ Sum right(const ConvDigits& pixel, const ConvDigits& tap) const {
    return seen(shape, x, pixel, tap);
  }
  __device__ __forceinline__ void write(int m, int n, const ConvDigits&, int part, Sum sum) const {
    parts((static_cast<std::int64_t>(part) * shape.filters + m) * shape.taps() + n) = sum;
  }
};

}  // namespace heddle::kernels::HEDDLE_BACKEND
