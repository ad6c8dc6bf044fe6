// y[i] = table[ids[i]]:  table [rows, width], ids i64 of any shape → y [ids' shape.., width]
//   dtable[r] = Σ of dy[i] over i with ids[i] = r, in the order of i; rows no id names get 0

#include "autograd/ops.h"
#include "autograd/ops/adjoints.h"
#include "autograd/ops/operands.h"

namespace heddle {

Variable embedding(const Variable& table, const Tensor& ids, Where where) {
  Operation op("embedding", {table}, where);
  check(table.rank() == 2, "embedding: table is ", table.shape(), "; expected [rows, width]");
  check_floating(op.name(), table.value());
  check_operand(op.name(), "ids", ids, ids.shape(), DType::i64, table.value());
  const Tensor flat = ids.flatten().contiguous();
  const Tensor y = Tensor::empty({flat.size(0), table.size(1)}, table.dtype(), table.device());
  kernels_of(y).embedding.forward(stream_of(y), table.value().contiguous().view(), flat.view(),
                                  y.output_view());
  return op.finish(
      y.reshape(ids.shape().inserted(ids.rank(), table.size(1))),
      [rows = table.size(0), ids = op.save(Variable(ids))](const BackwardCall& call) -> Variables {
        return {embedding_gradient(call.dy(), call.value(ids), rows)};
      });
}

Variable embedding_gradient(const Variable& x, const Tensor& ids, std::int64_t rows, Where where) {
  Operation op("embedding_gradient", {x}, where);
  const Tensor dense = as_rows(x.value()).contiguous();
  const Tensor table = Tensor::empty({rows, x.size(-1)}, x.dtype(), x.device());
  kernels_of(table).embedding.backward(stream_of(table), ids.flatten().contiguous().view(),
                                       dense.view(), table.output_view());
  return op.finish(table, [ids = op.save(Variable(ids))](const BackwardCall& call) -> Variables {
    return {embedding(call.dy(), call.value(ids))};
  });
}

}  // namespace heddle
