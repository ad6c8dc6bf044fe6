// y = tanh(z), z = x · weightᵀ + bias:   x [rows, in], weight [out, in], bias [groups, out] (row r
// takes bias row r mod groups), y [rows, out]; contiguous; f32, f64, bf16 (kernels/linear_tanh.h).
//
//   product_then_tanh    a product, then a pass over y that adds the bias and takes the tanh
//   fused_register_tile  both happen to the sums while they are in registers: one kernel, and z
//                        never exists in memory. The backward pass needs y alone: tanh′ = 1 − y²
//   fused_tensor_cores_tf32, fused_tensor_cores_bf16
//                        the same epilogue behind the tensor cores, with the fast tanh
//   fused_warpgroup_tensor_cores_tf32, fused_warpgroup_tensor_cores_bf16
//                        and behind those of Hopper's warp groups: linear_tanh_warpgroup.cu
//   small_rows           few rows: `in` is cut into parts so that all multiprocessors read the
//                        weight; the epilogue follows the sum of the parts
//
// Backward: linear_tanh_backward.cu. All f32 versions take the library's tanh, within 2.5 ulp in
// both builds (tests/gpu/linear_tanh_test.cpp samples it); fast_tanh (134 ulp) serves tf32 and bf16
// alone.

#include "kernels/gpu/families.h"
#include "kernels/gpu/linear_tanh.h"
#include "kernels/gpu/product.h"
#include "kernels/gpu/product_launch.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

enum class LinearTanhVersion : std::uint8_t {
  product_then_tanh,
  fused_register_tile,
  fused_tensor_cores_tf32,
  fused_tensor_cores_bf16,
  fused_warpgroup_tensor_cores_tf32,
  fused_warpgroup_tensor_cores_bf16,
  small_rows,
};

/// grid: elements of y / 256; block: 256 threads; no shared memory.
/// Reads z and the bias, writes y: two transfers of y more than a fused kernel.
/// Free choice of the product (a library's, say), which is what it wins by for large `in`.
template <typename Z, typename T>
__global__ __launch_bounds__(256) void bias_and_tanh(Matrix<const Z> z, GroupedBias<T> bias,
                                                     Matrix<T> y) {
  const std::int64_t at = std::int64_t{blockIdx.x} * 256 + threadIdx.x;
  if (at < y.rows * y.cols) {
    const std::int64_t row = at / y.cols;
    const std::int64_t col = at % y.cols;
    y(row, col) = narrow<T>(tanh_by<false>(counted<1>(widen<Z>(z(row, col)) + bias(row, col))));
  }
}

void product_then_tanh(Stream& stream, const ConstView& x, const ConstView& weight,
                       const ConstView& bias, const View& y) {
  with_linear_tanh(x, weight, bias, y, [&]<typename T>(const LinearTanh<T>& call) {
    // z is not rounded to bf16 on its way.
    using Z = accumulate_t<T>;
    constexpr bool in_place = std::is_same_v<Z, T>;
    const std::int64_t elements = call.y.rows * call.y.cols;
    const Scratch<Z> scratch(stream, in_place ? 0 : elements);
    const View z =
        in_place ? y
                 : dense_view(scratch.data(), dtype_of<Z>(), y.device, call.y.rows, call.y.cols);
    product(stream, x, transposed(weight), false, z);
    launch(bias_and_tanh<Z, T>,
           Launch{"linear_tanh.product_then_tanh", stream, blocks_for(elements, 256), 256},
           matrix_of<Z>(ConstView(z)), call.bias, call.y);
  });
}

/// product_tile.h: grid, block and shared memory as matmul's register_tile.
/// Reads in/64 elements per element of y (tile of 128), writes 1: z costs no traffic. The tanh is
/// about 30 operations per element, against `in` FMA.
/// Gains over product_then_tanh a launch and two transfers of y: up to 2 times where y is small or
/// `in` is. Loses nothing but the library's tuning of the product.
void fused_register_tile(Stream& stream, const ConstView& x, const ConstView& weight,
                         const ConstView& bias, const View& y) {
  with_linear_tanh(x, weight, bias, y, [&]<typename T>(const LinearTanh<T>& call) {
    launch_register_tile(
        ProductLaunch<T>{stream, "linear_tanh.fused_register_tile", call.x, call.weight},
        call.template epilogue<false>());
  });
}

/// product_mma.h: grid, block and shared memory as matmul's tensor_cores_….
/// Traffic as fused_register_tile; the products cost an eighth (tf32) or a sixteenth (bf16) of the
/// time, so that the tanh would cost half of it for in = 512 (performance model): hence fast_tanh,
/// one operation of the special function unit.
/// f64, and GPUs before sm_80, fall back on fused_register_tile.
template <typename F32Factors>
void fused_tensor_cores(Stream& stream, const char* kernel, const ConstView& x,
                        const ConstView& weight, const ConstView& bias, const View& y) {
  if (x.dtype == DType::f64 || limits_of(stream).architecture < 80) {
    fused_register_tile(stream, x, weight, bias, y);
    return;
  }
  with_linear_tanh(x, weight, bias, y, [&]<typename T>(const LinearTanh<T>& call) {
    if constexpr (!std::is_same_v<T, double>) {
      using Fragments = std::conditional_t<std::is_same_v<T, bf16>, Bf16Factors, F32Factors>;
      launch_tensor_cores<Fragments>(ProductLaunch<T>{stream, kernel, call.x, call.weight},
                                     call.template epilogue<true>());
    }
  });
}

