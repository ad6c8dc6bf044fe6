// y = tanh(x · weightᵀ + bias) by warp groups of sm_90a (the opening of linear_tanh.cu has shapes
// and all versions): x and weight are both contiguous along `in`, which is what the tensor cores
// want of f32 factors too.
//
//   fused_warpgroup_tensor_cores_tf32   f32 factors rounded to 11 bits
//   fused_warpgroup_tensor_cores_bf16   bf16 factors
//
// They fall back on fused_tensor_cores_…: elsewhere than on a Hopper, where x, weight or `in` are
// no multiples of 16 bytes, for f64, for f32 factors in the bf16 version, and where `in` is 0.

#include "kernels/gpu/linear_tanh.h"
#include "kernels/gpu/product_warpgroup.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

/// grid, block and shared memory as matmul's warpgroup_tensor_cores_…; the epilogue is StoreTanh
/// with the fast tanh, on sums that never leave registers. Traffic as fused_tensor_cores_…. Gains
/// what the product gains; the epilogue of one block of the small tile overlaps with the products
/// of the other. Expected, not yet measured.
template <typename F32Kind>
void fused(Stream& stream, const char* kernel, LinearTanhForward& fallback, const ConstView& x,
           const ConstView& weight, const ConstView& bias, const View& y) {
  with_linear_tanh(x, weight, bias, y, [&]<typename T>(const LinearTanh<T>& call) {
    using Kind = std::conditional_t<std::is_same_v<T, bf16>, WarpgroupBf16, F32Kind>;
    bool is_launched = false;
    if constexpr (std::is_same_v<T, typename Kind::Element>) {
      is_launched = launch_warpgroups<Kind, false>(
          ProductLaunch<T>{stream, kernel, call.x, call.weight}, call.template epilogue<true>());
    }
    if (!is_launched) {
      fallback(stream, x, weight, bias, y);
    }
  });
}

}  // namespace

void linear_tanh_warpgroup_tf32(Stream& stream, const ConstView& x, const ConstView& weight,
                                const ConstView& bias, const View& y) {
  fused<WarpgroupTf32>(stream, "linear_tanh.fused_warpgroup_tensor_cores_tf32",
                       linear_tanh_tensor_cores_tf32, x, weight, bias, y);
}
void linear_tanh_warpgroup_bf16(Stream& stream, const ConstView& x, const ConstView& weight,
                                const ConstView& bias, const View& y) {
  fused<WarpgroupBf16>(stream, "linear_tanh.fused_warpgroup_tensor_cores_bf16",
                       linear_tanh_tensor_cores_bf16, x, weight, bias, y);
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
