#include "kernels/cpu/wide_panels.h"

#include <immintrin.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "core/error.h"

// Functions here are compiled for AVX-512 one by one, not the file: an inline function that others
// share must run on every processor.
#define HEDDLE_WIDE [[gnu::target("avx512f,avx512vl,avx512dq,avx512bw")]]

namespace heddle::cpu {
namespace {

bool has_avx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}

std::atomic<bool>& wanted() {
  static std::atomic<bool> is_wanted = [] {
    const char* const asked = std::getenv("HEDDLE_AVX512");
    return has_avx512() && (asked == nullptr || std::string_view(asked) != "0");
  }();
  return is_wanted;
}

/// One register of AVX-512, and as many of its elements as a mask says.
template <typename T>
struct Wide;

template <>
struct Wide<float> {
  using type = __m512;
  using Mask = __mmask16;
  HEDDLE_WIDE static type zero() { return _mm512_setzero_ps(); }
  HEDDLE_WIDE static type repeat(const float* from) { return _mm512_set1_ps(*from); }
  HEDDLE_WIDE static type load(const float* from) { return _mm512_loadu_ps(from); }
  HEDDLE_WIDE static type load(Mask mask, const float* from) {
    return _mm512_maskz_loadu_ps(mask, from);
  }
  HEDDLE_WIDE static void store(float* to, Mask mask, type value) {
    _mm512_mask_storeu_ps(to, mask, value);
  }
  HEDDLE_WIDE static type add(type a, type b) { return _mm512_add_ps(a, b); }
  HEDDLE_WIDE static type multiply_add(type a, type b, type c) { return _mm512_fmadd_ps(a, b, c); }
};

template <>
struct Wide<double> {
  using type = __m512d;
  using Mask = __mmask8;
  HEDDLE_WIDE static type zero() { return _mm512_setzero_pd(); }
  HEDDLE_WIDE static type repeat(const double* from) { return _mm512_set1_pd(*from); }
  HEDDLE_WIDE static type load(const double* from) { return _mm512_loadu_pd(from); }
  HEDDLE_WIDE static type load(Mask mask, const double* from) {
    return _mm512_maskz_loadu_pd(mask, from);
  }
  HEDDLE_WIDE static void store(double* to, Mask mask, type value) {
    _mm512_mask_storeu_pd(to, mask, value);
  }
  HEDDLE_WIDE static type add(type a, type b) { return _mm512_add_pd(a, b); }
  HEDDLE_WIDE static type multiply_add(type a, type b, type c) { return _mm512_fmadd_pd(a, b, c); }
};

/// Where a group of rows meets its panels.
template <typename T>
struct Panels {
  const T* first;
  std::int64_t stride;
  std::int64_t depth;
  typename Wide<T>::Mask last;  // columns of the last panel
};

/// `rows` × `panels` registers of sums.
template <typename T, int rows, int panels>
HEDDLE_WIDE void multiply_group(const RowBlock<T>& block, std::int64_t first_row,
                                const Panels<T>& right, bool accumulate) {
  using W = Wide<T>;
  const T* a[rows];
  typename W::type sums[rows][panels];
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i) {
    a[i] = block.a[first_row + i] + block.a_offset;
#pragma GCC unroll 8
    for (int j = 0; j < panels; ++j) {
      sums[i][j] = W::zero();
    }
  }
  T* const* const c = block.c + first_row;
  if (accumulate) {
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 8
      for (int j = 0; j < panels; ++j) {
        __builtin_prefetch(c[i] + block.c_offset + j * panel_cols<T>, 1);
      }
    }
  }
  const T* panel = right.first;
  const std::int64_t step = block.a_step;
  for (std::int64_t p = 0, at = 0; p < right.depth; ++p, at += step, panel += panel_cols<T>) {
    typename W::type b[panels];
#pragma GCC unroll 8
    for (int j = 0; j < panels; ++j) {
      b[j] = W::load(panel + j * right.stride);
    }
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i) {
      const typename W::type left = W::repeat(a[i] + at);
#pragma GCC unroll 8
      for (int j = 0; j < panels; ++j) {
        sums[i][j] = W::multiply_add(left, b[j], sums[i][j]);
      }
    }
  }
  constexpr auto all = static_cast<typename W::Mask>(~0u);
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < panels; ++j) {
      T* const to = c[i] + block.c_offset + j * panel_cols<T>;
      const auto mask = j + 1 < panels ? all : right.last;
      W::store(to, mask, accumulate ? W::add(W::load(mask, to), sums[i][j]) : sums[i][j]);
    }
  }
}

template <typename T, int panels, int... counts>
void multiply_groups(const RowBlock<T>& block, const Panels<T>& right, bool accumulate,
                     std::integer_sequence<int, counts...>) {
  using Group = void (*)(const RowBlock<T>&, std::int64_t, const Panels<T>&, bool);
  static constexpr Group groups_of[] = {multiply_group<T, counts + 1, panels>...};
  for (std::int64_t row = 0; row < block.rows; row += wide_rows) {
    const std::int64_t rows = std::min(wide_rows, block.rows - row);
    groups_of[rows - 1](block, row, right, accumulate);
  }
}

}  // namespace

bool wide_registers() { return wanted().load(std::memory_order_relaxed); }

void use_wide_registers(bool is_wanted) {
  check(!is_wanted || has_avx512(), "use_wide_registers: this processor has no AVX-512");
  wanted() = is_wanted;
}

template <typename T>
void multiply_wide_panels(const RowBlock<T>& block, const T* panel, std::int64_t panel_stride,
                          std::int64_t depth, std::int64_t cols, bool accumulate) {
  const std::int64_t panels = (cols + panel_cols<T> - 1) / panel_cols<T>;
  const std::int64_t last = cols - (panels - 1) * panel_cols<T>;
  const Panels<T> right{panel, panel_stride, depth,
                        static_cast<typename Wide<T>::Mask>((1u << last) - 1u)};
  constexpr auto counts = std::make_integer_sequence<int, static_cast<int>(wide_rows)>();
  if (panels == 1) {
    multiply_groups<T, 1>(block, right, accumulate, counts);
  } else if (panels == 2) {
    multiply_groups<T, 2>(block, right, accumulate, counts);
  } else {
    multiply_groups<T, 3>(block, right, accumulate, counts);
  }
}

template void multiply_wide_panels(const RowBlock<float>&, const float*, std::int64_t, std::int64_t,
                                   std::int64_t, bool);
template void multiply_wide_panels(const RowBlock<double>&, const double*, std::int64_t,
                                   std::int64_t, std::int64_t, bool);

}  // namespace heddle::cpu
