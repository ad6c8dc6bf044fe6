// attention (attention.cpp) composed of matmul, where and softmax.

#include <limits>

#include "autograd/ops.h"
#include "autograd/ops/operands.h"
#include "autograd/ops/references.h"

namespace heddle {
namespace {

struct Visibility {
  Tensor keys;   // bool [batch, heads, queries, keys]
  Tensor count;  // i64 [batch, heads, queries]: 0 where no key is visible, else all keys
};

/// Lengths, mask and causality in one; either tensor may be undefined.
Visibility visibility(const Shape& shape, const Tensor& lengths, const Tensor& mask, bool causal) {
  const std::int64_t queries = shape[2];
  const std::int64_t keys = shape[3];
  Visibility found{Tensor::empty(shape, DType::boolean),
                   Tensor::zeros(shape.erased(3), DType::i64)};
  bool* const visible = found.keys.mutable_data<bool>();
  std::int64_t* const count = found.count.mutable_data<std::int64_t>();
  const Tensor limits = lengths.defined() ? lengths.to(Device{}).contiguous() : lengths;
  const Tensor allowed = mask.defined() ? mask.to(Device{}).contiguous() : mask;
  const std::int64_t rows = found.count.elements();
  const std::int64_t rows_per_batch = shape[1] * queries;
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t length =
        limits.defined() ? limits.data<std::int64_t>()[row / rows_per_batch] : keys;
    const std::int64_t last = causal ? row % queries + keys - queries : keys - 1;
    for (std::int64_t key = 0; key < keys; ++key) {
      const std::int64_t place = row * keys + key;
      visible[place] =
          key < length && key <= last && (!allowed.defined() || allowed.data<bool>()[place]);
      count[row] = visible[place] ? keys : count[row];
    }
  }
  return found;
}

}  // namespace

Variable attention_reference(const Variables& inputs, const AttentionOptions& options) {
  const Variable& q = inputs[0];
  const Variable& k = inputs[1];
  const Variable& v = inputs[2];
  const Shape shape = {q.size(0), q.size(1), q.size(2), k.size(2)};
  const Visibility visible =
      visibility(shape, optional_value(inputs[3]), optional_value(inputs[4]), options.causal);
  const Variable scores = matmul(q, transpose(k, 2, 3)) * options.scale;
  const Variable hidden = constant(-std::numeric_limits<double>::infinity(), scores);
  const Variable weights =
      softmax(where(visible.keys.to(q.device()), scores, hidden), visible.count.to(q.device()));
  return matmul(weights, v);
}

}  // namespace heddle
