#pragma once

// Views of global memory, passed to kernels by value. Strides are in elements. Under sim an element
// outside is an error that names kernel, block, thread and line, and accesses can be recorded.

#include <cstdint>
#include <type_traits>

#include "core/view.h"
#include "kernels/gpu/device/backend.h"

namespace heddle::kernels::HEDDLE_BACKEND {

#if defined(__CUDACC__)

template <typename T>
using Global = T&;
#define HEDDLE_CHECK_INSIDE(index, size, what)
#define HEDDLE_ELEMENT(address) *(address)

#else

/// Loads give the value; where T is not const, a stand-in for the element (do not keep it in an
/// `auto`: write T).
template <typename T>
using Global = std::conditional_t<
    std::is_const_v<T>, std::remove_const_t<T>,
    ::heddle::sim::Element<std::remove_const_t<T>, ::heddle::sim::Space::global> >;
template <typename T>
Global<T> global_element(T* address, Place place) {
  if constexpr (std::is_const_v<T>) {
    return ::heddle::sim::load(::heddle::sim::Space::global, address, place);
  } else {
    return {address, place};
  }
}
#define HEDDLE_CHECK_INSIDE(index, size, what) ::heddle::sim::check_inside(index, size, what, place)
#define HEDDLE_ELEMENT(address) global_element(address, place)

#endif

template <typename T>
struct Row {
  T* data = nullptr;
  std::int64_t size = 0;
  std::int64_t stride = 1;

  __device__ __forceinline__ Global<T> operator()(std::int64_t i HEDDLE_PLACE) const {
    HEDDLE_CHECK_INSIDE(i, size, "element");
    return HEDDLE_ELEMENT(data + i * stride);
  }
  /// For words that reach memory themselves (copy_async).
  __device__ __forceinline__ T* address(std::int64_t i HEDDLE_PLACE) const {
    HEDDLE_CHECK_INSIDE(i, size, "element");
    return data + i * stride;
  }
};

template <typename T>
struct Matrix {
  T* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t row_stride = 0;
  std::int64_t col_stride = 1;

  __device__ __forceinline__ T* address(std::int64_t i, std::int64_t j HEDDLE_PLACE) const {
    HEDDLE_CHECK_INSIDE(i, rows, "row");
    HEDDLE_CHECK_INSIDE(j, cols, "column");
    return data + (i * row_stride + j * col_stride);
  }
  __device__ __forceinline__ Global<T> operator()(std::int64_t i,
                                                  std::int64_t j HEDDLE_PLACE) const {
    return HEDDLE_ELEMENT(address(i, j HEDDLE_GIVE_PLACE));
  }
  __device__ __forceinline__ Row<T> row(std::int64_t i HEDDLE_PLACE) const {
    HEDDLE_CHECK_INSIDE(i, rows, "row");
    return {data + i * row_stride, cols, col_stride};
  }
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

  __device__ __forceinline__ Matrix<T> matrix(std::int64_t b HEDDLE_PLACE) const {
    HEDDLE_CHECK_INSIDE(b, batch, "matrix");
    return {data + b * batch_stride, rows, cols, row_stride, col_stride};
  }
  __device__ __forceinline__ Global<T> operator()(std::int64_t b, std::int64_t i,
                                                  std::int64_t j HEDDLE_PLACE) const {
    return matrix(b HEDDLE_GIVE_PLACE)(i, j HEDDLE_GIVE_PLACE);
  }
};

template <typename T>
struct Tensor4 {
  T* data = nullptr;
  std::int64_t size[4] = {};
  std::int64_t stride[4] = {};

  __device__ __forceinline__ Matrix<T> matrix(std::int64_t a, std::int64_t b HEDDLE_PLACE) const {
    HEDDLE_CHECK_INSIDE(a, size[0], "first index");
    HEDDLE_CHECK_INSIDE(b, size[1], "second index");
    return {data + (a * stride[0] + b * stride[1]), size[2], size[3], stride[2], stride[3]};
  }
  __device__ __forceinline__ Global<T> operator()(std::int64_t a, std::int64_t b, std::int64_t i,
                                                  std::int64_t j HEDDLE_PLACE) const {
    return matrix(a, b HEDDLE_GIVE_PLACE)(i, j HEDDLE_GIVE_PLACE);
  }
};

/// N neighbouring elements, loaded and stored at once (16 bytes at most).
template <typename T, int N>
struct alignas(sizeof(T) * N) Vector {
  static_assert(sizeof(T) * N <= 16 && (N & (N - 1)) == 0);
  T element[N];

