// Backward of attention in ordinary arithmetic: three_kernels, tiled, whole_row. attention.cu is
// the opening page. With P the weights, computed again from the saved logsumexp, and delta = Σ_j
// dout·out of each query (Dao et al., arXiv 2205.14135, section 3.1 and appendix B.2):
//   P  = exp(scale · q kᵀ − logsumexp)        dv = Pᵀ dout
//   dS = scale · P ⊙ (dout vᵀ − delta)        dq = dS k,  dk = dSᵀ q
// Nothing is added up by atomics: a block owns what it writes and adds in the order of the tiles.

#include "kernels/gpu/attention_tiles.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

// Shared memory. tiled: TiledShared (attention_tiles.h).

/// whole_row: K and V of one head, a tile of queries with its dout, weights P and slopes dS.
struct WholeRowLayout {
  int keys;  // up to a multiple of 8
  int width_pitch, value_pitch;
  std::size_t k, v, q, dout, weights, slopes, bytes;
};

constexpr int whole_row_keys = 128;
constexpr int whole_row_queries = 32;  // of a tile
constexpr int keys_of_thread = 8;

constexpr int up_to_8(int count) { return (count + 7) / 8 * 8; }

template <typename A>
WholeRowLayout whole_row_layout(const AttentionScope& scope) {
  WholeRowLayout layout{};
  layout.keys = up_to_8(scope.keys);
  layout.width_pitch = odd_pitch<A>(scope.width);
  layout.value_pitch = odd_pitch<A>(scope.value_width);
  const auto bytes = [](int rows, int pitch) {
    return static_cast<std::size_t>(rows) * static_cast<std::size_t>(pitch) * sizeof(A);
  };
  layout.v = bytes(layout.keys, layout.width_pitch);
  layout.q = layout.v + bytes(layout.keys, layout.value_pitch);
  layout.dout = layout.q + bytes(whole_row_queries, layout.width_pitch);
  layout.weights = layout.dout + bytes(whole_row_queries, layout.value_pitch);
  layout.slopes = layout.weights + bytes(whole_row_queries, layout.keys);
  layout.bytes = layout.slopes + bytes(whole_row_queries, layout.keys);
  return layout;
}

// Before all versions: delta, one warp per query.
// Grid: queries of all heads / 4. Block: 128. Shared: none.
// Bytes: reads 2 · value_width elements per query, writes 1.
template <typename T>
__global__ void dots_of_rows(AttentionBackward<T> call) {
  using A = accumulate_t<T>;
  const AttentionScope& scope = call.scope;
  const std::int64_t i = std::int64_t{blockIdx.x} * (blockDim.x / 32) + threadIdx.x / 32;
  const int lane = static_cast<int>(threadIdx.x % 32);
  if (i >= scope.planes() * scope.queries) {
    return;  // the whole warp
  }
  const auto plane = static_cast<int>(i / scope.queries);
  const auto query = static_cast<int>(i % scope.queries);
  const Matrix<const T> out = call.out.of(plane / scope.heads, plane % scope.heads);
  const Matrix<const T> dout = call.dout.of(plane / scope.heads, plane % scope.heads);
  A sum = 0;
  for (int col = lane; col < scope.value_width; col += 32) {
    sum = multiply_add(widen(dout(query, col)), widen(out(query, col)), sum);
  }
  sum = warp_sum(sum);
  if (lane == 0) {
    call.delta(plane, query) = sum;
  }
}

