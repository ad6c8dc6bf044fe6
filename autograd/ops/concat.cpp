// y = the parts one after the other along one dimension; each part's gradient is its slice of dy.
// `stack` gives every part a new dimension of size 1 first.

#include <utility>
#include <vector>

#include "autograd/ops.h"

namespace heddle {

Variable concat(const Variables& parts, int dim, Where where) {
  check(!parts.empty(), "concat: got no parts, expected at least one");
  Operation op("concat", parts, where);
  const Variable& first = parts.front();
  dim = normalized_dim(dim, first.rank(), "concat");
  std::int64_t total = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Variable& part = parts[i];
    check(
        part.rank() == first.rank() && part.shape().replaced(dim, first.size(dim)) == first.shape(),
        "concat: part 0 is ", first.shape(), " but part ", i, " is ", part.shape(),
        "; expected the same sizes in all dimensions but ", dim);
    check(part.dtype() == first.dtype() && part.device() == first.device(), "concat: part 0 is ",
          first.dtype(), " on ", first.device(), " but part ", i, " is ", part.dtype(), " on ",
          part.device(), "; expected one type and device");
    total = checked_add(total, part.size(dim), "concat");
  }
  const Tensor y = Tensor::empty(first.shape().replaced(dim, total), first.dtype(), first.device());
  std::vector<std::int64_t> ends;
  ends.reserve(parts.size());
  std::int64_t begin = 0;
  for (const Variable& part : parts) {
    const std::int64_t end = begin + part.size(dim);
    y.slice(dim, begin, end).copy_(part.value());
    ends.push_back(end);
    begin = end;
  }
  return op.finish(y, [dim, ends = std::move(ends)](const BackwardCall& call) -> Variables {
    Variables gradients(ends.size());
    for (std::size_t i = 0; i < ends.size(); ++i) {
      if (call.wanted(static_cast<int>(i))) {
        gradients[i] = slice(call.dy(), dim, i == 0 ? 0 : ends[i - 1], ends[i]);
      }
    }
    return gradients;
  });
}

Variable stack(const Variables& parts, int dim, Where where) {
  check(!parts.empty(), "stack: got no parts, expected at least one");
  dim = normalized_dim(dim, parts.front().rank() + 1, "stack");
  Variables deeper;
  deeper.reserve(parts.size());
  for (const Variable& part : parts) {
    check(part.shape() == parts.front().shape(), "stack: parts are ", parts.front().shape(),
          " and ", part.shape(), "; expected one shape");
    deeper.push_back(reshape(part, part.shape().inserted(dim, 1), where));
  }
  return concat(deeper, dim, where);
}

}  // namespace heddle
