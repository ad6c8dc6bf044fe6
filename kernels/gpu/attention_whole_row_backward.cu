// Backward of attention, version whole_row: up to 128 keys, all of K and V of a head in shared
// memory while the queries go by. attention.cu is the opening page. With P the weights, computed
// again from the saved logsumexp, and delta = Σ_j dout·out of each query (attention_delta.cu):
//   P  = exp(scale · q kᵀ − logsumexp)        dv = Pᵀ dout
//   dS = scale · P ⊙ (dout vᵀ − delta)        dq = dS k,  dk = dSᵀ q

#include "kernels/gpu/attention_tiles.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

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
          const A p = scope.sees(b, head, query, key)
                          ? exp_of(counted<2>(scale * weight[i][j] - logsumexp))
                          : A{0};
          weights.set(warp * rows + i, key, p);
          slopes.set(warp * rows + i, key, counted<3>(scale * p * (slope[i][j] - delta)));
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

#define HEDDLE_INSTANTIATE(T) \
  template bool whole_row_backward(Stream&, const AttentionBackward<T>&);
HEDDLE_INSTANTIATE(float)
HEDDLE_INSTANTIATE(double)
HEDDLE_INSTANTIATE(bf16)
#undef HEDDLE_INSTANTIATE

}  // namespace heddle::kernels::HEDDLE_BACKEND