// three_kernels 1/3: P and dS to memory, one thread per element of them.
// Grid: scores / 256. Block: 256. Shared: none.
// Bytes: reads 2 · (width + value_width) elements per score, from the caches mostly; writes 2.
template <typename T>
__global__ void naive_slopes(AttentionBackward<T> call, Batch<accumulate_t<T>> weights,
                             Batch<accumulate_t<T>> slopes) {
  using A = accumulate_t<T>;
  const AttentionScope& scope = call.scope;
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= scope.planes() * scope.queries * scope.keys) {
    return;
  }
  const auto key = static_cast<int>(i % scope.keys);
  const auto query = static_cast<int>(i / scope.keys % scope.queries);
  const auto plane = static_cast<int>(i / scope.keys / scope.queries);
  const int b = plane / scope.heads;
  const int head = plane % scope.heads;
  A weight = 0;
  A slope = 0;
  if (scope.sees(b, head, query, key)) {
    const Matrix<const T> q = call.q.of(b, head);
    const Matrix<const T> k = call.k.of(b, head);
    const Matrix<const T> v = call.v.of(b, head);
    const Matrix<const T> dout = call.dout.of(b, head);
    A score = 0;
    for (int d = 0; d < scope.width; ++d) {
      score = multiply_add(widen(q(query, d)), widen(k(key, d)), score);
    }
    for (int d = 0; d < scope.value_width; ++d) {
      slope = multiply_add(widen(dout(query, d)), widen(v(key, d)), slope);
    }
    const auto scale = static_cast<A>(scope.scale);
    weight = exp_of(scale * score - safe_logsumexp(call, b, head, query));
    slope = scale * weight * (slope - safe_delta(call, b, head, query));
  }
  weights(plane, query, key) = weight;
  slopes(plane, query, key) = slope;
}

// three_kernels 2/3: dq = dS k, one thread per element.
// Grid: elements / 256. Block: 256. Shared: none.
// Bytes: reads 2 · keys elements per element of dq; writes 1.
template <typename T>
__global__ void naive_query_gradient(AttentionBackward<T> call, Batch<accumulate_t<T>> slopes) {
  using A = accumulate_t<T>;
  const AttentionScope& scope = call.scope;
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= scope.planes() * scope.queries * scope.width) {
    return;
  }
  const auto col = static_cast<int>(i % scope.width);
  const auto query = static_cast<int>(i / scope.width % scope.queries);
  const auto plane = static_cast<int>(i / scope.width / scope.queries);
  const int b = plane / scope.heads;
  const int head = plane % scope.heads;
  const Matrix<const T> k = call.k.of(b, head);
  const int limit = scope.visible(b, query);
  A sum = 0;
  for (int key = 0; key < limit; ++key) {
    sum = multiply_add(static_cast<A>(slopes(plane, query, key)), widen(k(key, col)), sum);
  }
  call.dq.of(b, head)(query, col) = narrow<T>(sum);
}

// three_kernels 3/3: to = weightsᵀ x, one thread per element: dv from P and dout, dk from dS and q.
// Grid: elements / 256. Block: 256. Shared: none.
// Bytes: reads 2 · queries elements per element of `to`; writes 1.
template <typename T>
__global__ void naive_key_gradient(AttentionScope scope, Batch<accumulate_t<T>> weights,
                                   Heads<const T> x, Heads<T> to, int width) {
  using A = accumulate_t<T>;
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= scope.planes() * scope.keys * width) {
    return;
  }
  const auto col = static_cast<int>(i % width);
  const auto key = static_cast<int>(i / width % scope.keys);
  const auto plane = static_cast<int>(i / width / scope.keys);
  const Matrix<const T> rows = x.of(plane / scope.heads, plane % scope.heads);
  A sum = 0;
  for (int query = 0; query < scope.queries; ++query) {
    sum = multiply_add(static_cast<A>(weights(plane, query, key)), widen(rows(query, col)), sum);
  }
  to.of(plane / scope.heads, plane % scope.heads)(key, col) = narrow<T>(sum);
}

/// sum = left rows · right rows over their whole width, `edge` columns at a time; begins with a
/// barrier where there is any.
template <typename T, typename A>
__device__ __forceinline__ void all_dots(const Matrix<const T>& left, bool left_vectors,
                                         int left_first, int left_end, const Matrix<const T>& right,
                                         bool right_vectors, int right_first, int right_end,
                                         TiledShared<A>& shared, ThreadTile<A>& sum) {
  constexpr int edge = Tile<A>::edge;
  clear<A>(sum);
  for (int part = 0; part < static_cast<int>(left.cols); part += edge) {
    sync_threads();
    load_operand<T, A>(left, left_vectors, left_first, left_end, part, shared.left);
    load_operand<T, A>(right, right_vectors, right_first, right_end, part, shared.right);
    sync_threads();
    add_dots<A>(shared.left, shared.right, sum);
  }
}

