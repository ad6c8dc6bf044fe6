#pragma once

// What the files of the family linear_tanh share: linear_tanh.cu (forward, choice),
// linear_tanh_warpgroup.cu, linear_tanh_backward.cu.

#include "kernels/gpu/product_factors.h"

namespace heddle::kernels::HEDDLE_BACKEND {

struct LinearTanhSizes {
  std::int64_t rows, in, out, groups;
};
/// Sizes of x and weight; `bias` may be the bias or its gradient. Errors: as kernels/linear_tanh.h.
LinearTanhSizes linear_tanh_sizes(const ConstView& x, const ConstView& weight,
                                  const ConstView& bias);

// ---- Forward ----

using LinearTanhForward = void(Stream& stream, const ConstView& x, const ConstView& weight,
                               const ConstView& bias, const View& y);
LinearTanhForward linear_tanh_tensor_cores_tf32, linear_tanh_tensor_cores_bf16;
LinearTanhForward linear_tanh_warpgroup_tf32, linear_tanh_warpgroup_bf16;

/// The bias of a row. Rows and groups have 31 bits: a remainder of 64 bits would cost more than the
/// tanh.
template <typename T>
struct GroupedBias {
  Matrix<const T> bias;  // [groups, out], or empty
  unsigned groups;

  __device__ __forceinline__ accumulate_t<T> operator()(std::int64_t row, std::int64_t col) const {
    if (bias.data == nullptr) {
      return 0;
    }
    const unsigned group = groups == 1 ? 0 : static_cast<unsigned>(row) % groups;
    return widen<T>(bias(group, col));
  }
};

template <bool is_fast, typename A>
__device__ __forceinline__ A tanh_by(A z) {
  if constexpr (is_fast) {
    return fast_tanh(z);
  } else {
    return tanh_of(z);
  }
}

/// The epilogue: y = tanh(sum + bias), one store. Reads the bias (first cache), writes y.
template <typename T, bool is_fast>
struct StoreTanh {
  Matrix<T> y;
  int width;
  GroupedBias<T> bias;

  template <int N>
  __device__ __forceinline__ void operator()(std::int64_t /*matrix*/, std::int64_t row,
                                             std::int64_t col,
                                             const accumulate_t<T> (&sum)[N]) const {
    Vector<T, N> value;
    HEDDLE_UNROLL
    for (int j = 0; j < N; ++j) {
      value[j] = T{};
      if (col + j < y.cols) {
        value[j] = narrow<T>(tanh_by<is_fast>(counted<1>(sum[j] + bias(row, col + j))));
      }
    }
    store_piece(y.row(row), col, width, value);
  }
};

/// The call in types: x and weight as factors of a product.
template <typename T>
struct LinearTanh {
  Factor<T> x, weight;
  Matrix<T> y;
  GroupedBias<T> bias;

  template <bool is_fast>
  StoreTanh<T, is_fast> epilogue() const {
    return {y, vector_width<T>(y.data, y.row_stride, 0), bias};
  }
};

/// Checks the views and calls `body` with a LinearTanh<T>, unless y is empty.
template <typename Body>
void with_linear_tanh(const ConstView& x, const ConstView& weight, const ConstView& bias,
                      const View& y, Body&& body) {
  dispatch_storage(x.dtype, "linear_tanh", [&](auto tag) {
    using T = typename decltype(tag)::type;
    const LinearTanhSizes sizes = linear_tanh_sizes(x, weight, bias);
    check_dense("linear_tanh", {"y", y}, {sizes.rows, sizes.out}, dtype_of<T>());
    if (sizes.rows == 0 || sizes.out == 0) {
      return;
    }
    const auto factor = [&](const ConstView& view) {
      return product_detail::factor_of<T>(
          Batch<const T>{view.pointer<T>(), 1, view.size(0), view.size(1), 0, view.size(1), 1});
    };
    body(LinearTanh<T>{factor(x),
                       factor(weight),
                       matrix_of<T>(y),
                       {matrix_of<T>(bias), static_cast<unsigned>(sizes.groups)}});
  });
}

// ---- Backward ----

using LinearTanhBackward = void(Stream& stream, const ConstView& x, const ConstView& weight,
                                const ConstView& y, const ConstView& dy, const View& dx,
                                const View& dweight, const View& dbias);
LinearTanhBackward linear_tanh_backward_separate, linear_tanh_backward_one_pass;

}  // namespace heddle::kernels::HEDDLE_BACKEND
