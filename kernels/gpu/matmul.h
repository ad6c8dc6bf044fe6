#pragma once

// What the files of the family matmul share: matmul.cu (FMA units, choice), matmul_tensor_cores.cu,
// matmul_warpgroup.cu.

#include "kernels/gpu/product_factors.h"

namespace heddle::kernels::HEDDLE_BACKEND {

/// Checks the views and calls `body` with the typed product, unless out is empty. In and Out are
/// the same type, or bf16 factors with an f32 out.
template <typename Body>
void with_product(const ConstView& a, const ConstView& b, bool accumulate, const View& out,
                  Body&& body) {
  const auto call = [&](const auto& product) {
    if (product.batch() > 0 && product.rows() > 0 && product.cols() > 0) {
      body(product);
    }
  };
  if (out.dtype == DType::f32 && a.dtype == DType::bf16 && b.dtype == DType::bf16) {
    call(product_of<bf16, float>(a, b, accumulate, out));
    return;
  }
  dispatch_storage(out.dtype, "matmul", [&](auto tag) {
    using T = typename decltype(tag)::type;
    call(product_of<T, T>(a, b, accumulate, out));
  });
}

// Versions that more files than one know, each as in kernels/matmul.h.
using Multiply = void(Stream& stream, const ConstView& a, const ConstView& b, bool accumulate,
                      const View& out);
Multiply multiply_register_tile, multiply_split_k;
Multiply multiply_tf32, multiply_split_k_tf32, multiply_3xtf32;
Multiply multiply_bf16, multiply_split_k_bf16;
Multiply multiply_warpgroup_tf32, multiply_warpgroup_bf16;

}  // namespace heddle::kernels::HEDDLE_BACKEND