// tiled 1/2: dk and dv of a tile of keys; queries go by in tiles.
// Grid: x heads · ⌈keys / edge⌉, y parts of `edge` columns of dk and dv. Block: 128.
// Shared: 54 KiB in f32 (edge 64), 29 KiB in f64 (edge 32).
// Bytes: writes dk and dv once; reads q, dout, k, v once per tile pair, from the L2 cache.
// Gains: P and dS never reach memory. Loses: computes P and dS in both kernels (7 products, not 5)
// rather than add dq up by atomics, whose order would change from run to run.
template <typename T>
__global__ void __launch_bounds__(128) key_tiles(AttentionBackward<T> call) {
  using A = accumulate_t<T>;
  constexpr int edge = Tile<A>::edge;
  constexpr int rows = Tile<A>::rows;
  constexpr int cols = Tile<A>::cols;
  auto& shared = shared_memory<TiledShared<A>>();
  const AttentionScope& scope = call.scope;
  const HeadPart place(scope, (scope.keys + edge - 1) / edge, false);
  const int b = place.batch;
  const int head = place.head;
  const int first = place.part * edge;
  const int part_col = static_cast<int>(blockIdx.y) * edge;
  const auto limit = static_cast<int>(scope.key_lengths[b]);
  const auto scale = static_cast<A>(scope.scale);
  const Matrix<const T> q = call.q.of(b, head);
  const Matrix<const T> k = call.k.of(b, head);
  const Matrix<const T> v = call.v.of(b, head);
  const Matrix<const T> dout = call.dout.of(b, head);
  const int ty = lane_group();
  const int tx = lane_in_group();

  ThreadTile<A> weight;
  ThreadTile<A> slope;
  ThreadTile<A> sum_k;
  ThreadTile<A> sum_v;
  clear<A>(sum_k);
  clear<A>(sum_v);
  const int begin = first >= limit ? scope.queries : scope.first_seeing(first) / edge * edge;
  for (int query = begin; query < scope.queries; query += edge) {
    all_dots<T, A>(k, call.k.vectors, first, limit, q, call.q.vectors, query, scope.queries, shared,
                   weight);
    all_dots<T, A>(v, call.v.vectors, first, limit, dout, call.dout.vectors, query, scope.queries,
                   shared, slope);
    const bool all = scope.all_see(b, query, query + edge, first + edge);
    HEDDLE_UNROLL
    for (int j = 0; j < cols; ++j) {
      const int seeing = query + tx + 16 * j;
      const A logsumexp = safe_logsumexp(call, b, head, seeing);
      const A delta = safe_delta(call, b, head, seeing);
      HEDDLE_UNROLL
      for (int i = 0; i < rows; ++i) {
        weight[i][j] = all || scope.sees(b, head, seeing, first + ty + 8 * i)
                           ? exp_of(scale * weight[i][j] - logsumexp)
                           : A{0};
        slope[i][j] = scale * weight[i][j] * (slope[i][j] - delta);
      }
    }
    sync_threads();
    store_weights<A>(weight, shared.weights);
    if (scope.value_width > edge || part_col > 0) {  // else dout is there from the product before
      load_operand<T, A>(dout, call.dout.vectors, query, scope.queries, part_col, shared.right);
    }
    sync_threads();
    if (part_col < scope.value_width) {
      add_product<A>(shared.weights, shared.right, sum_v);
    }
    sync_threads();
    store_weights<A>(slope, shared.weights);
    load_operand<T, A>(q, call.q.vectors, query, scope.queries, part_col, shared.right);
    sync_threads();
    add_product<A>(shared.weights, shared.right, sum_k);
  }
  const Matrix<T> dk = call.dk.of(b, head);
  const Matrix<T> dv = call.dv.of(b, head);
  HEDDLE_UNROLL
  for (int i = 0; i < rows; ++i) {
    store_columns<T, A, cols>(dk, call.dk.vectors, first + ty + 8 * i, part_col, sum_k[i]);
    store_columns<T, A, cols>(dv, call.dv.vectors, first + ty + 8 * i, part_col, sum_v[i]);
  }
}

