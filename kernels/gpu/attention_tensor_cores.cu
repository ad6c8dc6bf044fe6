// Attention on tensor cores, forward and backward: the tiles of `tiled`, their products by
// mma.m16n8k16 (bf16 storage) or mma.m16n8k8 (f32 storage rounded to tf32), weights that stay in
// registers from one product to the next, and copies that run while the block computes (Dao, arXiv
// 2307.08691). attention.cu is the opening page.

#include "kernels/gpu/attention_fragments.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

constexpr int warps = 4;

/// Rows of a staged tile. Larger ones amortise barriers; 32 is what registers and shared memory
/// allow for tf32 and for wide heads.
template <typename T, int D>
constexpr int staged_rows = std::is_same_v<T, bf16>&& D <= 64 ? 64 : 32;

/// Forward: the block's queries, and two stages of K and V: one is read, one arrives.
template <typename T, int D, int blocks>
struct ForwardShared {
  MmaTile<T, 16 * warps * blocks, D> q;
  MmaTile<T, staged_rows<T, D> / blocks, D> k[2], v[2];
};

/// Backward: what stays (K and V of the block's keys, or q and dout of its queries), and two stages
/// of what goes by.
template <typename T, int D>
struct BackwardShared {
  MmaTile<T, 16 * warps, D> left_score, left_value;
  MmaTile<T, staged_rows<T, D>, D> right_score[2], right_value[2];
  SharedArray<float, 2, staged_rows<T, D> > logsumexp, delta;  // key_rows alone
};

