#include <array>
#include <cmath>

#include "core/parallel.h"
#include "kernels/cpu/attention_scores.h"
#include "kernels/cpu/cpu_kernels.h"
#include "kernels/cpu/dot.h"
#include "kernels/cpu/scratch.h"
#include "kernels/cpu/vector_math.h"
#include "kernels/cpu/wide_loop.h"
#include "kernels/view_checks.h"

// A block of queries of one head at a time: its scores against all visible keys stay in the cache
// from the first product through the softmax to the second, and the whole matrix of weights never
// exists.

namespace heddle::cpu {
namespace {

std::int64_t dim_of(const char* name, const ConstView& view, int dim) {
  check_rank("attention", {name, view}, 4);
  return view.size(dim);
}

}  // namespace

AttentionScope::AttentionScope(const AttentionOptions& given_options, const ConstView& q,
                               const ConstView& k, const ConstView& v,
                               const ConstView& given_key_lengths, const ConstView& given_mask)
    : options(given_options),
      batch(dim_of("q", q, 0)),
      heads(dim_of("q", q, 1)),
      queries(dim_of("q", q, 2)),
      keys(dim_of("k", k, 2)),
      width(dim_of("q", q, 3)),
      value_width(dim_of("v", v, 3)),
      key_lengths("attention", given_key_lengths, batch, keys),
      mask(given_mask) {
  check_shape("attention", {"k", k}, {batch, heads, keys, width});
  check_shape("attention", {"v", v}, {batch, heads, keys, value_width});
  if (mask.given) {
    check_shape("attention", {"mask", mask}, {batch, heads, queries, keys});
    check_dtype("attention", {"mask", mask}, DType::boolean);
  }
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
  check_shape("attention", {"out", out_view},
              {scope.batch, scope.heads, scope.queries, scope.value_width});
  check_shape("attention", {"logsumexp", logsumexp_view},
              {scope.batch, scope.heads, scope.queries});
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
    std::array<T, AttentionScope::most_block_queries> totals;
    run_widest([&] {
      for (std::int64_t i = 0; i < count; ++i) {
        totals[static_cast<std::size_t>(i)] =
            exponentials(scores.data + i * limit, limit, logsumexp[batch](head, first + i));
      }
    });
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
