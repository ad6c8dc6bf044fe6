// Forward of attention in ordinary arithmetic: three_kernels, tiled, whole_row. attention.cu is the
// opening page; attention_tensor_cores.cu has the fourth version.

#include "kernels/gpu/attention_tiles.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

// Shared memory. tiled: TiledShared (attention_tiles.h).

/// whole_row: K and V of one head, the queries of the block and their weights. Keys are counted up
/// to a multiple of 16 bytes, since weights are read in such words.
struct WholeRowLayout {
  int keys;  // padded
  int width_pitch, value_pitch;
  std::size_t k, v, q, weights, bytes;
};

constexpr int whole_row_keys = 128;   // at most
constexpr int whole_row_width = 128;  // at most, of values too
constexpr int whole_row_queries = 32;

template <typename A>
WholeRowLayout whole_row_layout(const AttentionScope& scope) {
  WholeRowLayout layout{};
  layout.keys = padded<A>(scope.keys);
  layout.width_pitch = odd_pitch<A>(scope.width);
  layout.value_pitch = padded<A>(scope.value_width);
  const auto bytes = [](int rows, int pitch) {
    return static_cast<std::size_t>(rows) * static_cast<std::size_t>(pitch) * sizeof(A);
  };
  layout.v = bytes(layout.keys, layout.width_pitch);
  layout.q = layout.v + bytes(layout.keys, layout.value_pitch);
  layout.weights = layout.q + bytes(whole_row_queries, layout.width_pitch);
  layout.bytes = layout.weights + bytes(whole_row_queries, layout.keys);
  return layout;
}

// three_kernels 1/3: one thread per score.
// Grid: scores / 256. Block: 256. Shared: none.
// Bytes: reads 2 · width elements per score, from the caches mostly; writes 1.
// Gains: nothing to understand. Loses: every product takes two loads from the cache.
template <typename T>
__global__ void naive_scores(AttentionForward<T> call, Batch<accumulate_t<T>> scores) {
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
  A score = -infinity_of<A>();
  if (scope.sees(b, head, query, key)) {
    const Matrix<const T> q = call.q.of(b, head);
    const Matrix<const T> k = call.k.of(b, head);
    A sum = 0;
    for (int d = 0; d < scope.width; ++d) {
      sum = multiply_add(widen(q(query, d)), widen(k(key, d)), sum);
    }
    score = static_cast<A>(scope.scale) * sum;
  }
  scores(plane, query, key) = score;
}

// three_kernels 2/3: softmax of the rows, one warp per row, in place.
// Grid: rows / 4. Block: 128. Shared: none.
// Bytes: reads 3 and writes 2 elements per score.
template <typename T>
__global__ void naive_softmax(AttentionForward<T> call, Batch<accumulate_t<T>> scores) {
  using A = accumulate_t<T>;
  const AttentionScope& scope = call.scope;
  const std::int64_t i = std::int64_t{blockIdx.x} * (blockDim.x / 32) + threadIdx.x / 32;
  const int lane = static_cast<int>(threadIdx.x % 32);
  if (i >= scope.planes() * scope.queries) {
    return;  // the whole warp
  }
  const Row<A> row = scores.matrix(i / scope.queries).row(i % scope.queries);
  A most = -infinity_of<A>();
  for (int key = lane; key < scope.keys; key += 32) {
    most = larger_of<A>(most, row(key));
  }
  most = warp_max(most);
  const A shift = most == -infinity_of<A>() ? A{0} : most;
  A total = 0;
  for (int key = lane; key < scope.keys; key += 32) {
    const A weight = exp_of(static_cast<A>(row(key)) - shift);
    row(key) = weight;
    total += weight;
  }
  total = warp_sum(total);
  const A share = total > A{0} ? A{1} / total : total;  // a NaN stays one
  for (int key = lane; key < scope.keys; key += 32) {
    row(key) *= share;
  }
  if (lane == 0) {
    const std::int64_t plane = i / scope.queries;
    call.logsumexp(plane / scope.heads, plane % scope.heads, i % scope.queries) =
        most + log_of(total);
  }
}

// three_kernels 3/3: one thread per element of out.
// Grid: elements / 256. Block: 256. Shared: none.
// Bytes: reads 2 · keys elements per element of out, from the caches mostly; writes 1.
template <typename T>
__global__ void naive_product(AttentionForward<T> call, Batch<accumulate_t<T>> weights) {
  using A = accumulate_t<T>;
  const AttentionScope& scope = call.scope;
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= scope.planes() * scope.queries * scope.value_width) {
    return;
  }
  const auto col = static_cast<int>(i % scope.value_width);
  const auto query = static_cast<int>(i / scope.value_width % scope.queries);
  const auto plane = static_cast<int>(i / scope.value_width / scope.queries);
  const int b = plane / scope.heads;
  const int head = plane % scope.heads;
  const Matrix<const T> v = call.v.of(b, head);
  const int limit = scope.visible(b, query);
  A sum = 0;
  for (int key = 0; key < limit; ++key) {
    sum = multiply_add(static_cast<A>(weights(plane, query, key)), widen(v(key, col)), sum);
  }
  call.out.of(b, head)(query, col) = narrow<T>(sum);
}

