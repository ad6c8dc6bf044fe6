#include <limits>

#include "core/parallel.h"
#include "kernels/cpu/attention_scores.h"
#include "kernels/cpu/dot.h"
#include "kernels/cpu/scratch.h"
#include "kernels/cpu/vector_math.h"
#include "kernels/cpu/wide_loop.h"
#include "kernels/view_checks.h"

// One head per tile. With P the weights, computed again from the saved logsumexp:
//   dv = Pᵀ dout,  dP = dout vᵀ,  dS = P ⊙ (dP − rowsum(dout ⊙ out)),  dq = scale dS k,
//   dk = scale dSᵀ q

namespace heddle::cpu {
namespace {

template <typename T>
struct AttentionBackward {
  const AttentionScope& scope;
  Heads<const T> q, k, v, out, dout;
  Batch<const T> logsumexp;
  Heads<T> dq, dk, dv;

  void head(std::int64_t batch, std::int64_t head) const;
  /// scores become P, and `slopes` (dP) becomes scale · dS.
  void weights(std::int64_t batch, std::int64_t head, std::int64_t first, const Matrix<T>& scores,
               const Matrix<T>& slopes) const;
};

template <typename T>
Matrix<const T> as_const(const Matrix<T>& a) {
  return {a.data, a.rows, a.cols, a.row_stride, a.col_stride};
}

template <typename T>
void AttentionBackward<T>::weights(std::int64_t batch, std::int64_t head, std::int64_t first,
                                   const Matrix<T>& scores, const Matrix<T>& slopes) const {
  const T scale = static_cast<T>(scope.options.scale);
  for (std::int64_t i = 0; i < scores.rows; ++i) {
    T* const p = scores.data + i * scores.row_stride;
    T* const ds = slopes.data + i * slopes.row_stride;
    const T total = logsumexp[batch](head, first + i);
    if (total == -std::numeric_limits<T>::infinity()) {
      std::fill_n(p, scores.cols, T(0));
      std::fill_n(ds, scores.cols, T(0));
      continue;
    }
    const T mean = dot(dout.of(batch, head).row(first + i).data,
                       out.of(batch, head).row(first + i).data, scope.value_width);
    HEDDLE_INDEPENDENT
    for (std::int64_t j = 0; j < scores.cols; ++j) {
      p[j] = vector_exp(p[j] - total);
      ds[j] = p[j] * (ds[j] - mean) * scale;
    }
  }
}

template <typename T>
void AttentionBackward<T>::head(std::int64_t batch, std::int64_t head) const {
  const Matrix<T> dk_all = dk.of(batch, head);
  const Matrix<T> dv_all = dv.of(batch, head);
  for (std::int64_t key = 0; key < scope.keys; ++key) {
    std::fill_n(dk_all.row(key).data, scope.width, T(0));
    std::fill_n(dv_all.row(key).data, scope.value_width, T(0));
  }
  const std::int64_t step = scope.block_queries();
  const Scratch<T> scores_data(std::min(step, scope.queries) * scope.keys);
  const Scratch<T> slopes_data(std::min(step, scope.queries) * scope.keys);
  for (std::int64_t first = 0; first < scope.queries; first += step) {
    const std::int64_t count = std::min(step, scope.queries - first);
    const std::int64_t limit = scope.visible(batch, first + count - 1);
    const Matrix<T> scores = dense(scores_data.data(), count, limit);
    const Matrix<T> slopes = dense(slopes_data.data(), count, limit);
    const auto q_part = part_of(q.of(batch, head), first, count, 0, scope.width);
    const auto k_part = part_of(k.of(batch, head), 0, limit, 0, scope.width);
    const auto v_part = part_of(v.of(batch, head), 0, limit, 0, scope.value_width);
    const auto dout_part = part_of(dout.of(batch, head), first, count, 0, scope.value_width);
    attention_scores<T>(scope, batch, head, first, q_part, k_part, scores);
    multiply_here<T>(dout_part, transposed(v_part), false, slopes);
    run_widest([&] { weights(batch, head, first, scores, slopes); });
    multiply_here<T>(transposed(as_const(scores)), dout_part, true,
                     part_of(dv_all, 0, limit, 0, scope.value_width));
    multiply_here<T>(transposed(as_const(slopes)), q_part, true,
                     part_of(dk_all, 0, limit, 0, scope.width));
    multiply_here<T>(as_const(slopes), k_part, false,
                     part_of(dq.of(batch, head), first, count, 0, scope.width));
  }
}

}  // namespace

void attention_backward(Stream&, const AttentionOptions& options, const ConstView& q,
                        const ConstView& k, const ConstView& v, const ConstView& key_lengths,
                        const ConstView& mask, const ConstView& out, const ConstView& logsumexp,
                        const ConstView& dout, const View& dq, const View& dk, const View& dv) {
  const AttentionScope scope(options, q, k, v, key_lengths, mask);
  const Shape out_shape{scope.batch, scope.heads, scope.queries, scope.value_width};
  check_shape("attention", {"out", out}, out_shape);
  check_shape("attention", {"dout", dout}, out_shape);
  check_shape("attention", {"logsumexp", logsumexp}, {scope.batch, scope.heads, scope.queries});
  check_shape("attention", {"dq", dq}, q.shape);
  check_shape("attention", {"dk", dk}, k.shape);
  check_shape("attention", {"dv", dv}, v.shape);
  dispatch_floating(q.dtype, "attention", [&](auto tag) {
    using T = typename decltype(tag)::type;
    const AttentionBackward<T> backward{scope,
                                        heads_of<T>(q, "attention: q"),
                                        heads_of<T>(k, "attention: k"),
                                        heads_of<T>(v, "attention: v"),
                                        heads_of<T>(out, "attention: out"),
                                        heads_of<T>(dout, "attention: dout"),
                                        batch_of<T>(logsumexp, "attention: logsumexp"),
                                        heads_of<T>(dq, "attention: dq"),
                                        heads_of<T>(dk, "attention: dk"),
                                        heads_of<T>(dv, "attention: dv")};
    parallel_for(scope.batch * scope.heads,
                 [&](std::int64_t tile) { backward.head(tile / scope.heads, tile % scope.heads); });
  });
}

}  // namespace heddle::cpu
