#pragma once

#include "core/error.h"
#include "core/view.h"

namespace heddle {
namespace detail {

template <typename T>
void check_typed(const ConstView& view, int rank, const char* what) {
  check(view.dtype == dtype_of<T>(), what, ": got ", view.dtype, ", expected ", dtype_of<T>());
  check(view.rank() == rank, what, ": got shape ", view.shape, ", expected rank ", rank);
}

}  // namespace detail

template <typename T>
Row<const T> row_of(const ConstView& view, const char* what) {
  detail::check_typed<T>(view, 1, what);
  return {view.pointer<T>(), view.size(0), view.stride(0)};
}

template <typename T>
Row<T> row_of(const View& view, const char* what) {
  detail::check_typed<T>(view, 1, what);
  return {view.pointer<T>(), view.size(0), view.stride(0)};
}

template <typename T>
Matrix<const T> matrix_of(const ConstView& view, const char* what) {
  detail::check_typed<T>(view, 2, what);
  return {view.pointer<T>(), view.size(0), view.size(1), view.stride(0), view.stride(1)};
}

template <typename T>
Matrix<T> matrix_of(const View& view, const char* what) {
  detail::check_typed<T>(view, 2, what);
  return {view.pointer<T>(), view.size(0), view.size(1), view.stride(0), view.stride(1)};
}

template <typename T>
Batch<const T> batch_of(const ConstView& view, const char* what) {
  detail::check_typed<T>(view, 3, what);
  return {view.pointer<T>(), view.size(0),   view.size(1),  view.size(2),
          view.stride(0),    view.stride(1), view.stride(2)};
}

template <typename T>
Batch<T> batch_of(const View& view, const char* what) {
  detail::check_typed<T>(view, 3, what);
  return {view.pointer<T>(), view.size(0),   view.size(1),  view.size(2),
          view.stride(0),    view.stride(1), view.stride(2)};
}

}  // namespace heddle