// tiled 2/2: dq of a tile of queries; keys go by in tiles.
// Grid: x heads · ⌈queries / edge⌉, y parts of `edge` columns of dq. Block: 128. Shared: as 1/2.
// Bytes: writes dq once; reads as 1/2.
template <typename T>
__global__ void __launch_bounds__(128, 2) query_tiles(AttentionBackward<T> call) {
  using A = accumulate_t<T>;
  constexpr int edge = Tile<A>::edge;
  constexpr int rows = Tile<A>::rows;
  constexpr int cols = Tile<A>::cols;
  auto& shared = shared_memory<TiledShared<A>>();
  const AttentionScope& scope = call.scope;
  const HeadPart place(scope, (scope.queries + edge - 1) / edge, scope.causal);
  const int b = place.batch;
  const int head = place.head;
  const int first = place.part * edge;
  const int part_col = static_cast<int>(blockIdx.y) * edge;
  const int end = first + edge < scope.queries ? first + edge : scope.queries;
  const int limit = scope.visible(b, end - 1);
  const auto scale = static_cast<A>(scope.scale);
  const Matrix<const T> q = call.q.of(b, head);
  const Matrix<const T> k = call.k.of(b, head);
  const Matrix<const T> v = call.v.of(b, head);
  const Matrix<const T> dout = call.dout.of(b, head);
  const int ty = lane_group();
  const int tx = lane_in_group();

  ThreadTile<A> weight;
  ThreadTile<A> slope;
  ThreadTile<A> sum;
  clear<A>(sum);
  for (int key = 0; key < limit; key += edge) {
    all_dots<T, A>(dout, call.dout.vectors, first, scope.queries, v, call.v.vectors, key, limit,
                   shared, slope);
    all_dots<T, A>(q, call.q.vectors, first, scope.queries, k, call.k.vectors, key, limit, shared,
                   weight);
    const bool all = scope.all_see(b, first, first + edge, key + edge);
    HEDDLE_UNROLL
    for (int i = 0; i < rows; ++i) {
      const A logsumexp = safe_logsumexp(call, b, head, first + ty + 8 * i);
      const A delta = safe_delta(call, b, head, first + ty + 8 * i);
      HEDDLE_UNROLL
      for (int j = 0; j < cols; ++j) {
        const A p = all || scope.sees(b, head, first + ty + 8 * i, key + tx + 16 * j)
                        ? exp_of(scale * weight[i][j] - logsumexp)
                        : A{0};
        slope[i][j] = scale * p * (slope[i][j] - delta);
      }
    }
    sync_threads();
    store_weights<A>(slope, shared.weights);
    if (scope.width > edge) {  // else k is there from the product before
      load_operand<T, A>(k, call.k.vectors, key, limit, part_col, shared.right);
    }
    sync_threads();
    add_product<A>(shared.weights, shared.right, sum);
  }
  const Matrix<T> dq = call.dq.of(b, head);
  HEDDLE_UNROLL
  for (int i = 0; i < rows; ++i) {
    store_columns<T, A, cols>(dq, call.dq.vectors, first + ty + 8 * i, part_col, sum[i]);
  }
}

