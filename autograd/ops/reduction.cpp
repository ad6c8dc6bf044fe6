#include "autograd/ops/reduction.h"

#include "autograd/ops/operands.h"

namespace heddle {
namespace {

Tensor reduced_run(ReduceOp kind, const Tensor& x, int begin, int end) {
  Shape shape = x.shape();
  for (int dim = begin; dim < end; ++dim) {
    shape[dim] = 1;
  }
  const Tensor rows = around(x, begin, end);
  const Tensor out = Tensor::empty(shape, x.dtype(), x.device());
  kernels_of(x).reduce.reduce(stream_of(x), kind, rows.view(),
                              out.reshape({rows.size(0), rows.size(2)}).output_view());
  return out;
}

}  // namespace

Reduction::Reduction(const char* operation, const Shape& shape, const Dims& dims, bool keep)
    : reduced(dims.empty() ? (1u << shape.rank()) - 1u : 0u), kept(shape) {
  for (const std::int64_t entry : dims) {
    check(entry >= -shape.rank() && entry < shape.rank(), operation, ": got dimension ", entry,
          " for shape ", shape, "; expected ", -shape.rank(), " to ", shape.rank() - 1);
    const auto dim = static_cast<int>(entry < 0 ? entry + shape.rank() : entry);
    check((reduced >> dim & 1u) == 0, operation, ": dimension ", dim, " is named twice in ", dims);
    reduced |= 1u << dim;
  }
  for (int dim = 0; dim < shape.rank(); ++dim) {
    if ((reduced >> dim & 1u) != 0) {
      count *= shape[dim];
      kept[dim] = 1;
    } else if (!keep) {
      result.push_back(shape[dim]);
    }
  }
  if (keep) {
    result = kept;
  }
}

Tensor around(const Tensor& x, int begin, int end) {
  Shape folded = {1, 1, 1};
  for (int dim = 0; dim < x.rank(); ++dim) {
    folded[dim < begin ? 0 : dim < end ? 1 : 2] *= x.shape()[dim];
  }
  return x.reshape(folded);
}

Tensor reduced_values(ReduceOp kind, const Tensor& x, const Reduction& reduction) {
  if (x.rank() == 0) {
    return reduced_run(kind, x, 0, 0).reshape(reduction.result);
  }
  Tensor y = x;
  for (int end = x.rank(); end > 0;) {
    if ((reduction.reduced >> (end - 1) & 1u) == 0) {
      --end;
      continue;
    }
    int begin = end - 1;
    while (begin > 0 && (reduction.reduced >> (begin - 1) & 1u) != 0) {
      --begin;
    }
    y = reduced_run(kind, y, begin, end);
    end = begin;
  }
  return y.reshape(reduction.result);
}

}  // namespace heddle
