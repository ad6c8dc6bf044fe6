// Backward of attention, version tiled: P and dS never leave the block (Dao et al., arXiv
// 2205.14135, section 3.1 and appendix B.2). attention.cu is the opening page; the products of
// tiles and their shared memory are in attention_tiles.h. With P the weights, computed again from
// the saved logsumexp, and delta = Σ_j dout·out of each query (attention_delta.cu):
//   P  = exp(scale · q kᵀ − logsumexp)        dv = Pᵀ dout
//   dS = scale · P ⊙ (dout vᵀ − delta)        dq = dS k,  dk = dSᵀ q
// Nothing is added up by atomics: a block owns what it writes and adds in the order of the tiles.

#include "kernels/gpu/attention_tiles.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

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
                           ? exp_of(counted<2>(scale * weight[i][j] - logsumexp))
                           : A{0};
        slope[i][j] = counted<3>(scale * weight[i][j] * (slope[i][j] - delta));
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
                        ? exp_of(counted<2>(scale * weight[i][j] - logsumexp))
                        : A{0};
        slope[i][j] = counted<3>(scale * p * (slope[i][j] - delta));
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

}  // namespace

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

#define HEDDLE_INSTANTIATE(T) template void tiled_backward(Stream&, const AttentionBackward<T>&);
HEDDLE_INSTANTIATE(float)
HEDDLE_INSTANTIATE(double)
HEDDLE_INSTANTIATE(bf16)
#undef HEDDLE_INSTANTIATE

}  // namespace heddle::kernels::HEDDLE_BACKEND
