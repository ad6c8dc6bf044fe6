// y = x / (1 − p) with probability 1 − p, else 0, element by element; dx is the same of dy.
// The mask is a function of a place in a random stream, so that backward draws it again and nothing
// is stored. Srivastava et al., JMLR 2014.

#include "kernels/dropout.h"

#include "autograd/ops.h"
#include "autograd/ops/operands.h"

namespace heddle {
namespace {

/// The same mask for the same span.
Variable masked(const Variable& x, double p, const RandomSpan& span, Where where) {
  Operation op("dropout", {x}, where);
  const Tensor y = Tensor::empty_like(x.value());
  kernels_of(y).dropout.apply(stream_of(y), p, span, x.value().contiguous().view(),
                              y.output_view());
  return op.finish(y, [p, span](const BackwardCall& call) -> Variables {
    return {masked(call.dy(), p, span, Where::current())};
  });
}

}  // namespace

Variable dropout(const Variable& x, double p, Generator& generator, Where where) {
  check(p >= 0.0 && p < 1.0, "dropout: p is ", p, "; expected 0 ≤ p < 1");
  check_floating("dropout", x.value());
  if (p == 0.0) {
    return x;
  }
  const Generator::State state = generator.state();
  const std::uint64_t first = generator.reserve(static_cast<std::uint64_t>(x.value().elements()));
  return masked(x, p,
                {.seed = state.seed,
                 .stream = state.stream,
                 .first = first - generator.base(),
                 .counter = generator.counter()},
                where);
}

}  // namespace heddle
