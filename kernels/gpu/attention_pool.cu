// Additive attention that pools a sequence into one vector per row of the batch:
//
//   e[t, b] = w · u[t, b, :],   a[:, b] = softmax of e[:, b] over t < lengths[b],
//   pooled[b, :] = Σ_t a[t, b] u[t, b, :]
//
// u [time, batch, hidden], w [hidden] → a [time, batch], pooled [batch, hidden]; contiguous; f32,
// f64, bf16 (computed in f32). Bahdanau et al., arXiv 1409.0473.
// u is nearly all the memory there is; it has to be read for the scores and, when the weights are
// known, for the sum. What is past a row's length is not read.
//
//   three_kernels  scores, softmax and weighted sum in a launch each, the scores in memory between
//   fused          a block per row of the batch does all three; the scores stay in shared memory,
//                  and the second reading of u finds what the first one left in the caches
//
// Backward: attention_pool_backward.cu. Derivations: docs/kernels/attention_pool.md.

#include <vector>

#include "kernels/gpu/attention_pool.h"
#include "kernels/gpu/families.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

/// One call. Nothing may alias.
template <typename T>
struct AttentionPool {
  Batch<const T> u;  // [time, batch, hidden]
  Row<const T> w;    // [hidden]
  Lengths lengths;   // [batch]
  Matrix<T> a;       // [time, batch]
  Matrix<T> pooled;  // [batch, hidden]

  std::int64_t time() const { return a.rows; }
  std::int64_t batch() const { return a.cols; }
};

/// A block's part of the softmax over time: `scores(t)` become weights, here and in a.
template <typename T, typename Scores>
__device__ __forceinline__ void weigh_time(const AttentionPool<T>& p, std::int64_t b,
                                           std::int64_t length, const Scores& scores,
                                           const BlockOfRow<accumulate_t<T>>& block) {
  using A = accumulate_t<T>;
  SoftmaxPair<A> pair = empty_pair<A>();
  for (std::int64_t t = block.thread; t < length; t += block.threads) {
    const A score[] = {scores(t)};
    pair = merge(pair, pair_of(score));
  }
  pair = block.merged(pair);
  const A shift = shift_of(pair.largest);
  const A inverse = counted<1>(A{1} / pair.sum);
  for (std::int64_t t = block.thread; t < p.a.rows; t += block.threads) {
    A weight = 0;
    if (t < length) {
      const A score = scores(t);
      weight = counted<2>(exp_of(score - shift) * inverse);
      scores(t) = weight;
    }
    p.a(t, b) = narrow<T>(weight);
  }
}

/// One column of the weighted sum, by one thread.
template <typename T, typename Weights>
__device__ __forceinline__ void sum_column(const AttentionPool<T>& p, std::int64_t b,
                                           std::int64_t j, std::int64_t length,
                                           const Weights& weights) {
  accumulate_t<T> sum = 0;
  for (std::int64_t t = 0; t < length; ++t) {
    const accumulate_t<T> weight = weights(t);
    sum = multiply_add(weight, widen<T>(p.u(t, b, j)), sum);
  }
  p.pooled(b, j) = narrow<T>(sum);
}

// three_kernels, 1: scores [batch, time]
//   grid: a warp for 4 time steps of a row of the batch, block 256, shared 0
//   reads u once (w comes from a cache), writes 1 number per time step
template <typename T, int N>
__global__ void attention_pool_scores(AttentionPool<T> p, Matrix<accumulate_t<T>> scores) {
  using A = accumulate_t<T>;
  const StepPlace place = place_of_steps(p.a.rows);
  if (place.b >= p.a.cols) {
    return;  // the whole warp
  }
  const std::int64_t length = p.lengths[place.b];
  A sum[attention_pool_steps];
  dot_steps<T, N>(p.u, place.b, place.first, length, p.w, sum);
  HEDDLE_UNROLL
  for (int s = 0; s < attention_pool_steps; ++s) {
    if (lane_in_row<32>() == 0 && place.first + s < length) {
      scores(place.b, place.first + s) = sum[s];
    }
  }
}

// three_kernels, 2: softmax over time
//   grid batch, block 256, shared 96 numbers
//   reads the scores twice, writes weights in their place and a; a's elements stand `batch` apart,
//   so that each store is a sector of its own
template <typename T>
__global__ void attention_pool_softmax(AttentionPool<T> p, Matrix<accumulate_t<T>> scores) {
  using A = accumulate_t<T>;
  const std::int64_t b = blockIdx.x;
  weigh_time(p, b, p.lengths[b], scores.row(b),
             BlockOfRow<A>{shared_memory<BlockOfRowShared<A>>()});
}

// three_kernels, 3: weighted sum
//   grid batch × ⌈hidden / 256⌉, block 256, shared 0
//   reads u once more, from memory or from L2, and writes pooled
//   Gains: every stage spreads over the whole device, however few rows there are.
//   Loses: three launches, about as long as the work for a batch of 64; u comes twice.
template <typename T>
__global__ void attention_pool_sum(AttentionPool<T> p, Matrix<const accumulate_t<T>> weights) {
  const std::int64_t b = blockIdx.x;
  const std::int64_t j = std::int64_t{blockIdx.y} * blockDim.x + threadIdx.x;
  if (j < p.pooled.cols) {
    sum_column(p, b, j, p.lengths[b], weights.row(b));
  }
}

