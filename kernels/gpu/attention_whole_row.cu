// Forward of attention, version whole_row: up to 128 keys, all of K and V of a head in shared
// memory. attention.cu is the opening page.

#include "kernels/gpu/attention_tiles.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

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
                        ? counted<1>(static_cast<A>(scope.scale) * score[i][j])
                        : -infinity_of<A>();
      most = larger_of(most, score[i][j]);
    }
    most = warp_max(most);
    const A shift = most == -infinity_of<A>() ? A{0} : most;
    A total = 0;
    HEDDLE_UNROLL
    for (int j = 0; j < groups; ++j) {
      const A weight = exp_of(counted<1>(score[i][j] - shift));
      counted<1>(total += weight);
      if (lane + 32 * j < rows_of_k) {
        weights.set(warp * rows + i, lane + 32 * j, weight);
      }
    }
    total = warp_sum(total);
    share[i] = total > A{0} ? counted<1>(A{1} / total) : total;  // a NaN stays one
    if (lane == 0 && query < scope.queries) {
      call.logsumexp(b, head, query) = counted<1>(most + log_of(total));
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
        out(query, lane + 32 * j) = narrow<T>(counted<1>(sum[i][j] * share[i]));
      }
    }
  }
}

}  // namespace

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

#define HEDDLE_INSTANTIATE(T) template bool whole_row_forward(Stream&, const AttentionForward<T>&);
HEDDLE_INSTANTIATE(float)
HEDDLE_INSTANTIATE(double)
HEDDLE_INSTANTIATE(bf16)
#undef HEDDLE_INSTANTIATE

}  // namespace heddle::kernels::HEDDLE_BACKEND
