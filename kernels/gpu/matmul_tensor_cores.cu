// Versions of matmul on tensor cores (the opening of matmul.cu lists them all):
//
//   tensor_cores_tf32     f32 factors rounded to 11 bits
//   tensor_cores_3xtf32   f32 factors as sums of two such numbers: nearly f32 at a third of the
//   rate tensor_cores_bf16     f32 factors rounded to 8 bits, or bf16 as stored split_k_tf32,
//   split_k_bf16   the same loops over parts of k, for a small out and a large k
//
// bf16 factors have 8 bits, so that every version computes their products exactly, with the bf16
// loop. f64, and GPUs before sm_80, fall back on the versions of matmul.cu.

#include "kernels/gpu/matmul.h"
#include "kernels/gpu/product_launch.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

/// The shared shape of all versions. grid: tiles of 128 × 128 (256 threads) or 64 × 64 (128); with
/// `split` × parts of k, then 256 elements of out per block. shared: two slabs of depth 32 of each
/// factor, 72 or 36 KiB (tf32), 40 or 20 KiB (bf16).
/// Reads k/64 or k/32 elements of global memory per element of out, and, through fragments, k/21 or
/// k/16 of shared memory; writes 1.
/// Gains over register_tile: 8 (tf32) or 16 (bf16) times the rate of the FMA units on an H100, of
/// which mma.sync reaches about 60 %. Loses bits of the factors; and f32 sums that tensor cores do
/// not round to nearest.
template <typename F32Factors, bool split>
void multiply(Stream& stream, const char* kernel, const ConstView& a, const ConstView& b,
              bool accumulate, const View& out) {
  if (out.dtype == DType::f64 || limits_of(stream).architecture < 80) {
    (split ? multiply_split_k : multiply_register_tile)(stream, a, b, accumulate, out);
    return;
  }
  with_product(a, b, accumulate, out, [&]<typename In, typename Out>(const Product<In, Out>& p) {
    if constexpr (!std::is_same_v<In, double>) {
      using Fragments = std::conditional_t<std::is_same_v<In, bf16>, Bf16Factors, F32Factors>;
      const ProductLaunch<In> product{stream, kernel, p.left, p.right};
      if constexpr (split) {
        launch_tensor_cores_split<Fragments>(product, store_of(p));
      } else {
        launch_tensor_cores<Fragments>(product, store_of(p));
      }
    }
  });
}

}  // namespace

void multiply_tf32(Stream& stream, const ConstView& a, const ConstView& b, bool accumulate,
                   const View& out) {
  multiply<Tf32Factors, false>(stream, "matmul.tensor_cores_tf32", a, b, accumulate, out);
}
void multiply_split_k_tf32(Stream& stream, const ConstView& a, const ConstView& b, bool accumulate,
                           const View& out) {
  multiply<Tf32Factors, true>(stream, "matmul.split_k_tf32", a, b, accumulate, out);
}
/// As tf32 with three mma each. Numbers of any size but infinite ones, whose small part is not a
/// number.
void multiply_3xtf32(Stream& stream, const ConstView& a, const ConstView& b, bool accumulate,
                     const View& out) {
  multiply<SplitTf32Factors, false>(stream, "matmul.tensor_cores_3xtf32", a, b, accumulate, out);
}
void multiply_bf16(Stream& stream, const ConstView& a, const ConstView& b, bool accumulate,
                   const View& out) {
  multiply<Bf16Factors, false>(stream, "matmul.tensor_cores_bf16", a, b, accumulate, out);
}
void multiply_split_k_bf16(Stream& stream, const ConstView& a, const ConstView& b, bool accumulate,
                           const View& out) {
  multiply<Bf16Factors, true>(stream, "matmul.split_k_bf16", a, b, accumulate, out);
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