// fused
//   grid batch, block 256, shared 96 numbers and one per time step
//   reads u twice, the second time from L1 or L2: a sequence of 50 × 256 floats is 51 KB; writes a
//   and pooled
//   Gains: one launch, no scores in memory.
//   Loses: with fewer rows than multiprocessors the others are idle; with fewer than 256 columns so
//   are threads of the weighted sum.
template <typename T, int N>
__global__ void attention_pool_fused(AttentionPool<T> p) {
  using A = accumulate_t<T>;
  const BlockOfRow<A> block{shared_memory<BlockOfRowShared<A>>()};
  const auto scores = shared_elements<A>(attention_pool_offset<A>, p.a.rows);
  const std::int64_t b = blockIdx.x;
  const std::int64_t length = p.lengths[b];
  const int warp = block.thread / 32;
  const int warps = block.threads / 32;
  for (std::int64_t first = std::int64_t{warp} * attention_pool_steps; first < length;
       first += std::int64_t{warps} * attention_pool_steps) {
    A sum[attention_pool_steps];
    dot_steps<T, N>(p.u, b, first, length, p.w, sum);
    HEDDLE_UNROLL
    for (int s = 0; s < attention_pool_steps; ++s) {
      if (lane_in_row<32>() == 0 && first + s < length) {
        scores(first + s) = sum[s];
      }
    }
  }
  sync_threads();
  weigh_time(p, b, length, scores, block);
  sync_threads();
  for (std::int64_t j = block.thread; j < p.pooled.cols; j += block.threads) {
    sum_column(p, b, j, length, scores);
  }
}

// Launchers.

template <typename T>
void three_kernels(Stream& stream, const AttentionPool<T>& p, bool aligned) {
  using A = accumulate_t<T>;
  const Scratch<A> memory(stream, p.time() * p.batch());
  const Matrix<A> scores = memory.matrix(p.batch(), p.time());
  if (p.time() > 0) {
    with_row_vector<T>(aligned, [&](auto vector) {
      launch(attention_pool_scores<T, decltype(vector)::value>,
             Launch{"attention_pool.scores", stream, blocks_of_steps(p.time(), p.batch()),
                    attention_pool_threads},
             p, scores);
    });
  }
  launch(attention_pool_softmax<T>,
         Launch{"attention_pool.softmax", stream, static_cast<unsigned>(p.batch()),
                attention_pool_threads, sizeof(BlockOfRowShared<A>)},
         p, scores);
  launch(attention_pool_sum<T>,
         Launch{"attention_pool.sum", stream,
                dim3(static_cast<unsigned>(p.batch()),
                     blocks_for(p.pooled.cols, attention_pool_threads)),
                attention_pool_threads},
         p, Matrix<const A>{scores.data, scores.rows, scores.cols, scores.row_stride, 1});
}

template <typename T>
void fused(Stream& stream, const AttentionPool<T>& p, bool aligned) {
  if (p.time() > attention_pool_most_time<accumulate_t<T>>) {
    three_kernels(stream, p, aligned);
    return;
  }
  with_row_vector<T>(aligned, [&](auto vector) {
    launch(attention_pool_fused<T, decltype(vector)::value>,
           Launch{"attention_pool.fused", stream, static_cast<unsigned>(p.batch()),
                  attention_pool_threads, attention_pool_shared_bytes<accumulate_t<T>>(p.time())},
           p);
  });
}

void attention_pool(AttentionPoolVersion version, Stream& stream, const ConstView& u,
                    const ConstView& w, const ConstView& lengths, const View& a,
                    const View& pooled) {
  constexpr const char* kernel = "attention_pool";
  check_rank(kernel, {"u", u}, 3);
  dispatch_storage(u.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    const std::int64_t time = u.size(0);
    const std::int64_t batch = u.size(1);
    const std::int64_t hidden = u.size(2);
    check_dense(kernel, {"u", u}, u.shape, u.dtype);
    check_dense(kernel, {"w", w}, {hidden}, u.dtype);
    const Lengths counts = lengths_of(stream, kernel, lengths, batch, time);
    check_dense(kernel, {"a", a}, {time, batch}, u.dtype);
    check_dense(kernel, {"pooled", pooled}, {batch, hidden}, u.dtype);
    if (batch == 0) {
      return;
    }
    const AttentionPool<T> p{batch_of<T>(u), row_of<T>(w), counts, matrix_of<T>(a),
                             matrix_of<T>(pooled)};
    const bool aligned = vector_width<T>(u.data, hidden, hidden) >= row_vector<T> &&
                         vector_width<T>(w.data, hidden, hidden) >= row_vector<T>;
    version == AttentionPoolVersion::fused ? fused(stream, p, aligned)
                                           : three_kernels(stream, p, aligned);
  });
}

template <AttentionPoolVersion version>
constexpr AttentionPoolKernels table_of() {
  return {.forward =
              [](Stream& stream, const ConstView& u, const ConstView& w, const ConstView& lengths,
                 const View& a,
                 const View& pooled) { attention_pool(version, stream, u, w, lengths, a, pooled); },
          .backward =
              [](Stream& stream, const ConstView& u, const ConstView& w, const ConstView& lengths,
                 const ConstView& a, const ConstView& dpooled, const ConstView& da, const View& du,
                 const View& dw) {
                attention_pool_backward(version, stream, u, w, lengths, a, dpooled, da, du, dw);
              }};
}

}  // namespace

AttentionPoolKernels attention_pool_kernels() { return table_of<attention_pool_default>(); }

const std::vector<KernelVersion<AttentionPoolKernels>>& attention_pool_versions() {
  using enum AttentionPoolVersion;
  static const std::vector<KernelVersion<AttentionPoolKernels>> versions{
      {"three_kernels", "f32", table_of<three_kernels>()},
      {"fused", "f32", table_of<fused>()},
  };
  return versions;
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