// Forward. A warp has 16 · `blocks` queries: each fragment of K and V that it reads serves as many.
// Grid: heads · ⌈queries / (64 · blocks)⌉. Block: 128.
// Shared: 45 KiB (bf16, D = 64; 36 for two blocks), 51 KiB (tf32, D = 64), 99 KiB (tf32, D = 128).
// Bytes: q and out once; k and v once per block of queries, from the L2 cache.
// Gains over tiled: 8 (tf32) to 16 (bf16) times the products per clock; one barrier per tile; a
// copy is on its way during each tile. Loses: factors of 11 or 8 significant bits; widths up to
// 128.
template <typename T, int D, int blocks>
__global__ void __launch_bounds__(128) mma_forward(AttentionForward<T> call) {
  constexpr int staged = staged_rows<T, D> / blocks;
  constexpr int block_rows = 16 * warps * blocks;
  auto& shared = shared_memory<ForwardShared<T, D, blocks> >();
  const AttentionScope& scope = call.scope;
  const HeadPart place(scope, (scope.queries + block_rows - 1) / block_rows, scope.causal);
  const int b = place.batch;
  const int head = place.head;
  const int first = place.part * block_rows;
  const int end = first + block_rows < scope.queries ? first + block_rows : scope.queries;
  const int limit = scope.visible(b, end - 1);
  const auto scale = static_cast<float>(scope.scale);
  const int row = static_cast<int>(threadIdx.x / 32) * 16 * blocks;  // the warp's first
  const int lane = lane_of_warp();
  const Matrix<const T> k = call.k.of(b, head);
  const Matrix<const T> v = call.v.of(b, head);

  MmaSum sum[blocks][D / 8];
  clear(sum);
  float most[blocks][2];
  float total[blocks][2];  // of this lane's columns
  HEDDLE_UNROLL
  for (int m = 0; m < blocks; ++m) {
    HEDDLE_UNROLL
    for (int h = 0; h < 2; ++h) {
      most[m][h] = -infinity_of<float>();
      total[m][h] = 0.0f;
    }
  }
  copy_tile<T, block_rows, D>(call.q.of(b, head), call.q.vectors, first, scope.queries, shared.q);
  copy_tile<T, staged, D>(k, call.k.vectors, 0, limit, shared.k[0]);
  copy_tile<T, staged, D>(v, call.v.vectors, 0, limit, shared.v[0]);
  commit_copies();
  int stage = 0;
  for (int key = 0; key < limit; key += staged, stage = 1 - stage) {
    wait_copies();
    if (key == 0) {
      round_tile<T, block_rows, D>(shared.q);
    }
    round_tile<T, staged, D>(shared.k[stage]);
    round_tile<T, staged, D>(shared.v[stage]);
    sync_threads();  // all copies are there, and the other stage has been read
    if (key + staged < limit) {
      copy_tile<T, staged, D>(k, call.k.vectors, key + staged, limit, shared.k[1 - stage]);
      copy_tile<T, staged, D>(v, call.v.vectors, key + staged, limit, shared.v[1 - stage]);
      commit_copies();
    }
    MmaSum weight[blocks][staged / 8];
    clear(weight);
    mma_dots<T, D>(shared.q, row, shared.k[stage], weight);
    const bool all = scope.all_see(b, first, first + block_rows, key + staged);
    HEDDLE_UNROLL
    for (int m = 0; m < blocks; ++m) {
      HEDDLE_UNROLL
      for (int h = 0; h < 2; ++h) {
        float row_most = most[m][h];
        HEDDLE_UNROLL
        for (int c = 0; c < staged / 8; ++c) {
          HEDDLE_UNROLL
          for (int i = 2 * h; i < 2 * h + 2; ++i) {
            const TilePlace at = sum_place(lane, i);
            float& score = weight[m][c].element[i];
            score = all || scope.sees(b, head, first + row + 16 * m + at.row, key + 8 * c + at.col)
                        ? counted<1>(scale * score)
                        : -infinity_of<float>();
            row_most = larger_of(row_most, score);
          }
        }
        row_most = warp_max<4>(row_most);
        const float shift = row_most == -infinity_of<float>() ? 0.0f : row_most;
        const float correction = fast_exp(counted<1>(most[m][h] - shift));
        most[m][h] = row_most;
        counted<1>(total[m][h] *= correction);
        HEDDLE_UNROLL
        for (int c = 0; c < staged / 8; ++c) {
          HEDDLE_UNROLL
          for (int i = 2 * h; i < 2 * h + 2; ++i) {
            weight[m][c].element[i] = fast_exp(counted<1>(weight[m][c].element[i] - shift));
            counted<1>(total[m][h] += weight[m][c].element[i]);
          }
        }
        HEDDLE_UNROLL
        for (int c = 0; c < D / 8; ++c) {
          counted<1>(sum[m][c].element[2 * h] *= correction);
          counted<1>(sum[m][c].element[2 * h + 1] *= correction);
        }
      }
    }
    mma_product<T, D>(weight, shared.v[stage], sum);
  }
  wait_copies();  // the first ones, where there was no key
  const Matrix<T> out = call.out.of(b, head);
  HEDDLE_UNROLL
  for (int m = 0; m < blocks; ++m) {
    HEDDLE_UNROLL
    for (int h = 0; h < 2; ++h) {
      const int query = first + row + 16 * m + sum_place(lane, 2 * h).row;
      const float all = warp_sum<4>(total[m][h]);
      const float share = all > 0.0f ? counted<1>(1.0f / all) : all;  // a NaN stays one
      HEDDLE_UNROLL
      for (int c = 0; c < D / 8; ++c) {
        counted<1>(sum[m][c].element[2 * h] *= share);
        counted<1>(sum[m][c].element[2 * h + 1] *= share);
      }
      if (lane % 4 == 0 && query < scope.queries) {
        call.logsumexp(b, head, query) = counted<1>(most[m][h] + log_of(all));
      }
    }
    store_sums<T>(out, first + row + 16 * m, sum[m]);
  }
}