/// product_launch.h: grid: tiles of y × parts of `in`; then 256 elements of y per block.
/// Reads each weight once (rows ≤ 32), from ⌈in/256⌉ times as many blocks; writes and reads that
/// many sums per element of y.
/// Gains where rows · out gives fewer tiles than there are multiprocessors; loses a launch.
void small_rows(Stream& stream, const ConstView& x, const ConstView& weight, const ConstView& bias,
                const View& y) {
  with_linear_tanh(x, weight, bias, y, [&]<typename T>(const LinearTanh<T>& call) {
    launch_register_tile_split(
        ProductLaunch<T>{stream, "linear_tanh.small_rows", call.x, call.weight},
        call.template epilogue<false>());
  });
}

/// Expected from the model (docs/kernels/linear_tanh.md): the fused kernels everywhere, cut along
/// `in` where y has fewer than 64 tiles and there are four parts or more to cut.
void forward_default(Stream& stream, const ConstView& x, const ConstView& weight,
                     const ConstView& bias, const View& y) {
  // bf16 loses nothing on tensor cores, whatever the stream asks.
  const Math math = x.dtype == DType::bf16 ? Math::bf16 : stream.math;
  const bool splits = x.rank() == 2 && weight.rank() == 2 && x.size(1) >= 1024 &&
                      (x.size(0) + 63) / 64 * ((weight.size(0) + 63) / 64) < 64;
  switch (math) {
    case Math::f32:
      (splits ? small_rows : fused_register_tile)(stream, x, weight, bias, y);
      return;
    case Math::tf32:
      linear_tanh_tensor_cores_tf32(stream, x, weight, bias, y);
      return;
    case Math::bf16:
      linear_tanh_tensor_cores_bf16(stream, x, weight, bias, y);
      return;
  }
}

std::string_view name_of(LinearTanhVersion version) {
  switch (version) {
    case LinearTanhVersion::product_then_tanh:
      return "product_then_tanh";
    case LinearTanhVersion::fused_register_tile:
      return "fused_register_tile";
    case LinearTanhVersion::fused_tensor_cores_tf32:
      return "fused_tensor_cores_tf32";
    case LinearTanhVersion::fused_tensor_cores_bf16:
      return "fused_tensor_cores_bf16";
    case LinearTanhVersion::fused_warpgroup_tensor_cores_tf32:
      return "fused_warpgroup_tensor_cores_tf32";
    case LinearTanhVersion::fused_warpgroup_tensor_cores_bf16:
      return "fused_warpgroup_tensor_cores_bf16";
    case LinearTanhVersion::small_rows:
      return "small_rows";
  }
  return "";
}

}  // namespace

void linear_tanh_tensor_cores_tf32(Stream& stream, const ConstView& x, const ConstView& weight,
                                   const ConstView& bias, const View& y) {
  fused_tensor_cores<Tf32Factors>(stream, "linear_tanh.fused_tensor_cores_tf32", x, weight, bias,
                                  y);
}
void linear_tanh_tensor_cores_bf16(Stream& stream, const ConstView& x, const ConstView& weight,
                                   const ConstView& bias, const View& y) {
  fused_tensor_cores<Bf16Factors>(stream, "linear_tanh.fused_tensor_cores_bf16", x, weight, bias,
                                  y);
}

LinearTanhSizes linear_tanh_sizes(const ConstView& x, const ConstView& weight,
                                  const ConstView& bias) {
  check_rank("linear_tanh", {"x", x}, 2);
  check_rank("linear_tanh", {"weight", weight}, 2);
  LinearTanhSizes sizes{x.size(0), x.size(1), weight.size(0), 1};
  check_dense("linear_tanh", {"x", x}, {sizes.rows, sizes.in}, x.dtype);
  check_dense("linear_tanh", {"weight", weight}, {sizes.out, sizes.in}, x.dtype);
  if (bias.given) {
    check_rank("linear_tanh", {"bias", bias}, 2);
    sizes.groups = bias.size(0);
    check(sizes.groups > 0, "linear_tanh: bias is ", bias.shape, "; expected at least one group");
    check_dense("linear_tanh", {"bias", bias}, {sizes.groups, sizes.out}, x.dtype);
  }
  constexpr std::int64_t most = std::numeric_limits<int>::max() / 2;
  check(sizes.rows <= most && sizes.in <= most && sizes.groups <= most, "linear_tanh: x is ",
        x.shape, "; expected sizes of at most ", most);
  return sizes;
}

LinearTanhKernels linear_tanh_kernels() {
  return {.forward = forward_default, .backward = linear_tanh_backward_one_pass};
}

const std::vector<KernelVersion<LinearTanhKernels>>& linear_tanh_versions() {
  using Version = LinearTanhVersion;
  static const std::vector<KernelVersion<LinearTanhKernels>> versions{
      {name_of(Version::product_then_tanh),
       "f32",
       {product_then_tanh, linear_tanh_backward_separate}},
      {name_of(Version::fused_register_tile),
       "f32",
       {fused_register_tile, linear_tanh_backward_one_pass}},
      {name_of(Version::fused_tensor_cores_tf32), "tf32", {linear_tanh_tensor_cores_tf32, nullptr}},
      {name_of(Version::fused_tensor_cores_bf16), "bf16", {linear_tanh_tensor_cores_bf16, nullptr}},
      {name_of(Version::fused_warpgroup_tensor_cores_tf32),
       "tf32",
       {linear_tanh_warpgroup_tf32, nullptr}},
      {name_of(Version::fused_warpgroup_tensor_cores_bf16),
       "bf16",
       {linear_tanh_warpgroup_bf16, nullptr}},
      {name_of(Version::small_rows), "f32", {small_rows, nullptr}},
  };
  return versions;
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
