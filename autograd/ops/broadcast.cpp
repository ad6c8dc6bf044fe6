#include "autograd/ops/broadcast.h"

namespace heddle {

ConstView expanded(const ConstView& view, const Shape& shape) {
  if (view.shape == shape) {
    return view;
  }
  ConstView result = view;
  result.shape = shape;
  result.strides = Strides::filled(shape.rank(), 0);
  const int added = shape.rank() - view.rank();
  for (int dim = 0; dim < view.rank(); ++dim) {
    result.strides[added + dim] =
        view.size(dim) == shape[added + dim] ? view.stride(dim) : std::int64_t{0};
  }
  return result;
}

}  // namespace heddle
