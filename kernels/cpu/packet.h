#pragma once

#include <immintrin.h>

#include <cstdint>

namespace heddle::cpu {

/// One vector register of AVX2 and the few operations that matrix products need of it.
template <typename T>
struct Packet;

template <>
struct Packet<float> {
  using type = __m256;
  static constexpr std::int64_t width = 8;
  static type zero() { return _mm256_setzero_ps(); }
  static type repeat(const float* from) { return _mm256_broadcast_ss(from); }
  static type load(const float* from) { return _mm256_loadu_ps(from); }
  static void store(float* to, type value) { _mm256_storeu_ps(to, value); }
  static type add(type a, type b) { return _mm256_add_ps(a, b); }
  static type multiply_add(type a, type b, type c) { return _mm256_fmadd_ps(a, b, c); }
};

template <>
struct Packet<double> {
  using type = __m256d;
  static constexpr std::int64_t width = 4;
  static type zero() { return _mm256_setzero_pd(); }
  static type repeat(const double* from) { return _mm256_broadcast_sd(from); }
  static type load(const double* from) { return _mm256_loadu_pd(from); }
  static void store(double* to, type value) { _mm256_storeu_pd(to, value); }
  static type add(type a, type b) { return _mm256_add_pd(a, b); }
  static type multiply_add(type a, type b, type c) { return _mm256_fmadd_pd(a, b, c); }
};

/// to[i] = from[i] for `packets` packets.
template <int packets, typename T>
void copy_packets(const T* from, T* to) {
  using P = Packet<T>;
#pragma GCC unroll 8
  for (int i = 0; i < packets; ++i) {
    P::store(to + i * P::width, P::load(from + i * P::width));
  }
}

/// to[i] = from[i] for i < count: for runs so short that calling std::copy_n costs more than they
/// do.
template <typename T>
void copy_short(const T* from, std::int64_t count, T* to) {
  using P = Packet<T>;
  std::int64_t i = 0;
  for (; i + P::width <= count; i += P::width) {
    P::store(to + i, P::load(from + i));
  }
  for (; i < count; ++i) {
    to[i] = from[i];
  }
}

/// to[i] += from[i] for i < count.
template <typename T>
void add_short(const T* from, std::int64_t count, T* to) {
  using P = Packet<T>;
  std::int64_t i = 0;
  for (; i + P::width <= count; i += P::width) {
    P::store(to + i, P::add(P::load(to + i), P::load(from + i)));
  }
  for (; i < count; ++i) {
    to[i] += from[i];
  }
}

/// columns[c][row] = rows[row][c]: a square block as wide as a packet, rows `stride` apart.
inline void transpose_block(const float* rows, std::int64_t stride, float* columns,
                            std::int64_t column_stride) {
  __m256 r[8];
  __m256 s[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) {
    r[i] = _mm256_loadu_ps(rows + i * stride);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    s[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    s[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4) {
    r[i] = _mm256_shuffle_ps(s[i], s[i + 2], 0x44);
    r[i + 1] = _mm256_shuffle_ps(s[i], s[i + 2], 0xEE);
    r[i + 2] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0x44);
    r[i + 3] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0xEE);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    _mm256_storeu_ps(columns + i * column_stride, _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
    _mm256_storeu_ps(columns + (i + 4) * column_stride,
                     _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
  }
}

inline void transpose_block(const double* rows, std::int64_t stride, double* columns,
                            std::int64_t column_stride) {
  __m256d r[4];
  __m256d s[4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    r[i] = _mm256_loadu_pd(rows + i * stride);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 4; i += 2) {
    s[i] = _mm256_unpacklo_pd(r[i], r[i + 1]);
    s[i + 1] = _mm256_unpackhi_pd(r[i], r[i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 2; ++i) {
    _mm256_storeu_pd(columns + i * column_stride, _mm256_permute2f128_pd(s[i], s[i + 2], 0x20));
    _mm256_storeu_pd(columns + (i + 2) * column_stride,
                     _mm256_permute2f128_pd(s[i], s[i + 2], 0x31));
  }
}

}  // namespace heddle::cpu