  __device__ __forceinline__ T& operator[](int i) { return element[i]; }
  __device__ __forceinline__ const T& operator[](int i) const { return element[i]; }
};

/// Elements of T in 16 bytes.
template <typename T>
constexpr int widest = static_cast<int>(16 / sizeof(T));

#if defined(__CUDACC__)

template <int N, typename T>
__device__ __forceinline__ Vector<std::remove_const_t<T>, N> load_vector(const Row<T>& row,
                                                                         std::int64_t first) {
  return *reinterpret_cast<const Vector<std::remove_const_t<T>, N>*>(row.data + first);
}
template <int N, typename T>
__device__ __forceinline__ void store_vector(const Row<T>& row, std::int64_t first,
                                             const Vector<T, N>& value) {
  *reinterpret_cast<Vector<T, N>*>(row.data + first) = value;
}
template <int N, typename T>
__device__ __forceinline__ Vector<T, N> load_shared(const T* address) {
  return *reinterpret_cast<const Vector<T, N>*>(address);
}
template <int N, typename T>
__device__ __forceinline__ void store_shared(T* address, const Vector<T, N>& value) {
  *reinterpret_cast<Vector<T, N>*>(address) = value;
}

#else

namespace detail {
template <int N, typename T>
void check_vector(const T* address, Place place) {
  if (reinterpret_cast<std::uintptr_t>(address) % (sizeof(T) * N) != 0) {
    ::heddle::sim::current_block->fail_here(
        place,
        concat("a vector of ", N, " begins at no multiple of its ", sizeof(T) * N, " bytes"));
  }
}
}  // namespace detail

/// row.stride must be 1, and the first element's address a multiple of the vector's bytes.
template <int N, typename T>
Vector<std::remove_const_t<T>, N> load_vector(const Row<T>& row, std::int64_t first,
                                              Place place = Place::current()) {
  using Plain = std::remove_const_t<T>;
  ::heddle::sim::check_inside(first, row.size, "element", place);
  ::heddle::sim::check_inside(first + N - 1, row.size, "element", place);
  detail::check_vector<N>(row.data + first, place);
  return ::heddle::sim::load(::heddle::sim::Space::global,
                             reinterpret_cast<const Vector<Plain, N>*>(row.data + first), place);
}
template <int N, typename T>
void store_vector(const Row<T>& row, std::int64_t first, const Vector<T, N>& value,
                  Place place = Place::current()) {
  ::heddle::sim::check_inside(first, row.size, "element", place);
  ::heddle::sim::check_inside(first + N - 1, row.size, "element", place);
  detail::check_vector<N>(row.data + first, place);
  ::heddle::sim::store(::heddle::sim::Space::global,
                       reinterpret_cast<Vector<T, N>*>(row.data + first), value, place);
}
/// The same from and to shared memory: `address` from SharedArray::address.
template <int N, typename T>
Vector<T, N> load_shared(const T* address, Place place = Place::current()) {
  detail::check_vector<N>(address, place);
  return ::heddle::sim::load(::heddle::sim::Space::shared,
                             reinterpret_cast<const Vector<T, N>*>(address), place);
}
template <int N, typename T>
void store_shared(T* address, const Vector<T, N>& value, Place place = Place::current()) {
  detail::check_vector<N>(address, place);
  ::heddle::sim::store(::heddle::sim::Space::shared, reinterpret_cast<Vector<T, N>*>(address),
                       value, place);
}

#endif

#undef HEDDLE_CHECK_INSIDE
#undef HEDDLE_ELEMENT

}  // namespace heddle::kernels::HEDDLE_BACKEND