// whole_row: at most 128 keys: K and V of a head stay in shared memory while all queries go by in
// tiles of 32; dk and dv stay in registers, and dq is complete after each tile.
// Grid: heads. Block: 256. Shared: by size; 61 KiB for 50 keys of width 64 in f32.
// Bytes: q, k, v, dout, dq, dk, dv once each: the least there is.
// Gains: P and dS are computed once (5 products), and one launch does all. Loses: one block per
// head, so few heads leave multiprocessors idle; at most 128 keys of widths up to `D` (64 or 128).
template <typename T, int D>
__global__ void __launch_bounds__(256)
    whole_head(AttentionBackward<T> call, WholeRowLayout layout) {
  using A = accumulate_t<T>;
  constexpr int n = widest<A>;
  constexpr int rows = whole_row_queries / 8;  // of a warp
  constexpr int groups = whole_row_keys / 32;  // of keys
  constexpr int vectors = D / 16 / n;          // of columns, of a thread
  const AttentionScope& scope = call.scope;
  const HeadPart place(scope, 1, false);
  const int b = place.batch;
  const int head = place.head;
  const int warp = static_cast<int>(threadIdx.x / 32);
  const int lane = static_cast<int>(threadIdx.x % 32);
  const int first_key = static_cast<int>(threadIdx.x / 16) * keys_of_thread;
  const int tx = lane_in_group();
  const PitchedTile<A> k(layout.k, layout.keys, layout.width_pitch);
  const PitchedTile<A> v(layout.v, layout.keys, layout.value_pitch);
  const PitchedTile<A> q(layout.q, whole_row_queries, layout.width_pitch);
  const PitchedTile<A> dout(layout.dout, whole_row_queries, layout.value_pitch);
  const PitchedTile<A> weights(layout.weights, whole_row_queries, layout.keys);
  const PitchedTile<A> slopes(layout.slopes, whole_row_queries, layout.keys);
  const auto limit = static_cast<int>(scope.key_lengths[b]);
  const int rows_of_k = up_to_8(limit);
  const auto scale = static_cast<A>(scope.scale);
  const Matrix<T> dq = call.dq.of(b, head);

  load_part<T, A>(call.k.of(b, head), call.k.vectors, 0, limit, 0, rows_of_k, layout.width_pitch,
                  k);
  load_part<T, A>(call.v.of(b, head), call.v.vectors, 0, limit, 0, rows_of_k, layout.value_pitch,
                  v);
  A sum_k[keys_of_thread][vectors * n];
  A sum_v[keys_of_thread][vectors * n];
  HEDDLE_UNROLL
  for (int i = 0; i < keys_of_thread; ++i) {
    HEDDLE_UNROLL
    for (int c = 0; c < vectors * n; ++c) {
      sum_k[i][c] = A{0};
      sum_v[i][c] = A{0};
    }
  }
  for (int first = 0; first < scope.queries; first += whole_row_queries) {
    sync_threads();  // the last tile has been read
    load_part<T, A>(call.q.of(b, head), call.q.vectors, first, scope.queries, 0, whole_row_queries,
                    layout.width_pitch, q);
    load_part<T, A>(call.dout.of(b, head), call.dout.vectors, first, scope.queries, 0,
                    whole_row_queries, layout.value_pitch, dout);
    sync_threads();

    // P and dS: a warp has 4 queries, a lane the keys lane, lane + 32, …
    A weight[rows][groups];
    A slope[rows][groups];
    const auto dots = [&](const PitchedTile<A>& of_query, const PitchedTile<A>& of_key, int width,
                          A(&sum)[rows][groups]) {
      HEDDLE_UNROLL
      for (int i = 0; i < rows; ++i) {
        HEDDLE_UNROLL
        for (int j = 0; j < groups; ++j) {
          sum[i][j] = A{0};
        }
      }
      for (int d = 0; d < width; d += n) {
        Vector<A, n> right[groups];
        HEDDLE_UNROLL
        for (int j = 0; j < groups; ++j) {
          if (32 * j < rows_of_k) {
            const int key = lane + 32 * j < rows_of_k ? lane + 32 * j : rows_of_k - 1;
            right[j] = load_shared<n>(of_key.address(key, d));
          }
        }
        HEDDLE_UNROLL
        for (int i = 0; i < rows; ++i) {
          const Vector<A, n> left = load_shared<n>(of_query.address(warp * rows + i, d));
          HEDDLE_UNROLL
          for (int j = 0; j < groups; ++j) {
            if (32 * j < rows_of_k) {
              HEDDLE_UNROLL
              for (int e = 0; e < n; ++e) {
                sum[i][j] = multiply_add(left[e], right[j][e], sum[i][j]);
              }
            }
          }
        }
      }
    };
    dots(q, k, scope.width, weight);
    dots(dout, v, scope.value_width, slope);
    HEDDLE_UNROLL
    for (int i = 0; i < rows; ++i) {
      const int query = first + warp * rows + i;
      const A logsumexp = safe_logsumexp(call, b, head, query);
      const A delta = safe_delta(call, b, head, query);
      HEDDLE_UNROLL
      for (int j = 0; j < groups; ++j) {
        const int key = lane + 32 * j;
        if (key < rows_of_k) {
          const A p =
              scope.sees(b, head, query, key) ? exp_of(scale * weight[i][j] - logsumexp) : A{0};
          weights.set(warp * rows + i, key, p);
          slopes.set(warp * rows + i, key, scale * p * (slope[i][j] - delta));
        }
      }
    }
    sync_threads();

    // dq = dS k: a warp has its 4 queries, a lane the columns lane, lane + 32, …
    A sum_q[rows][D / 32];
    HEDDLE_UNROLL
    for (int i = 0; i < rows; ++i) {
      HEDDLE_UNROLL
      for (int j = 0; j < D / 32; ++j) {
        sum_q[i][j] = A{0};
      }
    }
    for (int key = 0; key < rows_of_k; ++key) {
      A of_query[rows];
      HEDDLE_UNROLL
      for (int i = 0; i < rows; ++i) {
        of_query[i] = slopes.get(warp * rows + i, key);
      }
      HEDDLE_UNROLL
      for (int j = 0; j < D / 32; ++j) {
        if (lane + 32 * j < layout.width_pitch) {
          const A of_key = k.get(key, lane + 32 * j);
          HEDDLE_UNROLL
          for (int i = 0; i < rows; ++i) {
            sum_q[i][j] = multiply_add(of_query[i], of_key, sum_q[i][j]);
          }
        }
      }
    }
    HEDDLE_UNROLL
    for (int i = 0; i < rows; ++i) {
      HEDDLE_UNROLL
      for (int j = 0; j < D / 32; ++j) {
        const int query = first + warp * rows + i;
        if (query < scope.queries && lane + 32 * j < scope.width) {
          dq(query, lane + 32 * j) = narrow<T>(sum_q[i][j]);
        }
      }
    }

    // dv += Pᵀ dout, dk += dSᵀ q: a thread has 8 neighbouring keys by vectors of columns.
    const auto add = [&](const PitchedTile<A>& factors, const PitchedTile<A>& x,
                         A(&sum)[keys_of_thread][vectors * n]) {
      for (int i = 0; i < whole_row_queries; ++i) {
        A factor[keys_of_thread];
        HEDDLE_UNROLL
        for (int e = 0; e < keys_of_thread; e += n) {
          const Vector<A, n> found = load_shared<n>(factors.address(i, first_key + e));
          HEDDLE_UNROLL
          for (int f = 0; f < n; ++f) {
            factor[e + f] = found[f];
          }
        }
        HEDDLE_UNROLL
        for (int c = 0; c < vectors; ++c) {
          const int col = (c * 16 + tx) * n;
          if (col < x.pitch) {
            const Vector<A, n> row = load_shared<n>(x.address(i, col));
            HEDDLE_UNROLL
            for (int e = 0; e < keys_of_thread; ++e) {
              HEDDLE_UNROLL
              for (int f = 0; f < n; ++f) {
                sum[e][c * n + f] = multiply_add(factor[e], row[f], sum[e][c * n + f]);
              }
            }
          }
        }
      }
    };
    if (first_key < rows_of_k) {
      add(weights, dout, sum_v);
      add(slopes, q, sum_k);
    }
  }
  const Matrix<T> dk = call.dk.of(b, head);
  const Matrix<T> dv = call.dv.of(b, head);
  HEDDLE_UNROLL
  for (int i = 0; i < keys_of_thread; ++i) {
    HEDDLE_UNROLL
    for (int c = 0; c < vectors * n; ++c) {
      const int col = (c / n * 16 + tx) * n + c % n;
      if (first_key + i < scope.keys && col < scope.width) {
        dk(first_key + i, col) = narrow<T>(sum_k[i][c]);
      }
      if (first_key + i < scope.keys && col < scope.value_width) {
        dv(first_key + i, col) = narrow<T>(sum_v[i][c]);
      }
    }
  }
}