// Backward 1/2: dk and dv of 64 keys; queries go by. Products have keys as rows, Sᵀ = k qᵀ, so that
// Pᵀ and dSᵀ are where the next products want them.
// Grid: heads · ⌈keys / 64⌉. Block: 128. Shared: 55 KiB (bf16, D = 64), 68 KiB (tf32, D = 64).
// Bytes: writes dk and dv once; reads q and dout once per block of keys, from the L2 cache.
// Gains and losses over tiled: those of forward.
template <typename T, int D>
__global__ void __launch_bounds__(128) mma_key_rows(AttentionBackward<T> call) {
  constexpr int staged = staged_rows<T, D>;
  constexpr int block_rows = 16 * warps;
  auto& shared = shared_memory<BackwardShared<T, D> >();
  const AttentionScope& scope = call.scope;
  const HeadPart place(scope, (scope.keys + block_rows - 1) / block_rows, false);
  const int b = place.batch;
  const int head = place.head;
  const int first = place.part * block_rows;
  const auto limit = static_cast<int>(scope.key_lengths[b]);
  const auto scale = static_cast<float>(scope.scale);
  const int row = static_cast<int>(threadIdx.x / 32) * 16;
  const int lane = lane_of_warp();
  const Matrix<const T> q = call.q.of(b, head);
  const Matrix<const T> dout = call.dout.of(b, head);
  const auto bring = [&](int query, int stage) {
    copy_tile<T, staged, D>(q, call.q.vectors, query, scope.queries, shared.right_score[stage]);
    copy_tile<T, staged, D>(dout, call.dout.vectors, query, scope.queries,
                            shared.right_value[stage]);
    commit_copies();
    const int i = static_cast<int>(threadIdx.x);
    if (i < staged) {
      shared.logsumexp(stage, i) = safe_logsumexp(call, b, head, query + i);
      shared.delta(stage, i) = safe_delta(call, b, head, query + i);
    }
  };

  MmaSum sum_k[1][D / 8];
  MmaSum sum_v[1][D / 8];
  clear(sum_k);
  clear(sum_v);
  const int begin = first >= limit ? scope.queries : scope.first_seeing(first) / staged * staged;
  copy_tile<T, block_rows, D>(call.k.of(b, head), call.k.vectors, first, limit, shared.left_score);
  copy_tile<T, block_rows, D>(call.v.of(b, head), call.v.vectors, first, limit, shared.left_value);
  bring(begin, 0);
  int stage = 0;
  for (int query = begin; query < scope.queries; query += staged, stage = 1 - stage) {
    wait_copies();
    if (query == begin) {
      round_tile<T, block_rows, D>(shared.left_score);
      round_tile<T, block_rows, D>(shared.left_value);
    }
    round_tile<T, staged, D>(shared.right_score[stage]);
    round_tile<T, staged, D>(shared.right_value[stage]);
    sync_threads();  // all copies are there, and the other stage has been read
    if (query + staged < scope.queries) {
      bring(query + staged, 1 - stage);
    }
    MmaSum weight[1][staged / 8];
    MmaSum slope[1][staged / 8];
    clear(weight);
    clear(slope);
    mma_dots<T, D>(shared.left_score, row, shared.right_score[stage], weight);
    mma_dots<T, D>(shared.left_value, row, shared.right_value[stage], slope);
    const bool all = scope.all_see(b, query, query + staged, first + block_rows);
    HEDDLE_UNROLL
    for (int c = 0; c < staged / 8; ++c) {
      HEDDLE_UNROLL
      for (int i = 0; i < 4; ++i) {
        const TilePlace at = sum_place(lane, i);
        const int column = 8 * c + at.col;
        const float logsumexp = shared.logsumexp(stage, column);
        const float delta = shared.delta(stage, column);
        const float p = all || scope.sees(b, head, query + column, first + row + at.row)
                            ? fast_exp(counted<2>(scale * weight[0][c].element[i] - logsumexp))
                            : 0.0f;
        weight[0][c].element[i] = p;
        slope[0][c].element[i] = counted<3>(scale * p * (slope[0][c].element[i] - delta));
      }
    }
    mma_product<T, D>(weight, shared.right_value[stage], sum_v);
    mma_product<T, D>(slope, shared.right_score[stage], sum_k);
  }
  wait_copies();
  store_sums<T>(call.dk.of(b, head), first + row, sum_k[0]);
  store_sums<T>(call.dv.of(b, head), first + row, sum_v[0]);
}

