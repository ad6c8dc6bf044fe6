#pragma once

// Reductions over the middle of x [outer, n, inner], any strides, for any reduction of
// reduce_tree.h: reads every element once, writes outer · inner results. All versions follow one
// tree, so all give the same bits.
//
//   shared_tree   a block for each result: leaves into shared memory, then halves and barriers
//   warp_shuffle  a warp for each result: lanes hand their nodes over in registers, no barrier
//   vectorised    a leaf by one 16-byte load and eight of them on their way at once; where results,
//                 not terms, lie side by side a thread for each result instead; long reductions cut
//                 into segments for many warps, whose nodes a second kernel joins
//
// The cut may follow the shape at will: it lies between nodes of the tree and changes no bit.

#include <algorithm>
#include <cstdint>

#include "kernels/gpu/reduce_tree.h"

namespace heddle::kernels::HEDDLE_BACKEND {

enum class ReduceVersion : std::uint8_t { shared_tree, warp_shuffle, vectorised };

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

template <typename State>
struct ReduceTreeShared {
  SharedArray<State, static_cast<int>(reduce_threads)> node;
};

// Grid: a block of 128 threads for each segment. Shared: a node per thread. A thread gathers its
// leaf with four loads that lie 16 bytes from its neighbour's; then seven times half of the threads
// that were busy join two nodes and everyone waits: of 128 threads 18 are busy on average, and a
// short row leaves most of the block idle from the start.
template <typename R>
__global__ void shared_tree_kernel(Batch<const typename R::Input> x, ReduceWork work, R r,
                                   Matrix<typename R::State> parts) {
  using State = typename R::State;
  auto& shared = shared_memory<ReduceTreeShared<State>>();
  const int thread = static_cast<int>(threadIdx.x);
  constexpr int threads = static_cast<int>(reduce_threads);
  constexpr std::int64_t chunk = reduce_threads * leaf_terms;
  for (std::int64_t item = blockIdx.x; item < work.items(); item += gridDim.x) {
    const std::int64_t result = item / work.segments;
    const std::int64_t begin = item % work.segments * work.segment;
    const std::int64_t end = begin + work.segment < x.rows ? begin + work.segment : x.rows;
    const Row<const typename R::Input> terms = terms_of(x, work, result);
    OpenNodes<R, 7> open;
    for (std::int64_t at = begin; at < end; at += chunk) {
      shared.node(thread) = leaf_at(r, terms, at + thread * leaf_terms, end);
      sync_threads();
      for (int step = 1; step < threads; step *= 2) {
        if (thread % (2 * step) == 0) {
          const State left = shared.node(thread);
          const State right = shared.node(thread + step);
          shared.node(thread) = r.join(left, right);
        }
        sync_threads();
      }
      if (thread == 0) {
        open.push(r, shared.node(0));
      }
      sync_threads();
    }
    if (thread == 0) {
      deliver(r, work, result, item % work.segments, parts, open.total(r));
    }
  }
}

// Grid: a warp for each segment, four in a block; no shared memory. 128 terms are a leaf for each
// lane and five shuffles; eight such groups are loaded before the first is joined, so that a lane
// has 128 bytes of f32 on their way. Against shared_tree: no barrier, no shared memory, no idle
// warps from 128 terms on. `is_vector` makes the four loads of a leaf one, which is what vectorised
// adds. Shuffles: 5 for 512 bytes; one a clock would be 23 TB/s on an H200, five times what memory
// gives.
template <typename R, bool is_vector>
__global__ void rows_kernel(Batch<const typename R::Input> x, ReduceWork work, R r,
                            Matrix<typename R::State> parts) {
  using State = typename R::State;
  constexpr int groups = 8;
  constexpr std::int64_t group_terms = 32 * leaf_terms;
  constexpr std::int64_t warps = reduce_threads / 32;
  const int lane = static_cast<int>(threadIdx.x % 32);
  const std::int64_t first = std::int64_t{blockIdx.x} * warps + threadIdx.x / 32;
  for (std::int64_t item = first; item < work.items(); item += gridDim.x * warps) {
    const std::int64_t result = item / work.segments;
    const std::int64_t begin = item % work.segments * work.segment;
    const std::int64_t end = begin + work.segment < x.rows ? begin + work.segment : x.rows;
    const Row<const typename R::Input> terms = terms_of(x, work, result);
    OpenNodes<R, 6> open;
    for (std::int64_t at = begin; at < end; at += groups * group_terms) {
      const std::int64_t own = at + lane * leaf_terms;
      State node[groups];
      if (at + groups * group_terms <= end) {
        HEDDLE_UNROLL
        for (int g = 0; g < groups; ++g) {
          node[g] = whole_leaf_at<is_vector>(r, terms, own + g * group_terms);
        }
        HEDDLE_UNROLL
        for (int g = 0; g < groups; ++g) {
          node[g] = warp_node(r, node[g]);
        }
      } else {
        for (int g = 0; g < groups; ++g) {
          node[g] = r.identity();
          if (at + g * group_terms < end) {  // for all lanes alike
            const std::int64_t leaf = own + g * group_terms;
            node[g] = warp_node(r, is_vector && leaf + leaf_terms <= end
                                       ? whole_leaf_at<is_vector>(r, terms, leaf)
                                       : leaf_at(r, terms, leaf, end));
          }
        }
      }
      HEDDLE_UNROLL
      for (int step = 1; step < groups; step *= 2) {
        HEDDLE_UNROLL
        for (int g = 0; g < groups; g += 2 * step) {
          node[g] = r.join(node[g], node[g + step]);
        }
      }
      open.push(r, node[0]);
    }
    if (lane == 0) {
      deliver(r, work, result, item % work.segments, parts, open.total(r));
    }
  }
}

// Grid: a thread for each segment, 128 in a block, neighbouring results in neighbouring threads; no
// shared memory. Where results lie side by side each load of a warp is 128 neighbouring bytes of
// f32, and no lane needs another's node. A thread has 16 terms on their way and joins them in
// registers; above that, nodes wait in local memory, 8 bytes for 64 read. Also for short rows of
// any strides, where a warp would hold more lanes than leaves.
template <typename R>
__global__ void columns_kernel(Batch<const typename R::Input> x, ReduceWork work, R r,
                               Matrix<typename R::State> parts) {
  using State = typename R::State;
  constexpr int leaves = 4;
  const std::int64_t results = work.results();
  const std::int64_t first = std::int64_t{blockIdx.x} * reduce_threads + threadIdx.x;
  for (std::int64_t item = first; item < work.items();
       item += std::int64_t{gridDim.x} * reduce_threads) {
    const std::int64_t result = item % results;
    const std::int64_t begin = item / results * work.segment;
    const std::int64_t end = begin + work.segment < x.rows ? begin + work.segment : x.rows;
    const Row<const typename R::Input> terms = terms_of(x, work, result);
    OpenNodes<R, 12> open;
    for (std::int64_t at = begin; at < end; at += leaves * leaf_terms) {
      State node[leaves];
      if (at + leaves * leaf_terms <= end) {
        HEDDLE_UNROLL
        for (int i = 0; i < leaves; ++i) {
          node[i] = whole_leaf_at<false>(r, terms, at + i * leaf_terms);
        }
      } else {
        HEDDLE_UNROLL
        for (int i = 0; i < leaves; ++i) {
          node[i] = leaf_at(r, terms, at + i * leaf_terms, end);
        }
      }
      open.push(r, r.join(r.join(node[0], node[1]), r.join(node[2], node[3])));
    }
    deliver(r, work, result, item / results, parts, open.total(r));
  }
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

inline unsigned reduce_blocks(std::int64_t items, std::int64_t per_block) {
  return blocks_for(std::min(items, reduce_most_blocks * per_block), per_block);
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

/// How vectorised goes about a shape, and how long the segments are: as short as it takes for
/// enough warps (threads, by columns) to keep memory busy. Both follow the shape and strides alone.
template <typename T>
struct ReducePlan {
  bool by_columns = false;
  bool is_vector = false;
  ReduceWork work{};

  ReducePlan(ReduceVersion version, const Batch<const T>& x) {
    work = {x.batch, x.cols, longest_segment, 1, false};
    constexpr std::int64_t enough_warps = 4096;
    constexpr std::int64_t enough_threads = 65536;
    constexpr std::int64_t shortest_of_warp = 1024;
    constexpr std::int64_t shortest_of_thread = 64;
    constexpr std::int64_t short_row = 32;
    if (version == ReduceVersion::vectorised) {
      constexpr std::int64_t never = std::int64_t{1} << 60;
      const std::int64_t outer_step = x.batch > 1 ? x.batch_stride : never;
      const std::int64_t inner_step = x.cols > 1 ? x.col_stride : never;
      work.outer_is_fastest = outer_step < inner_step;
      const std::int64_t result_step = std::min(outer_step, inner_step);
      by_columns = x.rows <= short_row || (result_step < x.row_stride && work.results() >= 32);
      is_vector = x.row_stride == 1 && is_aligned(x);
      while (work.results() * segments_of(x.rows) < (by_columns ? enough_threads : enough_warps) &&
             work.segment > (by_columns ? shortest_of_thread : shortest_of_warp)) {
        work.segment /= 2;
      }
    }
    work.segments = segments_of(x.rows);
  }

 private:
  std::int64_t segments_of(std::int64_t n) const {
    return std::max<std::int64_t>(1, (n + work.segment - 1) / work.segment);
  }
  static bool is_aligned(const Batch<const T>& x) {
    const std::size_t bytes = std::min<std::size_t>(16, leaf_terms * sizeof(T));
    const auto elements = static_cast<std::int64_t>(bytes / sizeof(T));
    return reinterpret_cast<std::uintptr_t>(x.data) % bytes == 0 &&
           (x.batch <= 1 || x.batch_stride % elements == 0) &&
           (x.cols <= 1 || x.col_stride % elements == 0);
  }
};

/// `kernel`: "reduce.sum", for traces.
template <typename R>
void run_reduction(ReduceVersion version, Stream& stream, const char* kernel, const ConstView& view,
                   const R& r) {
  using T = typename R::Input;
  using State = typename R::State;
  const Batch<const T> x = batch_of<T>(view);
  const ReducePlan<T> plan(version, x);
  const ReduceWork& work = plan.work;
  if (work.results() == 0) {
    return;
  }
  const Scratch<State> room(stream, work.segments == 1 ? 0 : work.items());
  Matrix<State> parts = room.matrix(work.results(), work.segments);
  if (plan.by_columns) {
    parts.row_stride = 1;  // neighbouring threads write neighbours
    parts.col_stride = work.results();
  }
  const auto start = [&](auto* code, std::int64_t per_block, std::size_t shared_bytes) {
    launch(code,
           Launch{kernel, stream, reduce_blocks(work.items(), per_block), reduce_threads,
                  shared_bytes},
           x, work, r, parts);
  };
  if (version == ReduceVersion::shared_tree) {
    start(shared_tree_kernel<R>, 1, sizeof(ReduceTreeShared<State>));
  } else if (plan.by_columns) {
    start(columns_kernel<R>, reduce_threads, 0);
  } else if (plan.is_vector) {
    start(rows_kernel<R, true>, reduce_threads / 32, 0);
  } else {
    start(rows_kernel<R, false>, reduce_threads / 32, 0);
  }
  if (work.segments > 1) {
    fold(stream, kernel, parts, work, r);
  }
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