template <typename T, int D>
bool launch_whole_head(Stream& stream, const AttentionBackward<T>& call) {
  const WholeRowLayout layout = whole_row_layout<accumulate_t<T>>(call.scope);
  if (layout.bytes > limits_of(stream).shared_bytes) {
    return false;
  }
  const auto blocks = static_cast<unsigned>(call.scope.planes());
  launch(whole_head<T, D>,
         Launch{"attention_backward.whole_row", stream, blocks, 256, layout.bytes}, call, layout);
  return true;
}

}  // namespace

template <typename T>
void row_dots(Stream& stream, const AttentionBackward<T>& call) {
  launch(dots_of_rows<T>,
         Launch{"attention_backward.delta", stream,
                blocks_for(call.scope.planes() * call.scope.queries, 4), 128},
         call);
}

template <typename T>
void three_kernels_backward(Stream& stream, const AttentionBackward<T>& call) {
  using A = accumulate_t<T>;
  const AttentionScope& scope = call.scope;
  const std::int64_t plane = std::int64_t{scope.queries} * scope.keys;
  const std::int64_t scores = checked_multiply(scope.planes(), plane, "attention: scores");
  Scratch<A> weights_memory(stream, scores);
  Scratch<A> slopes_memory(stream, scores);
  Batch<A> weights{
      weights_memory.data(), scope.planes(), scope.queries, scope.keys, plane, scope.keys};
  Batch<A> slopes = weights;
  slopes.data = slopes_memory.data();
  launch(naive_slopes<T>,
         Launch{"attention_backward.three_kernels slopes", stream, blocks_for(scores, 256), 256},
         call, weights, slopes);
  launch(naive_query_gradient<T>,
         Launch{"attention_backward.three_kernels dq", stream,
                blocks_for(scope.planes() * scope.queries * scope.width, 256), 256},
         call, slopes);
  launch(naive_key_gradient<T>,
         Launch{"attention_backward.three_kernels dk", stream,
                blocks_for(scope.planes() * scope.keys * scope.width, 256), 256},
         scope, slopes, call.q, call.dk, scope.width);
  launch(naive_key_gradient<T>,
         Launch{"attention_backward.three_kernels dv", stream,
                blocks_for(scope.planes() * scope.keys * scope.value_width, 256), 256},
         scope, weights, call.dout, call.dv, scope.value_width);
}