// tiled: FlashAttention (Dao et al., arXiv 2205.14135): a block keeps the running maximum, the
// running sum and the output of its queries in registers while it walks over tiles of keys; scores
// never leave the block.
// Grid: x heads · ⌈queries / edge⌉, y parts of the value width of `edge` columns (the scores are
// computed again for each; one part for widths up to 64, or 32 in f64). Block: 128.
// Shared: 54 KiB in f32 (edge 64), 29 KiB in f64 (edge 32).
// Bytes: q and out once, k and v once per block of queries (from the L2 cache when they fit).
// Gains: no score in memory: O(queries · width) bytes instead of O(queries · keys).
// Loses: waits at four barriers per tile; each new maximum rescales what was summed before.
template <typename T>
__global__ void __launch_bounds__(128, std::is_same_v<T, bf16> ? 2 : 3)
    online_tiles(AttentionForward<T> call) {
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
  const int value_col = static_cast<int>(blockIdx.y) * edge;
  const int end = first + edge < scope.queries ? first + edge : scope.queries;
  const int limit = scope.visible(b, end - 1);
  const auto scale = static_cast<A>(scope.scale);
  const Matrix<const T> q = call.q.of(b, head);
  const Matrix<const T> k = call.k.of(b, head);
  const Matrix<const T> v = call.v.of(b, head);
  const int ty = lane_group();
  const int tx = lane_in_group();

  A most[rows];
  A total[rows];  // of this thread's own columns
  ThreadTile<A> sum;
  ThreadTile<A> weight;
  clear<A>(sum);
  HEDDLE_UNROLL
  for (int i = 0; i < rows; ++i) {
    most[i] = -infinity_of<A>();
    total[i] = A{0};
  }
  const bool one_part = scope.width <= edge;
  if (one_part) {
    load_operand<T, A>(q, call.q.vectors, first, scope.queries, 0, shared.left);
  }
  for (int key = 0; key < limit; key += edge) {
    clear<A>(weight);
    for (int part = 0; part < scope.width; part += edge) {
      sync_threads();  // what is overwritten here has been read
      if (!one_part) {
        load_operand<T, A>(q, call.q.vectors, first, scope.queries, part, shared.left);
      }
      load_operand<T, A>(k, call.k.vectors, key, limit, part, shared.right);
      sync_threads();
      add_dots<A>(shared.left, shared.right, weight);
    }
    sync_threads();
    load_operand<T, A>(v, call.v.vectors, key, limit, value_col, shared.right);
    const bool all = scope.all_see(b, first, first + edge, key + edge);
    HEDDLE_UNROLL
    for (int i = 0; i < rows; ++i) {
      A row_most = most[i];
      HEDDLE_UNROLL
      for (int j = 0; j < cols; ++j) {
        weight[i][j] = all || scope.sees(b, head, first + ty + 8 * i, key + tx + 16 * j)
                           ? scale * weight[i][j]
                           : -infinity_of<A>();
        row_most = larger_of(row_most, weight[i][j]);
      }
      row_most = warp_max<16>(row_most);
      const A shift = row_most == -infinity_of<A>() ? A{0} : row_most;
      const A correction = exp_of(most[i] - shift);
      most[i] = row_most;
      total[i] *= correction;
      HEDDLE_UNROLL
      for (int j = 0; j < cols; ++j) {
        weight[i][j] = exp_of(weight[i][j] - shift);
        total[i] += weight[i][j];
        sum[i][j] *= correction;
      }
    }
    store_weights<A>(weight, shared.weights);
    sync_threads();
    add_product<A>(shared.weights, shared.right, sum);
  }
  const Matrix<T> out = call.out.of(b, head);
  HEDDLE_UNROLL
  for (int i = 0; i < rows; ++i) {
    const int query = first + ty + 8 * i;
    const A all = warp_sum<16>(total[i]);
    const A share = all > A{0} ? A{1} / all : all;
    HEDDLE_UNROLL
    for (int j = 0; j < cols; ++j) {
      sum[i][j] *= share;
    }
    store_columns<T, A, cols>(out, call.out.vectors, query, value_col, sum[i]);
    if (tx == 0 && value_col == 0 && query < scope.queries) {
      call.logsumexp(b, head, query) = most[i] + log_of(all);
    }
  }
}

