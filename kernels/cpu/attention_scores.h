#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "kernels/attention.h"
#include "kernels/cpu/matmul_tiles.h"
#include "kernels/cpu/row_lengths.h"
#include "kernels/cpu/vector_loop.h"

namespace heddle::cpu {

/// A view [batch, heads, rows, cols] whose last stride is 1, as matrices.
template <typename T>
struct Heads {
  T* data;
  std::int64_t rows, cols;
  std::int64_t batch_stride, head_stride, row_stride;

  Matrix<T> of(std::int64_t batch, std::int64_t head) const {
    return {data + batch * batch_stride + head * head_stride, rows, cols, row_stride, 1};
  }
};

template <typename T>
Heads<const T> heads_of(const ConstView& view, const char* what) {
  detail::check_typed<T>(view, 4, what);
  check(view.stride(3) == 1 || view.size(3) <= 1, what, ": last stride is ", view.stride(3),
        ", expected 1");
  return {view.pointer<T>(), view.size(2),   view.size(3),
          view.stride(0),    view.stride(1), view.stride(2)};
}

template <typename T>
Heads<T> heads_of(const View& view, const char* what) {
  const Heads<const T> heads = heads_of<T>(static_cast<const ConstView&>(view), what);
  return {view.pointer<T>(),  heads.rows,        heads.cols,
          heads.batch_stride, heads.head_stride, heads.row_stride};
}

/// Sizes of one call, and which keys a query sees.
struct AttentionScope {
  AttentionScope(const AttentionOptions& options, const ConstView& q, const ConstView& k,
                 const ConstView& v, const ConstView& key_lengths, const ConstView& mask);

  AttentionOptions options;
  std::int64_t batch, heads, queries, keys, width, value_width;
  RowLengths key_lengths;
  ConstView mask;

  /// Queries taken at a time, in blocks of about one size: their scores fit in the second cache,
  /// and where later ones see more keys, not too much is computed in vain.
  std::int64_t block_queries() const {
    const std::int64_t most = std::clamp<std::int64_t>(131072 / std::max<std::int64_t>(keys, 1), 8,
                                                       options.causal ? 64 : most_block_queries);
    const std::int64_t blocks = std::max<std::int64_t>((queries + most - 1) / most, 1);
    return std::max<std::int64_t>((queries + blocks - 1) / blocks, 1);
  }
  static constexpr std::int64_t most_block_queries = 128;
  /// Keys from here on are not seen by `query`; grows with it.
  std::int64_t visible(std::int64_t batch_index, std::int64_t query) const {
    const std::int64_t limit = key_lengths[batch_index];
    return options.causal ? std::clamp<std::int64_t>(query + keys - queries + 1, 0, limit) : limit;
  }
  const bool* mask_row(std::int64_t batch_index, std::int64_t head, std::int64_t query) const {
    return mask.pointer<bool>() + batch_index * mask.stride(0) + head * mask.stride(1) +
           query * mask.stride(2);
  }
};

/// scores[i, :] = scale · q[i]·k for the queries of one block [queries, limit]; −∞ where a key is
/// not seen. `first` is the number of the block's first query.
template <typename T>
void attention_scores(const AttentionScope& scope, std::int64_t batch, std::int64_t head,
                      std::int64_t first, const Matrix<const T>& q, const Matrix<const T>& k,
                      const Matrix<T>& scores) {
  multiply_here<T>(q, transposed(k), false, scores);
  const T scale = static_cast<T>(scope.options.scale);
  for (std::int64_t i = 0; i < scores.rows; ++i) {
    T* const row = scores.data + i * scores.row_stride;
    const std::int64_t limit = scope.visible(batch, first + i);
    HEDDLE_INDEPENDENT
    for (std::int64_t j = 0; j < limit; ++j) {
      row[j] *= scale;
    }
    std::fill(row + limit, row + scores.cols, -std::numeric_limits<T>::infinity());
    if (scope.mask.given) {
      const bool* const sees = scope.mask_row(batch, head, first + i);
      const std::int64_t step = scope.mask.stride(3);
      for (std::int64_t j = 0; j < limit; ++j) {
        row[j] = sees[j * step] ? row[j] : -std::numeric_limits<T>::infinity();
      }
    }
  }
}

void attention_backward(Stream&, const AttentionOptions& options, const ConstView& q,
                        const ConstView& k, const ConstView& v, const ConstView& key_lengths,
                        const ConstView& mask, const ConstView& out, const ConstView& logsumexp,
                        const ConstView& dout, const View& dq, const View& dk, const View& dv);

}  // namespace heddle::cpu
