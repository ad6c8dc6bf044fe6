// Attention, version three_kernels: the formulas as written, forward and backward, one kernel for
// each product and each softmax, with the scores in memory between them. attention.cu is the
// opening page.
//
// Forward: scores, softmax of their rows, product with v. Backward, with P the weights, computed
// again from the saved logsumexp, and delta = Σ_j dout·out of each query (attention_delta.cu):
//   P  = exp(scale · q kᵀ − logsumexp)        dv = Pᵀ dout
//   dS = scale · P ⊙ (dout vᵀ − delta)        dq = dS k,  dk = dSᵀ q

#include "kernels/gpu/attention_scope.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

// Forward.

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
    score = counted<1>(static_cast<A>(scope.scale) * sum);
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
    const A weight = exp_of(counted<1>(static_cast<A>(row(key)) - shift));
    row(key) = weight;
    counted<1>(total += weight);
  }
  total = warp_sum(total);
  const A share = total > A{0} ? counted<1>(A{1} / total) : total;  // a NaN stays one
  for (int key = lane; key < scope.keys; key += 32) {
    row(key) *= share;
  }
  if (lane == 0) {
    const std::int64_t plane = i / scope.queries;
    call.logsumexp(plane / scope.heads, plane % scope.heads, i % scope.queries) =
        counted<1>(most + log_of(total));
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

// Backward.

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
    weight = exp_of(counted<2>(scale * score - safe_logsumexp(call, b, head, query)));
    slope = counted<3>(scale * weight * (slope - safe_delta(call, b, head, query)));
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

#define HEDDLE_INSTANTIATE(T)                                               \
  template void three_kernels_forward(Stream&, const AttentionForward<T>&); \
  template void three_kernels_backward(Stream&, const AttentionBackward<T>&);
HEDDLE_INSTANTIATE(float)
HEDDLE_INSTANTIATE(double)
HEDDLE_INSTANTIATE(bf16)
#undef HEDDLE_INSTANTIATE

}  // namespace heddle::kernels::HEDDLE_BACKEND
