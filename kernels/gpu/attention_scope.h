#pragma once

// What every version of attention knows: sizes, which keys a query sees, and the views of one call.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/attention.h"
#include "kernels/gpu/device/device.h"

namespace heddle::kernels::HEDDLE_BACKEND {

/// One of q, k, v, … [batch, heads, rows, columns], the columns of a row side by side.
template <typename T>
struct Heads {
  Tensor4<T> all;
  bool vectors = false;  // all rows begin and end at multiples of 16 bytes

  __device__ __forceinline__ Matrix<T> of(int batch, int head) const {
    return all.matrix(batch, head);
  }
};

struct AttentionScope {
  int batch, heads, queries, keys, width, value_width;
  double scale;
  bool causal;
  bool masked;
  Lengths key_lengths;
  Tensor4<const bool> mask;

  __host__ __device__ std::int64_t planes() const { return std::int64_t{batch} * heads; }

  /// Keys from here on are not seen by `query`; grows with it.
  __device__ __forceinline__ int visible(int b, int query) const {
    const int limit = static_cast<int>(key_lengths[b]);
    if (!causal) {
      return limit;
    }
    const std::int64_t last = std::int64_t{query} + keys - queries + 1;
    return last < 0 ? 0 : last < limit ? static_cast<int>(last) : limit;
  }
  __device__ __forceinline__ bool sees(int b, int head, int query, int key) const {
    return query < queries && key < visible(b, query) && (!masked || mask(b, head, query, key));
  }
  /// Whether all queries first … end − 1 see all keys before `key_end`, as in most tiles of a long
  /// sequence: then no element needs to ask.
  __device__ __forceinline__ bool all_see(int b, int first, int end, int key_end) const {
    return !masked && end <= queries && key_end <= visible(b, first);
  }
  /// No query before this one sees `key`.
  __device__ __forceinline__ int first_seeing(int key) const {
    const std::int64_t query = std::int64_t{key} - (std::int64_t{keys} - queries);
    return !causal || query < 0 ? 0 : query < queries ? static_cast<int>(query) : queries;
  }
};

/// The part of one head that a block works on; blocks of one head are neighbours and share its K
/// and V in the cache. Long rows of a causal mask begin first.
struct HeadPart {
  int batch, head, part;

  __device__ __forceinline__ HeadPart(const AttentionScope& scope, int parts, bool last_first) {
    const auto place = static_cast<std::int64_t>(blockIdx.x);
    const auto plane = static_cast<int>(place / parts);
    part = static_cast<int>(place % parts);
    part = last_first ? parts - 1 - part : part;
    batch = plane / scope.heads;
    head = plane % scope.heads;
  }
};

template <typename T>
struct AttentionForward {
  AttentionScope scope;
  Heads<const T> q, k, v;
  Heads<T> out;
  Batch<accumulate_t<T>> logsumexp;
};

template <typename T>
struct AttentionBackward {
  AttentionScope scope;
  Heads<const T> q, k, v, out, dout;
  Batch<const accumulate_t<T>> logsumexp;
  Heads<T> dq, dk, dv;
  Matrix<accumulate_t<T>> delta;  // [batch · heads, queries]: Σ_j dout·out, see `row_dots`
};

/// log Σ exp of a row for use in exp(score − it): +∞, which gives weights of 0, where the query
/// does not exist or sees no key.
template <typename T>
__device__ __forceinline__ accumulate_t<T> safe_logsumexp(const AttentionBackward<T>& call, int b,
                                                          int head, int query) {
  using A = accumulate_t<T>;
  if (query >= call.scope.queries) {
    return infinity_of<A>();
  }
  const A total = call.logsumexp(b, head, query);
  return total == -infinity_of<A>() ? -total : total;
}
template <typename T>
__device__ __forceinline__ accumulate_t<T> safe_delta(const AttentionBackward<T>& call, int b,
                                                      int head, int query) {
  return query < call.scope.queries
             ? static_cast<accumulate_t<T>>(call.delta(b * call.scope.heads + head, query))
             : accumulate_t<T>{0};
}

// The launchers of each version. The first two support everything the contract says; the others
// return false, and do nothing, where they do not support the call.

template <typename T>
void three_kernels_forward(Stream& stream, const AttentionForward<T>& call);
template <typename T>
void tiled_forward(Stream& stream, const AttentionForward<T>& call);
template <typename T>
bool whole_row_forward(Stream& stream, const AttentionForward<T>& call);
template <typename T>
bool tensor_cores_forward(Stream& stream, const AttentionForward<T>& call);

/// delta = Σ_j dout·out of each query, which all versions of backward begin with.
template <typename T>
void row_dots(Stream& stream, const AttentionBackward<T>& call);
template <typename T>
void three_kernels_backward(Stream& stream, const AttentionBackward<T>& call);
template <typename T>
void tiled_backward(Stream& stream, const AttentionBackward<T>& call);
template <typename T>
bool whole_row_backward(Stream& stream, const AttentionBackward<T>& call);
template <typename T>
bool tensor_cores_backward(Stream& stream, const AttentionBackward<T>& call);

}  // namespace heddle::kernels::HEDDLE_BACKEND
