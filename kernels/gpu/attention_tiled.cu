// Forward of attention, version tiled: scores never leave the block. attention.cu is the opening
// page; the products of tiles and their shared memory are in attention_tiles.h.

#include "kernels/gpu/attention_tiles.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

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
                           ? counted<1>(scale * weight[i][j])
                           : -infinity_of<A>();
        row_most = larger_of(row_most, weight[i][j]);
      }
      row_most = warp_max<16>(row_most);
      const A shift = row_most == -infinity_of<A>() ? A{0} : row_most;
      const A correction = exp_of(counted<1>(most[i] - shift));
      most[i] = row_most;
      counted<1>(total[i] *= correction);
      HEDDLE_UNROLL
      for (int j = 0; j < cols; ++j) {
        weight[i][j] = exp_of(counted<1>(weight[i][j] - shift));
        counted<1>(total[i] += weight[i][j]);
        counted<1>(sum[i][j] *= correction);
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
    const A share = all > A{0} ? counted<1>(A{1} / all) : all;
    HEDDLE_UNROLL
    for (int j = 0; j < cols; ++j) {
      counted<1>(sum[i][j] *= share);
    }
    store_columns<T, A, cols>(out, call.out.vectors, query, value_col, sum[i]);
    if (tx == 0 && value_col == 0 && query < scope.queries) {
      call.logsumexp(b, head, query) = counted<1>(most[i] + log_of(all));
    }
  }
}

}  // namespace

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

#define HEDDLE_INSTANTIATE(T) template void tiled_forward(Stream&, const AttentionForward<T>&);
HEDDLE_INSTANTIATE(float)
HEDDLE_INSTANTIATE(double)
HEDDLE_INSTANTIATE(bf16)
#undef HEDDLE_INSTANTIATE

}  // namespace heddle::kernels::HEDDLE_BACKEND