// whole_row: for at most 128 keys, where all of K and V of a head fit in shared memory: loaded
// once, every score of a row is in registers at once, one pass, nothing is rescaled. A warp has 8
// queries; its lanes share out the keys (lane, lane + 32, …), then the columns of V in the same
// manner.
// Grid: heads · ⌈queries / 32⌉. Block: 128. Shared: by size; 42 KiB for 50 keys of width 64 in f32.
// Bytes: q and out once; k and v once per 32 queries.
// Gains: one barrier in all, and shared memory for the keys that there are, so 50 keys do not pay
// for 64. Loses: at most 128 keys, of widths up to 128.
template <typename T>
__global__ void __launch_bounds__(128) one_pass(AttentionForward<T> call, WholeRowLayout layout) {
  using A = accumulate_t<T>;
  constexpr int n = widest<A>;
  constexpr int rows = whole_row_queries / 4;  // of a warp
  constexpr int groups = whole_row_keys / 32;  // of keys, of columns
  const AttentionScope& scope = call.scope;
  const HeadPart place(scope, (scope.queries + whole_row_queries - 1) / whole_row_queries, false);
  const int b = place.batch;
  const int head = place.head;
  const int first = place.part * whole_row_queries;
  const int warp = static_cast<int>(threadIdx.x / 32);
  const int lane = static_cast<int>(threadIdx.x % 32);
  const PitchedTile<A> k(layout.k, layout.keys, layout.width_pitch);
  const PitchedTile<A> v(layout.v, layout.keys, layout.value_pitch);
  const PitchedTile<A> q(layout.q, whole_row_queries, layout.width_pitch);
  const PitchedTile<A> weights(layout.weights, whole_row_queries, layout.keys);
  const int end =
      first + whole_row_queries < scope.queries ? first + whole_row_queries : scope.queries;
  const int limit = scope.visible(b, end - 1);
  const int rows_of_k = padded<A>(limit);

  load_part<T, A>(call.q.of(b, head), call.q.vectors, first, scope.queries, 0, whole_row_queries,
                  layout.width_pitch, q);
  load_part<T, A>(call.k.of(b, head), call.k.vectors, 0, limit, 0, rows_of_k, layout.width_pitch,
                  k);
  load_part<T, A>(call.v.of(b, head), call.v.vectors, 0, limit, 0, rows_of_k, layout.value_pitch,
                  v);
  sync_threads();

  A score[rows][groups];
  HEDDLE_UNROLL
  for (int i = 0; i < rows; ++i) {
    HEDDLE_UNROLL
    for (int j = 0; j < groups; ++j) {
      score[i][j] = A{0};
    }
  }
  for (int d = 0; d < padded<A>(scope.width); d += n) {
    Vector<A, n> of_key[groups];
    HEDDLE_UNROLL
    for (int j = 0; j < groups; ++j) {
      if (32 * j < rows_of_k) {
        const int key = lane + 32 * j < rows_of_k ? lane + 32 * j : rows_of_k - 1;
        of_key[j] = load_shared<n>(k.address(key, d));
      }
    }
    HEDDLE_UNROLL
    for (int i = 0; i < rows; ++i) {
      const Vector<A, n> of_query = load_shared<n>(q.address(warp * rows + i, d));
      HEDDLE_UNROLL
      for (int j = 0; j < groups; ++j) {
        if (32 * j < rows_of_k) {
          HEDDLE_UNROLL
          for (int e = 0; e < n; ++e) {
            score[i][j] = multiply_add(of_query[e], of_key[j][e], score[i][j]);
          }
        }
      }
    }
  }
  A share[rows];
  HEDDLE_UNROLL
  for (int i = 0; i < rows; ++i) {
    const int query = first + warp * rows + i;
    A most = -infinity_of<A>();
    HEDDLE_UNROLL
    for (int j = 0; j < groups; ++j) {
      score[i][j] = scope.sees(b, head, query, lane + 32 * j)
                        ? static_cast<A>(scope.scale) * score[i][j]
                        : -infinity_of<A>();
      most = larger_of(most, score[i][j]);
    }
    most = warp_max(most);
    const A shift = most == -infinity_of<A>() ? A{0} : most;
    A total = 0;
    HEDDLE_UNROLL
    for (int j = 0; j < groups; ++j) {
      const A weight = exp_of(score[i][j] - shift);
      total += weight;
      if (lane + 32 * j < rows_of_k) {
        weights.set(warp * rows + i, lane + 32 * j, weight);
      }
    }
    total = warp_sum(total);
    share[i] = total > A{0} ? A{1} / total : total;  // a NaN stays one
    if (lane == 0 && query < scope.queries) {
      call.logsumexp(b, head, query) = most + log_of(total);
    }
  }
  sync_warp();  // a warp reads the weights it wrote itself

  A sum[rows][groups];
  HEDDLE_UNROLL
  for (int i = 0; i < rows; ++i) {
    HEDDLE_UNROLL
    for (int j = 0; j < groups; ++j) {
      sum[i][j] = A{0};
    }
  }
  for (int key = 0; key < rows_of_k; key += n) {
    A of_value[groups][n];
    HEDDLE_UNROLL
    for (int j = 0; j < groups; ++j) {
      if (32 * j < layout.value_pitch) {
        const int col = lane + 32 * j < layout.value_pitch ? lane + 32 * j : layout.value_pitch - 1;
        HEDDLE_UNROLL
        for (int e = 0; e < n; ++e) {
          of_value[j][e] = v.get(key + e, col);
        }
      }
    }
    HEDDLE_UNROLL
    for (int i = 0; i < rows; ++i) {
      const Vector<A, n> weight = load_shared<n>(weights.address(warp * rows + i, key));
      HEDDLE_UNROLL
      for (int j = 0; j < groups; ++j) {
        if (32 * j < layout.value_pitch) {
          HEDDLE_UNROLL
          for (int e = 0; e < n; ++e) {
            sum[i][j] = multiply_add(weight[e], of_value[j][e], sum[i][j]);
          }
        }
      }
    }
  }
  const Matrix<T> out = call.out.of(b, head);
  HEDDLE_UNROLL
  for (int i = 0; i < rows; ++i) {
    const int query = first + warp * rows + i;
    HEDDLE_UNROLL
    for (int j = 0; j < groups; ++j) {
      if (query < scope.queries && lane + 32 * j < scope.value_width) {
        out(query, lane + 32 * j) = narrow<T>(sum[i][j] * share[i]);
      }
    }
  }
}

}  // namespace

