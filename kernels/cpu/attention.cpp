#include <array>
#include <cmath>

#include "core/parallel.h"
#include "kernels/cpu/attention_scores.h"
#include "kernels/cpu/cpu_kernels.h"
#include "kernels/cpu/dot.h"
#include "kernels/cpu/scratch.h"
#include "kernels/cpu/vector_math.h"

// A block of queries of one head at a time: its scores against all visible keys stay in the cache
// from the first product through the softmax to the second, and the whole matrix of weights never
// exists.

namespace heddle::cpu {

AttentionScope::AttentionScope(const AttentionOptions& given_options, const ConstView& q,
                               const ConstView& k, const ConstView& v,
                               const ConstView& given_key_lengths, const ConstView& given_mask)
    : options(given_options), key_lengths(given_key_lengths), mask(given_mask) {
  check(q.rank() == 4 && k.rank() == 4 && v.rank() == 4 && k.size(0) == q.size(0) &&
            k.size(1) == q.size(1) && k.size(3) == q.size(3) && v.size(0) == q.size(0) &&
            v.size(1) == q.size(1) && v.size(2) == k.size(2),
        "attention: q is ", q.shape, ", k ", k.shape, " and v ", v.shape,
        "; expected [batch, heads, queries, width], [batch, heads, keys, width] and [batch, heads, "
        "keys, value_width]");
  batch = q.size(0);
  heads = q.size(1);
  queries = q.size(2);
  keys = k.size(2);
  width = q.size(3);
  value_width = v.size(3);
  if (key_lengths.given) {
    const auto lengths = row_of<std::int64_t>(key_lengths, "attention: key_lengths");
    check(lengths.size == batch, "attention: got ", lengths.size, " key lengths for a batch of ",
          batch);
    for (std::int64_t i = 0; i < batch; ++i) {
      check(lengths(i) >= 0 && lengths(i) <= keys, "attention: key length ", i, " is ", lengths(i),
            ", expected 0 to ", keys);
    }
  }
  const Shape mask_shape{batch, heads, queries, keys};
  check(!mask.given || (mask.dtype == DType::boolean && mask.shape == mask_shape),
        "attention: mask is ", mask.dtype, " ", mask.shape, "; expected bool ", mask_shape);
}

namespace {

/// The largest score of a row [count] is taken off before exp, so that none overflows; gives the
/// sum of the weights and puts log Σ exp into `logsumexp`. 0 and −∞ where no key is seen.
template <typename T>
T exponentials(T* row, std::int64_t count, T& logsumexp) {
  const T most = largest(row, count);
  if (most == -std::numeric_limits<T>::infinity() && !std::isnan(sum(row, count))) {
    std::fill_n(row, count, T(0));
    logsumexp = most;
    return T(0);
  }
  HEDDLE_INDEPENDENT
  for (std::int64_t j = 0; j < count; ++j) {
    row[j] = vector_exp(row[j] - most);
  }
  const T total = sum(row, count);
  logsumexp = most + std::log(total);
  return total;
}

template <typename T>
void forward_typed(const AttentionScope& scope, const ConstView& q_view, const ConstView& k_view,
                   const ConstView& v_view, const View& out_view, const View& logsumexp_view) {
  const auto q_heads = heads_of<T>(q_view, "attention: q");
  const auto k_heads = heads_of<T>(k_view, "attention: k");
  const auto v_heads = heads_of<T>(v_view, "attention: v");
  const auto out_heads = heads_of<T>(out_view, "attention: out");
  const auto logsumexp = batch_of<T>(logsumexp_view, "attention: logsumexp");
  const std::int64_t step = scope.block_queries();
  const std::int64_t blocks = (scope.queries + step - 1) / step;
  parallel_for(scope.batch * scope.heads * blocks, [&](std::int64_t tile) {
    const std::int64_t batch = tile / blocks / scope.heads;
    const std::int64_t head = tile / blocks % scope.heads;
    const std::int64_t first = tile % blocks * step;
    const std::int64_t count = std::min(step, scope.queries - first);
    const std::int64_t limit = scope.visible(batch, first + count - 1);
    const Scratch<T> block(count * limit);
    const Matrix<T> scores = dense(block.data(), count, limit);
    attention_scores<T>(scope, batch, head, first,
                        part_of(q_heads.of(batch, head), first, count, 0, scope.width),
                        part_of(k_heads.of(batch, head), 0, limit, 0, scope.width), scores);
    std::array<T, 96> totals;
    for (std::int64_t i = 0; i < count; ++i) {
      totals[static_cast<std::size_t>(i)] =
          exponentials(scores.data + i * limit, limit, logsumexp[batch](head, first + i));
    }
    const Matrix<T> out = part_of(out_heads.of(batch, head), first, count, 0, scope.value_width);
    multiply_here<T>(dense<const T>(block.data(), count, limit),
                     part_of(v_heads.of(batch, head), 0, limit, 0, scope.value_width), false, out);
    for (std::int64_t i = 0; i < count; ++i) {
      const T total = totals[static_cast<std::size_t>(i)];
      const T share = total > T(0) ? T(1) / total : total;  // a NaN stays one
      T* const row = out.data + i * out.row_stride;
      HEDDLE_INDEPENDENT
      for (std::int64_t j = 0; j < scope.value_width; ++j) {
        row[j] *= share;
      }
    }
  });
}

void forward(Stream&, const AttentionOptions& options, const ConstView& q, const ConstView& k,
             const ConstView& v, const ConstView& key_lengths, const ConstView& mask,
             const View& out, const View& logsumexp) {
  const AttentionScope scope(options, q, k, v, key_lengths, mask);
  dispatch_floating(q.dtype, "attention", [&](auto tag) {
    forward_typed<typename decltype(tag)::type>(scope, q, k, v, out, logsumexp);
  });
}

}  // namespace

AttentionKernels attention_kernels() {
  return {.forward = forward, .backward = attention_backward};
}

}  // namespace heddle::cpu
