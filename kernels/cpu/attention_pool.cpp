#include <algorithm>
#include <limits>

#include "core/parallel.h"
#include "kernels/cpu/cpu_kernels.h"
#include "kernels/cpu/dot.h"
#include "kernels/cpu/row_lengths.h"
#include "kernels/cpu/scratch.h"
#include "kernels/cpu/vector_loop.h"
#include "kernels/cpu/vector_math.h"
#include "kernels/view_checks.h"

// A tile is a few rows of the batch with all their time: what the scores read is still in the cache
// when the weighted sum reads it again.

namespace heddle::cpu {
namespace {

constexpr std::int64_t rows_per_tile = 4;

template <typename T>
struct Pool {
  std::int64_t time, batch, hidden;
  const T* u;
  const T* w;
  RowLengths lengths;

  const T* at(std::int64_t t, std::int64_t row) const { return u + (t * batch + row) * hidden; }
};

template <typename T>
Pool<T> pool_of(const ConstView& u, const ConstView& w, const ConstView& lengths) {
  check_rank("attention_pool", {"u", u}, 3);
  check_dense("attention_pool", {"u", u}, u.shape, dtype_of<T>());
  check_dense("attention_pool", {"w", w}, {u.size(2)}, dtype_of<T>());
  return {u.size(0),      u.size(1),
          u.size(2),      u.pointer<T>(),
          w.pointer<T>(), RowLengths("attention_pool", lengths, u.size(1), u.size(0))};
}

template <typename T>
void forward_row(const Pool<T>& pool, std::int64_t row, T* a, T* pooled) {
  const std::int64_t length = pool.lengths[row];
  T largest = -std::numeric_limits<T>::infinity();
  for (std::int64_t t = 0; t < length; ++t) {
    const T score = dot(pool.at(t, row), pool.w, pool.hidden);
    a[t * pool.batch + row] = score;
    largest = score > largest || score != score ? score : largest;
  }
  T sum = 0;
  for (std::int64_t t = 0; t < length; ++t) {
    T& weight = a[t * pool.batch + row];
    weight = vector_exp(weight - largest);
    sum += weight;
  }
  T* const result = pooled + row * pool.hidden;
  std::fill_n(result, pool.hidden, T(0));
  for (std::int64_t t = 0; t < length; ++t) {
    T& weight = a[t * pool.batch + row];
    weight /= sum;
    const T factor = weight;
    const T* const u = pool.at(t, row);
    HEDDLE_INDEPENDENT
    for (std::int64_t j = 0; j < pool.hidden; ++j) {
      result[j] += factor * u[j];
    }
  }
  for (std::int64_t t = length; t < pool.time; ++t) {
    a[t * pool.batch + row] = T(0);
  }
}

template <typename T>
void forward_typed(const ConstView& u, const ConstView& w, const ConstView& lengths, const View& a,
                   const View& pooled) {
  const Pool<T> pool = pool_of<T>(u, w, lengths);
  check_dense("attention_pool", {"a", a}, {pool.time, pool.batch}, dtype_of<T>());
  check_dense("attention_pool", {"pooled", pooled}, {pool.batch, pool.hidden}, dtype_of<T>());
  parallel_ranges(pool.batch, rows_per_tile, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      forward_row(pool, row, a.pointer<T>(), pooled.pointer<T>());
    }
  });
}

/// g and de stand in turn in `de` [time]; dw [hidden] is added to.
template <typename T>
void backward_row(const Pool<T>& pool, std::int64_t row, const T* a, const T* dpooled, const T* da,
                  T* de, T* du, T* dw) {
  const std::int64_t length = pool.lengths[row];
  const T* const dp = dpooled + row * pool.hidden;
  T mean = 0;
  for (std::int64_t t = 0; t < length; ++t) {
    de[t] = dot(pool.at(t, row), dp, pool.hidden);
    if (da != nullptr) {
      de[t] += da[t * pool.batch + row];
    }
    mean += a[t * pool.batch + row] * de[t];
  }
  for (std::int64_t t = 0; t < length; ++t) {
    const T weight = a[t * pool.batch + row];
    const T slope = weight * (de[t] - mean);
    const T* const u = pool.at(t, row);
    T* const out = du + (t * pool.batch + row) * pool.hidden;
    HEDDLE_INDEPENDENT
    for (std::int64_t j = 0; j < pool.hidden; ++j) {
      out[j] = weight * dp[j] + slope * pool.w[j];
      dw[j] += slope * u[j];
    }
  }
  for (std::int64_t t = length; t < pool.time; ++t) {
    std::fill_n(du + (t * pool.batch + row) * pool.hidden, pool.hidden, T(0));
  }
}

template <typename T>
void backward_typed(const ConstView& u, const ConstView& w, const ConstView& lengths,
                    const ConstView& a, const ConstView& dpooled, const ConstView& da,
                    const View& du, const View& dw) {
  const Pool<T> pool = pool_of<T>(u, w, lengths);
  check_dense("attention_pool", {"a", a}, {pool.time, pool.batch}, dtype_of<T>());
  check_dense("attention_pool", {"dpooled", dpooled}, {pool.batch, pool.hidden}, dtype_of<T>());
  if (da.given) {
    check_dense("attention_pool", {"da", da}, {pool.time, pool.batch}, dtype_of<T>());
  }
  check_dense("attention_pool", {"du", du}, u.shape, dtype_of<T>());
  check_dense("attention_pool", {"dw", dw}, w.shape, dtype_of<T>());
  const std::int64_t tiles = (pool.batch + rows_per_tile - 1) / rows_per_tile;
  const Scratch<T> dw_parts(tiles * pool.hidden);
  const Scratch<T> de(tiles * pool.time);
  parallel_for(tiles, [&](std::int64_t tile) {
    T* const part = dw_parts.data() + tile * pool.hidden;
    std::fill_n(part, pool.hidden, T(0));
    const std::int64_t end = std::min((tile + 1) * rows_per_tile, pool.batch);
    for (std::int64_t row = tile * rows_per_tile; row < end; ++row) {
      backward_row(pool, row, a.pointer<T>(), dpooled.pointer<T>(),
                   da.given ? da.pointer<T>() : nullptr, de.data() + tile * pool.time,
                   du.pointer<T>(), part);
    }
  });
  T* const sum = dw.pointer<T>();
  std::fill_n(sum, pool.hidden, T(0));
  for (std::int64_t tile = 0; tile < tiles; ++tile) {
    for (std::int64_t j = 0; j < pool.hidden; ++j) {
      sum[j] += dw_parts[tile * pool.hidden + j];
    }
  }
}

void forward(Stream&, const ConstView& u, const ConstView& w, const ConstView& lengths,
             const View& a, const View& pooled) {
  dispatch_floating(u.dtype, "attention_pool", [&](auto tag) {
    forward_typed<typename decltype(tag)::type>(u, w, lengths, a, pooled);
  });
}

void backward(Stream&, const ConstView& u, const ConstView& w, const ConstView& lengths,
              const ConstView& a, const ConstView& dpooled, const ConstView& da, const View& du,
              const View& dw) {
  dispatch_floating(u.dtype, "attention_pool", [&](auto tag) {
    backward_typed<typename decltype(tag)::type>(u, w, lengths, a, dpooled, da, du, dw);
  });
}

}  // namespace

AttentionPoolKernels attention_pool_kernels() { return {.forward = forward, .backward = backward}; }

}  // namespace heddle::cpu
