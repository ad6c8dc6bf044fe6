#pragma once

#include <cstdint>

#include "core/device.h"
#include "core/dtype.h"
#include "core/shape.h"

namespace heddle {

/// A tensor seen by a kernel: memory, shape and strides, owning nothing. A default-constructed view
/// stands for "not given".
struct ConstView {
  const void* data = nullptr;
  DType dtype = DType::f32;
  Device device;
  Shape shape;
  Strides strides;  // in elements
  bool given = false;

  int rank() const { return shape.rank(); }
  std::int64_t size(int dim) const { return shape[dim]; }
  std::int64_t stride(int dim) const { return strides[dim]; }
  std::int64_t elements() const { return element_count(shape); }
  bool is_contiguous() const;

  template <typename T>
  const T* pointer() const {
    return static_cast<const T*>(data);
  }
};

/// A view a kernel writes to.
struct View : ConstView {
  template <typename T>
  T* pointer() const {
    return static_cast<T*>(const_cast<void*>(data));
  }
};

/// Typed views handed to kernels by value. Strides are in elements; the last one may be any number.
template <typename T>
struct Row {
  T* data = nullptr;
  std::int64_t size = 0;
  std::int64_t stride = 1;

  T& operator()(std::int64_t i) const { return data[i * stride]; }
};

template <typename T>
struct Matrix {
  T* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t row_stride = 0;
  std::int64_t col_stride = 1;

  T& operator()(std::int64_t i, std::int64_t j) const {
    return data[i * row_stride + j * col_stride];
  }
  Row<T> row(std::int64_t i) const { return {data + i * row_stride, cols, col_stride}; }
};

template <typename T>
struct Batch {
  T* data = nullptr;
  std::int64_t batch = 0;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t batch_stride = 0;
  std::int64_t row_stride = 0;
  std::int64_t col_stride = 1;

  Matrix<T> operator[](std::int64_t b) const {
    return {data + b * batch_stride, rows, cols, row_stride, col_stride};
  }
};

/// Typed reading of a view of rank 1, 2 or 3. Errors: other rank or type; the message names `what`.
template <typename T>
Row<const T> row_of(const ConstView& view, const char* what);
template <typename T>
Row<T> row_of(const View& view, const char* what);
template <typename T>
Matrix<const T> matrix_of(const ConstView& view, const char* what);
template <typename T>
Matrix<T> matrix_of(const View& view, const char* what);
template <typename T>
Batch<const T> batch_of(const ConstView& view, const char* what);
template <typename T>
Batch<T> batch_of(const View& view, const char* what);

}  // namespace heddle

#include "core/view_typed.h"  // definitions of row_of, matrix_of, batch_of