// Backward 2/2: dq of 64 queries; keys go by.
// Grid: heads · ⌈queries / 64⌉. Block: 128. Shared: as 1/2.
// Bytes: writes dq once; reads k and v once per block of queries, from the L2 cache.
template <typename T, int D>
__global__ void __launch_bounds__(128, 2) mma_query_rows(AttentionBackward<T> call) {
  constexpr int staged = staged_rows<T, D>;
  constexpr int block_rows = 16 * warps;
  auto& shared = shared_memory<BackwardShared<T, D> >();
  const AttentionScope& scope = call.scope;
  const HeadPart place(scope, (scope.queries + block_rows - 1) / block_rows, scope.causal);
  const int b = place.batch;
  const int head = place.head;
  const int first = place.part * block_rows;
  const int end = first + block_rows < scope.queries ? first + block_rows : scope.queries;
  const int limit = scope.visible(b, end - 1);
  const auto scale = static_cast<float>(scope.scale);
  const int row = static_cast<int>(threadIdx.x / 32) * 16;
  const int lane = lane_of_warp();
  const Matrix<const T> k = call.k.of(b, head);
  const Matrix<const T> v = call.v.of(b, head);
  const auto bring = [&](int key, int stage) {
    copy_tile<T, staged, D>(k, call.k.vectors, key, limit, shared.right_score[stage]);
    copy_tile<T, staged, D>(v, call.v.vectors, key, limit, shared.right_value[stage]);
    commit_copies();
  };

  MmaSum sum[1][D / 8];
  clear(sum);
  float logsumexp[2];
  float delta[2];
  HEDDLE_UNROLL
  for (int h = 0; h < 2; ++h) {
    const int query = first + row + sum_place(lane, 2 * h).row;
    logsumexp[h] = safe_logsumexp(call, b, head, query);
    delta[h] = safe_delta(call, b, head, query);
  }
  copy_tile<T, block_rows, D>(call.q.of(b, head), call.q.vectors, first, scope.queries,
                              shared.left_score);
  copy_tile<T, block_rows, D>(call.dout.of(b, head), call.dout.vectors, first, scope.queries,
                              shared.left_value);
  bring(0, 0);
  int stage = 0;
  for (int key = 0; key < limit; key += staged, stage = 1 - stage) {
    wait_copies();
    if (key == 0) {
      round_tile<T, block_rows, D>(shared.left_score);
      round_tile<T, block_rows, D>(shared.left_value);
    }
    round_tile<T, staged, D>(shared.right_score[stage]);
    round_tile<T, staged, D>(shared.right_value[stage]);
    sync_threads();  // all copies are there, and the other stage has been read
    if (key + staged < limit) {
      bring(key + staged, 1 - stage);
    }
    MmaSum weight[1][staged / 8];
    MmaSum slope[1][staged / 8];
    clear(weight);
    clear(slope);
    mma_dots<T, D>(shared.left_score, row, shared.right_score[stage], weight);
    mma_dots<T, D>(shared.left_value, row, shared.right_value[stage], slope);
    const bool all = scope.all_see(b, first, first + block_rows, key + staged);
    HEDDLE_UNROLL
    for (int c = 0; c < staged / 8; ++c) {
      HEDDLE_UNROLL
      for (int i = 0; i < 4; ++i) {
        const TilePlace at = sum_place(lane, i);
        const float p =
            all || scope.sees(b, head, first + row + at.row, key + 8 * c + at.col)
                ? fast_exp(counted<2>(scale * weight[0][c].element[i] - logsumexp[i / 2]))
                : 0.0f;
        slope[0][c].element[i] = counted<3>(scale * p * (slope[0][c].element[i] - delta[i / 2]));
      }
    }
    mma_product<T, D>(slope, shared.right_score[stage], sum);
  }
  wait_copies();
  store_sums<T>(call.dq.of(b, head), first + row, sum[0]);
}