template <typename T>
void three_kernels_forward(Stream& stream, const AttentionForward<T>& call) {
  using A = accumulate_t<T>;
  const AttentionScope& scope = call.scope;
  const std::int64_t rows = scope.planes() * scope.queries;
  const std::int64_t scores = checked_multiply(rows, scope.keys, "attention: scores");
  Scratch<A> memory(stream, scores);
  const Batch<A> all{memory.data(),
                     scope.planes(),
                     scope.queries,
                     scope.keys,
                     std::int64_t{scope.queries} * scope.keys,
                     scope.keys};
  launch(naive_scores<T>,
         Launch{"attention.three_kernels scores", stream, blocks_for(scores, 256), 256}, call, all);
  launch(naive_softmax<T>,
         Launch{"attention.three_kernels softmax", stream, blocks_for(rows, 4), 128}, call, all);
  launch(naive_product<T>,
         Launch{"attention.three_kernels product", stream,
                blocks_for(rows * scope.value_width, 256), 256},
         call, all);
}

template <typename T>
void tiled_forward(Stream& stream, const AttentionForward<T>& call) {
  using A = accumulate_t<T>;
  const AttentionScope& scope = call.scope;
  const std::int64_t tiles = scope.planes() * blocks_for(scope.queries, Tile<A>::edge);
  const unsigned parts = std::max(1u, blocks_for(scope.value_width, Tile<A>::edge));
  launch(online_tiles<T>,
         Launch{"attention.tiled",
                stream,
                {static_cast<unsigned>(tiles), parts},
                Tile<A>::threads,
                sizeof(TiledShared<A>)},
         call);
}

template <typename T>
bool whole_row_forward(Stream& stream, const AttentionForward<T>& call) {
  using A = accumulate_t<T>;
  const AttentionScope& scope = call.scope;
  if (scope.keys > whole_row_keys || scope.width > whole_row_width ||
      scope.value_width > whole_row_width) {
    return false;
  }
  const WholeRowLayout layout = whole_row_layout<A>(scope);
  if (layout.bytes > limits_of(stream).shared_bytes) {
    return false;
  }
  const std::int64_t blocks = scope.planes() * blocks_for(scope.queries, whole_row_queries);
  launch(one_pass<T>,
         Launch{"attention.whole_row", stream, static_cast<unsigned>(blocks), 128, layout.bytes},
         call, layout);
  return true;
}

#define HEDDLE_INSTANTIATE(T)                                               \
  template void three_kernels_forward(Stream&, const AttentionForward<T>&); \
  template void tiled_forward(Stream&, const AttentionForward<T>&);         \
  template bool whole_row_forward(Stream&, const AttentionForward<T>&);
HEDDLE_INSTANTIATE(float)
HEDDLE_INSTANTIATE(double)
HEDDLE_INSTANTIATE(bf16)
#undef HEDDLE_INSTANTIATE

}  // namespace heddle::kernels::HEDDLE_BACKEND
