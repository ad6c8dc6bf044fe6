#pragma once

// The words of warpgroup.h, which includes this, for nvcc: PTX of sm_90a.

#include <cstdint>
#include <type_traits>

namespace heddle::kernels::cuda {

/// A thread's sums, of 64 rows and `cols` columns; zero at first.
template <int cols>
struct WarpgroupSums {
  float element[cols / 2] = {};

  __device__ __forceinline__ float operator()(int i) const { return element[i]; }
  /// Keeps the compiler from moving what sets or reads them across this place: it does not know
  /// that the tensor cores change them after wgmma.
  __device__ __forceinline__ void pin() {
    HEDDLE_UNROLL
    for (int i = 0; i < cols / 2; ++i) {
      asm volatile("" : "+f"(element[i])::"memory");
    }
  }
};

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define HEDDLE_SUMS_8(i)                                                                      \
  "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3]), "+f"(d[i + 4]), "+f"(d[i + 5]), \
      "+f"(d[i + 6]), "+f"(d[i + 7])
#define HEDDLE_SUMS_64(i)                                                               \
  HEDDLE_SUMS_8(i), HEDDLE_SUMS_8(i + 8), HEDDLE_SUMS_8(i + 16), HEDDLE_SUMS_8(i + 24), \
      HEDDLE_SUMS_8(i + 32), HEDDLE_SUMS_8(i + 40), HEDDLE_SUMS_8(i + 48), HEDDLE_SUMS_8(i + 56)
#define HEDDLE_SUMS_128 HEDDLE_SUMS_64(0), HEDDLE_SUMS_64(64)
// clang-format off
#define HEDDLE_SUM_NAMES_64 \
  "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, " \
  "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, " \
  "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, " \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
#define HEDDLE_SUM_NAMES_128 \
  "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, " \
  "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, " \
  "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, " \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, " \
  "%64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, " \
  "%80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95, " \
  "%96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, " \
  "%112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, %127"
// clang-format on
// d = a · b + d (`adds`), factors with their own signs (1, 1), and for bf16 whether each lies along
// the side.
#define HEDDLE_WGMMA_BF16(cols, names, sums, a, b, a_side, b_side)                        \
  asm volatile(                                                                           \
      "{\n\t.reg .pred adds;\n\tsetp.ne.b32 adds, 1, 0;\n\t"                              \
      "wgmma.mma_async.sync.aligned.m64n" cols "k16.f32.bf16.bf16 {" names "}, " a ", " b \
      ", adds, 1, 1, " a_side ", " b_side ";\n\t}"                                        \
      : sums                                                                              \
      : "l"(left), "l"(right), "n"(left_along_depth ? 0 : 1), "n"(right_along_depth ? 0 : 1))
#define HEDDLE_WGMMA_TF32(cols, names, sums, a, b)                                       \
  asm volatile(                                                                          \
      "{\n\t.reg .pred adds;\n\tsetp.ne.b32 adds, 1, 0;\n\t"                             \
      "wgmma.mma_async.sync.aligned.m64n" cols "k8.f32.tf32.tf32 {" names "}, " a ", " b \
      ", adds, 1, 1;\n\t}"                                                               \
      : sums                                                                             \
      : "l"(left), "l"(right))
#endif

template <typename Kind, bool left_along_depth, bool right_along_depth, int cols>
__device__ __forceinline__ void wgmma([[maybe_unused]] WarpgroupSums<cols>& sums,
                                      [[maybe_unused]] std::uint64_t left,
                                      [[maybe_unused]] std::uint64_t right) {
  static_assert(cols == 128 || cols == 256);
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  auto& d = sums.element;
  if constexpr (std::is_same_v<Kind, WarpgroupBf16>) {
    if constexpr (cols == 128) {
      HEDDLE_WGMMA_BF16("128", HEDDLE_SUM_NAMES_64, HEDDLE_SUMS_64(0), "%64", "%65", "%66", "%67");
    } else {
      HEDDLE_WGMMA_BF16("256", HEDDLE_SUM_NAMES_128, HEDDLE_SUMS_128, "%128", "%129", "%130",
                        "%131");
    }
  } else {
    if constexpr (cols == 128) {
      HEDDLE_WGMMA_TF32("128", HEDDLE_SUM_NAMES_64, HEDDLE_SUMS_64(0), "%64", "%65");
    } else {
      HEDDLE_WGMMA_TF32("256", HEDDLE_SUM_NAMES_128, HEDDLE_SUMS_128, "%128", "%129");
    }
  }
#else
  __trap();  // the host does not launch it here
#endif
}

#undef HEDDLE_SUMS_8
#undef HEDDLE_SUMS_64
#undef HEDDLE_SUMS_128
#undef HEDDLE_SUM_NAMES_64
#undef HEDDLE_SUM_NAMES_128
#undef HEDDLE_WGMMA_BF16
#undef HEDDLE_WGMMA_TF32

template <int cols>
__device__ __forceinline__ void fence_products(WarpgroupSums<cols>& sums) {
  sums.pin();
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#endif
}
__device__ __forceinline__ void commit_products() {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
#endif
}
template <int pending = 0>
__device__ __forceinline__ void wait_products() {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(pending) : "memory");
#endif
}
template <int cols>
__device__ __forceinline__ void wait_products(WarpgroupSums<cols>& sums) {
  wait_products<0>();
  sums.pin();
}

}  // namespace heddle::kernels::cuda
