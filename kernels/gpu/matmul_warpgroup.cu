// Versions of matmul by warp groups of sm_90a (the opening of matmul.cu lists all):
//
//   warpgroup_tensor_cores_tf32   f32 factors rounded to 11 bits, contiguous along k
//   warpgroup_tensor_cores_bf16   bf16 factors, in any layout
//
// Formula and bits as tensor_cores_tf32 and …_bf16, on which they fall back: elsewhere than on a
// Hopper, for addresses or strides that are no multiples of 16 bytes, for f32 factors along the
// side (…_tf32) or at all (…_bf16, which would have to round them first), for f64, and where k is
// 0.

#include "kernels/gpu/matmul.h"
#include "kernels/gpu/product_warpgroup.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

/// grid: tiles of 128 × 256, or 128 × 128 where those are fewer than 128; block: 288 threads, a
/// producer warp and two warp groups; shared: 4 slabs of 128 bytes of k, 192 KiB, or 3, 96 KiB.
/// Reads k/85 (or k/64) elements of global memory per element of out, by the copy engine; writes 1.
/// Gains over tensor_cores_…: wgmma is the only way to the full rate of Hopper's tensor cores
/// (mma.sync reaches about 60 %); no registers or instructions for loads, fragments and addresses;
/// and loads of the next slabs that no barrier of the block holds up. Expected, not yet measured.
/// Loses where tiles are few: they are larger than 64 × 64, and k is not cut.
template <typename F32Kind>
void multiply(Stream& stream, const char* kernel, Multiply& fallback, const ConstView& a,
              const ConstView& b, bool accumulate, const View& out) {
  with_product(a, b, accumulate, out, [&]<typename In, typename Out>(const Product<In, Out>& p) {
    bool is_launched = false;
    if constexpr (std::is_same_v<In, bf16>) {
      is_launched = launch_warpgroups<WarpgroupBf16, true>(
          ProductLaunch<In>{stream, kernel, p.left, p.right}, store_of(p));
    } else if constexpr (std::is_same_v<In, typename F32Kind::Element>) {
      is_launched = launch_warpgroups<F32Kind, false>(
          ProductLaunch<In>{stream, kernel, p.left, p.right}, store_of(p));
    }
    if (!is_launched) {
      fallback(stream, a, b, accumulate, out);
    }
  });
}

}  // namespace

void multiply_warpgroup_tf32(Stream& stream, const ConstView& a, const ConstView& b,
                             bool accumulate, const View& out) {
  multiply<WarpgroupTf32>(stream, "matmul.warpgroup_tensor_cores_tf32", multiply_tf32, a, b,
                          accumulate, out);
}
void multiply_warpgroup_bf16(Stream& stream, const ConstView& a, const ConstView& b,
                             bool accumulate, const View& out) {
  multiply<WarpgroupBf16>(stream, "matmul.warpgroup_tensor_cores_bf16", multiply_bf16, a, b,
                          accumulate, out);
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
