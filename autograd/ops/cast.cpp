// y = x converted to another floating type,  dx = dy converted back   (x, y: any shape)

#include "autograd/ops.h"

namespace heddle {

Variable cast(const Variable& x, DType dtype, Where where) {
  check(is_floating(dtype), "cast: to ", dtype,
        " is not differentiable, expected f32, f64 or bf16; use "
        "Tensor::to for other types");
  if (x.dtype() == dtype) {
    return x;
  }
  Operation op("cast", {x}, where);
  return op.finish(x.value().to(dtype), [from = x.dtype()](const BackwardCall& call) -> Variables {
    return {cast(call.dy(), from)};
  });
}

}  // namespace heddle