template <typename T, int D, int blocks>
bool launch_forward(Stream& stream, const AttentionForward<T>& call) {
  constexpr std::size_t bytes = sizeof(ForwardShared<T, D, blocks>);
  if (bytes > limits_of(stream).shared_bytes) {
    return false;
  }
  const std::int64_t grid =
      call.scope.planes() * blocks_for(call.scope.queries, 16 * warps * blocks);
  launch(mma_forward<T, D, blocks>,
         Launch{"attention.tensor_cores", stream, static_cast<unsigned>(grid), 32 * warps, bytes},
         call);
  return true;
}

template <typename T, int D>
bool launch_backward(Stream& stream, const AttentionBackward<T>& call) {
  constexpr std::size_t bytes = sizeof(BackwardShared<T, D>);
  if (bytes > limits_of(stream).shared_bytes) {
    return false;
  }
  const AttentionScope& scope = call.scope;
  const std::int64_t key_grid = scope.planes() * blocks_for(scope.keys, 16 * warps);
  const std::int64_t query_grid = scope.planes() * blocks_for(scope.queries, 16 * warps);
  launch(mma_key_rows<T, D>,
         Launch{"attention_backward.tensor_cores keys", stream, static_cast<unsigned>(key_grid),
                32 * warps, bytes},
         call);
  launch(mma_query_rows<T, D>,
         Launch{"attention_backward.tensor_cores queries", stream,
                static_cast<unsigned>(query_grid), 32 * warps, bytes},
         call);
  return true;
}

bool has_tensor_cores(const Stream& stream) { return limits_of(stream).architecture >= 80; }

}  // namespace

// Heads whose width is not 32, 64 or 128 are filled up with zeros to the next of these.

template <typename T>
bool tensor_cores_forward(Stream& stream, const AttentionForward<T>& call) {
  if constexpr (!std::is_same_v<T, double>) {
    const int width = std::max(call.scope.width, call.scope.value_width);
    if (!has_tensor_cores(stream) || width > 128) {
      return false;
    }
    if (width > 64) {
      return launch_forward<T, 128, 1>(stream, call);
    }
    if constexpr (std::is_same_v<T, bf16>) {
      // Twice the queries per fragment of K and V, where they are many enough to fill a block.
      if (call.scope.queries > 128 && width > 32) {
        return launch_forward<T, 64, 2>(stream, call);
      }
    }
    return width > 32 ? launch_forward<T, 64, 1>(stream, call)
                      : launch_forward<T, 32, 1>(stream, call);
  }
  return false;
}

template <typename T>
bool tensor_cores_backward(Stream& stream, const AttentionBackward<T>& call) {
  if constexpr (!std::is_same_v<T, double>) {
    const int width = std::max(call.scope.width, call.scope.value_width);
    if (!has_tensor_cores(stream) || width > 128) {
      return false;
    }
    return width > 64   ? launch_backward<T, 128>(stream, call)
           : width > 32 ? launch_backward<T, 64>(stream, call)
                        : launch_backward<T, 32>(stream, call);
  }
  return false;
}

#define HEDDLE_INSTANTIATE(T)                                              \
  template bool tensor_cores_forward(Stream&, const AttentionForward<T>&); \
  template bool tensor_cores_backward(Stream&, const AttentionBackward<T>&);
HEDDLE_INSTANTIATE(float)
HEDDLE_INSTANTIATE(double)
HEDDLE_INSTANTIATE(bf16)
#undef HEDDLE_INSTANTIATE

}  // namespace heddle::kernels::HEDDLE_BACKEND