template <typename T>
void tiled_backward(Stream& stream, const AttentionBackward<T>& call) {
  using A = accumulate_t<T>;
  constexpr int edge = Tile<A>::edge;
  const AttentionScope& scope = call.scope;
  const auto key_blocks = static_cast<unsigned>(scope.planes() * blocks_for(scope.keys, edge));
  const auto query_blocks = static_cast<unsigned>(scope.planes() * blocks_for(scope.queries, edge));
  const unsigned key_parts = blocks_for(std::max({scope.width, scope.value_width, 1}), edge);
  launch(key_tiles<T>,
         Launch{"attention_backward.tiled keys",
                stream,
                {key_blocks, key_parts},
                Tile<A>::threads,
                sizeof(TiledShared<A>)},
         call);
  launch(query_tiles<T>,
         Launch{"attention_backward.tiled queries",
                stream,
                {query_blocks, blocks_for(scope.width, edge)},
                Tile<A>::threads,
                sizeof(TiledShared<A>)},
         call);
}

template <typename T>
bool whole_row_backward(Stream& stream, const AttentionBackward<T>& call) {
  const int width = std::max(call.scope.width, call.scope.value_width);
  if (call.scope.keys > whole_row_keys) {
    return false;
  }
  if (width <= 64) {
    return launch_whole_head<T, 64>(stream, call);
  }
  if constexpr (!std::is_same_v<T, double>) {
    if (width <= 128) {
      return launch_whole_head<T, 128>(stream, call);
    }
  }
  return false;
}

#define HEDDLE_INSTANTIATE(T)                                                 \
  template void row_dots(Stream&, const AttentionBackward<T>&);               \
  template void three_kernels_backward(Stream&, const AttentionBackward<T>&); \
  template void tiled_backward(Stream&, const AttentionBackward<T>&);         \
  template bool whole_row_backward(Stream&, const AttentionBackward<T>&);
HEDDLE_INSTANTIATE(float)
HEDDLE_INSTANTIATE(double)
HEDDLE_INSTANTIATE(bf16)
#undef HEDDLE_INSTANTIATE

}  // namespace heddle::kernels::HEDDLE_BACKEND
