#pragma once

// What a reduction works on: results, cut into segments, each segment's leaves; and the kernel that
// joins the nodes of segments.

#include <algorithm>
#include <cstdint>

#include "kernels/gpu/reduce_tree.h"

namespace heddle::kernels::HEDDLE_BACKEND {

/// Results in the order in which they are handed out, each cut into segments of a power of two of
/// terms.
struct ReduceWork {
  std::int64_t outer, inner;
  std::int64_t segment;   // terms
  std::int64_t segments;  // of each result, at least 1
  bool outer_is_fastest;

  __host__ __device__ std::int64_t results() const { return outer * inner; }
  __host__ __device__ std::int64_t items() const { return results() * segments; }
  __device__ __forceinline__ std::int64_t outer_of(std::int64_t result) const {
    return outer_is_fastest ? result % outer : result / inner;
  }
  __device__ __forceinline__ std::int64_t inner_of(std::int64_t result) const {
    return outer_is_fastest ? result / outer : result % inner;
  }
};

constexpr std::int64_t longest_segment = 16384;
constexpr unsigned reduce_threads = 128;
constexpr std::int64_t reduce_most_blocks = 1 << 20;  // blocks go round above

template <typename T>
__device__ __forceinline__ Row<const T> terms_of(const Batch<const T>& x, const ReduceWork& work,
                                                 std::int64_t result) {
  const std::int64_t place =
      work.outer_of(result) * x.batch_stride + work.inner_of(result) * x.col_stride;
  return {x.data + place, x.rows, x.row_stride};
}

/// The leaf that begins at term `at`; terms from `end` on do not count.
template <typename R>
__device__ __forceinline__ typename R::State leaf_at(const R& r,
                                                     const Row<const typename R::Input>& terms,
                                                     std::int64_t at, std::int64_t end) {
  const int count = at >= end ? 0 : end - at < leaf_terms ? static_cast<int>(end - at) : leaf_terms;
  typename R::Input values[leaf_terms] = {};
  HEDDLE_UNROLL
  for (int i = 0; i < leaf_terms; ++i) {
    if (i < count) {
      values[i] = terms(at + i);
    }
  }
  return r.leaf(values, count, at);
}

/// A leaf whose terms are all there; `is_vector`: they are neighbours, aligned to their 16 bytes (8
/// of bf16).
template <bool is_vector, typename R>
__device__ __forceinline__ typename R::State whole_leaf_at(
    const R& r, const Row<const typename R::Input>& terms, std::int64_t at) {
  using T = typename R::Input;
  T values[leaf_terms];
  if constexpr (is_vector) {
    constexpr int N = sizeof(T) > 4 ? 2 : 4;
    HEDDLE_UNROLL
    for (int part = 0; part < leaf_terms; part += N) {
      const Vector<T, N> loaded = load_vector<N>(terms, at + part);
      HEDDLE_UNROLL
      for (int i = 0; i < N; ++i) {
        values[part + i] = loaded[i];
      }
    }
  } else {
    HEDDLE_UNROLL
    for (int i = 0; i < leaf_terms; ++i) {
      values[i] = terms(at + i);
    }
  }
  return r.leaf(values, leaf_terms, at);
}

/// A segment's node: the result, or a part of it for fold_kernel.
template <typename R>
__device__ __forceinline__ void deliver(const R& r, const ReduceWork& work, std::int64_t result,
                                        std::int64_t segment,
                                        const Matrix<typename R::State>& parts,
                                        typename R::State node) {
  if (work.segments == 1) {
    r.put(work.outer_of(result), work.inner_of(result), node);
  } else {
    parts(result, segment) = node;
  }
}

inline unsigned reduce_blocks(std::int64_t items, std::int64_t per_block) {
  return blocks_for(std::min(items, reduce_most_blocks * per_block), per_block);
}

constexpr unsigned fold_threads = 256;

template <typename State>
struct FoldShared {
  SharedArray<State, static_cast<int>(fold_threads / 32)> of_warp;
};

// Grid: a block of 256 threads for 256 parts of a result. Shared: a node per warp. Reads each part
// once; parts are at most 1/64 of the elements, mostly 1/1024.
template <typename R>
__global__ void fold_kernel(Matrix<typename R::State> parts, ReduceWork work, R r,
                            Matrix<typename R::State> folded) {
  using State = typename R::State;
  auto& shared = shared_memory<FoldShared<State>>();
  const int lane = static_cast<int>(threadIdx.x % 32);
  const int warp = static_cast<int>(threadIdx.x / 32);
  constexpr int warps = static_cast<int>(fold_threads / 32);
  for (std::int64_t item = blockIdx.x; item < work.items(); item += gridDim.x) {
    const std::int64_t result = item / work.segments;
    const std::int64_t part = item % work.segments * work.segment + threadIdx.x;
    State node = r.identity();
    if (part < parts.cols) {
      node = parts(result, part);
    }
    node = warp_node(r, node);
    if (lane == 0) {
      shared.of_warp(warp) = node;
    }
    sync_threads();
    if (warp == 0) {
      node = r.identity();
      if (lane < warps) {
        node = shared.of_warp(lane);
      }
      node = warp_node(r, node);
      if (lane == 0) {
        deliver(r, work, result, item % work.segments, folded, node);
      }
    }
    sync_threads();
  }
}

/// Joins the parts of each result, 256 to one, until one is left.
template <typename R>
void fold(Stream& stream, const char* kernel, Matrix<typename R::State> parts, ReduceWork work,
          const R& r) {
  using State = typename R::State;
  work.segment = fold_threads;
  work.segments = (parts.cols + fold_threads - 1) / fold_threads;
  const Scratch<State> room(stream, work.segments == 1 ? 0 : work.items());
  const Matrix<State> folded = room.matrix(work.results(), work.segments);
  launch(fold_kernel<R>,
         Launch{kernel, stream, reduce_blocks(work.items(), 1), fold_threads,
                sizeof(FoldShared<State>)},
         parts, work, r, folded);
  if (work.segments > 1) {
    fold(stream, kernel, folded, work, r);
  }
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
