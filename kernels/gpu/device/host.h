#pragma once

// What launchers need on the host: typed views, the device's size, memory of one call, and checks
// of numbers that lie on the device.

#include <cstddef>
#include <cstdint>

#include "core/allocator.h"
#include "core/bf16.h"
#include "core/error.h"
#include "core/stream.h"
#include "core/view.h"
#include "kernels/gpu/device/numbers.h"
#include "kernels/gpu/device/views.h"
#include "kernels/view_checks.h"

namespace heddle::kernels::HEDDLE_BACKEND {

/// Calls `body(TypeTag<T>{})` with T = float, double or bf16. Errors: any other type.
template <typename Body>
decltype(auto) dispatch_storage(DType dtype, const char* kernel, Body&& body) {
  switch (dtype) {
    case DType::f32:
      return body(TypeTag<float>{});
    case DType::f64:
      return body(TypeTag<double>{});
    case DType::bf16:
      return body(TypeTag<bf16>{});
    case DType::i64:
    case DType::boolean:
      break;
  }
  fail(kernel, ": got ", name_of(dtype), ", expected f32, f64 or bf16");
}

/// All elements of a contiguous view.
template <typename T>
Row<const T> flat_of(const ConstView& view) {
  return {view.pointer<T>(), view.elements(), 1};
}
template <typename T>
Row<T> flat_of(const View& view) {
  return {view.pointer<T>(), view.elements(), 1};
}
// Views of rank 1, 2, 3 and 4; the caller has checked rank and type. A view that is not given
// becomes an empty one.
template <typename T>
Row<const T> row_of(const ConstView& view) {
  return view.given ? Row<const T>{view.pointer<T>(), view.size(0), view.stride(0)}
                    : Row<const T>{};
}
template <typename T>
Row<T> row_of(const View& view) {
  return view.given ? Row<T>{view.pointer<T>(), view.size(0), view.stride(0)} : Row<T>{};
}
template <typename T>
Matrix<const T> matrix_of(const ConstView& view) {
  return view.given ? Matrix<const T>{view.pointer<T>(), view.size(0), view.size(1), view.stride(0),
                                      view.stride(1)}
                    : Matrix<const T>{};
}
template <typename T>
Matrix<T> matrix_of(const View& view) {
  return view.given ? Matrix<T>{view.pointer<T>(), view.size(0), view.size(1), view.stride(0),
                                view.stride(1)}
                    : Matrix<T>{};
}
template <typename T>
Batch<const T> batch_of(const ConstView& view) {
  return view.given ? Batch<const T>{view.pointer<T>(), view.size(0),   view.size(1),  view.size(2),
                                     view.stride(0),    view.stride(1), view.stride(2)}
                    : Batch<const T>{};
}
template <typename T>
Batch<T> batch_of(const View& view) {
  return view.given ? Batch<T>{view.pointer<T>(), view.size(0),   view.size(1),  view.size(2),
                               view.stride(0),    view.stride(1), view.stride(2)}
                    : Batch<T>{};
}
template <typename T>
Tensor4<const T> tensor4_of(const ConstView& view) {
  Tensor4<const T> result;
  if (view.given) {
    result.data = view.pointer<T>();
    for (int d = 0; d < 4; ++d) {
      result.size[d] = view.size(d);
      result.stride[d] = view.stride(d);
    }
  }
  return result;
}
template <typename T>
Tensor4<T> tensor4_of(const View& view) {
  Tensor4<T> result;
  if (view.given) {
    result.data = view.pointer<T>();
    for (int d = 0; d < 4; ++d) {
      result.size[d] = view.size(d);
      result.stride[d] = view.stride(d);
    }
  }
  return result;
}

/// The most elements (1, 2, 4, … `widest`) that can be loaded at once from every row: the address
/// and the row stride are multiples of them, and so is `count`.
template <typename T>
int vector_width(const void* data, std::int64_t row_stride, std::int64_t count) {
  int width = widest<T>;
  while (
      width > 1 &&
      (reinterpret_cast<std::uintptr_t>(data) % (sizeof(T) * static_cast<unsigned>(width)) != 0 ||
       row_stride % width != 0 || count % width != 0)) {
    width /= 2;
  }
  return width;
}

/// ⌈count / per⌉ as a grid dimension.
inline unsigned blocks_for(std::int64_t count, std::int64_t per) {
  return static_cast<unsigned>((count + per - 1) / per);
}

struct DeviceLimits {
  int multiprocessors;
  std::size_t shared_bytes;  // of one block, opted in
  int architecture;          // 75, 80, 86, 89, 90, …
  int cluster;               // the most blocks of a cluster; 1 where there are none
};
DeviceLimits limits_of(const Stream& stream);

/// Memory of one call, not cleared; given back, in the stream's order, at the end of the scope.
template <typename T>
class Scratch {
 public:
  Scratch(const Stream& stream, std::int64_t elements)
      : device_(stream.device),
        elements_(elements),
        bytes_(static_cast<std::size_t>(
            checked_multiply(elements, static_cast<std::int64_t>(sizeof(T)), "scratch"))),
        data_(elements > 0 ? static_cast<T*>(allocate(device_, bytes_)) : nullptr) {}
  ~Scratch() {
    if (data_ != nullptr) {
      release(device_, data_, bytes_);
    }
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  T* data() const { return data_; }
  Row<T> row() const { return {data_, elements_, 1}; }
  Matrix<T> matrix(std::int64_t rows, std::int64_t cols) const {
    return {data_, rows, cols, cols, 1};
  }

 private:
  Device device_;
  std::int64_t elements_;
  std::size_t bytes_;
  T* data_;
};

/// Checks that each of the i64 `values` (any shape and strides) is from `low` to `high` (or equals
/// `other`). Under sim at once. Under cuda on the device, without waiting: the error is thrown
/// where the host next waits for the device. Kernels must stay inside memory whatever the values
/// are. Errors: "<kernel>: <what>[<place>] is <value>; expected <low> … <high>".
void check_values(Stream& stream, const char* kernel, const char* what, const ConstView& values,
                  std::int64_t low, std::int64_t high);
void check_values(Stream& stream, const char* kernel, const char* what, const ConstView& values,
                  std::int64_t low, std::int64_t high, std::int64_t other);

/// How many entries of each row count, in a kernel: all where not given; never outside 0 … most.
struct Lengths {
  const std::int64_t* data = nullptr;
  std::int64_t stride = 0;
  std::int64_t most = 0;

  __device__ __forceinline__ std::int64_t operator[](std::int64_t row) const {
    if (data == nullptr) {
      return most;
    }
    const std::int64_t length = data[row * stride];
    return length < 0 ? 0 : length > most ? most : length;
  }
};
/// Errors: not i64 [rows]; values outside 0 … most, as `check_values`.
Lengths lengths_of(Stream& stream, const char* kernel, const ConstView& lengths, std::int64_t rows,
                   std::int64_t most);

}  // namespace heddle::kernels::HEDDLE_BACKEND
