// What all versions of attention's backward begin with: delta = Σ_j dout·out of each query, which
// the slope of softmax subtracts (docs/kernels/attention.md). attention.cu is the opening page.

#include "kernels/gpu/attention_scope.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

// One warp per query.
// Grid: queries of all heads / 4. Block: 128. Shared: none.
// Bytes: reads 2 · value_width elements per query, writes 1.
template <typename T>
__global__ void dots_of_rows(AttentionBackward<T> call) {
  using A = accumulate_t<T>;
  const AttentionScope& scope = call.scope;
  const std::int64_t i = std::int64_t{blockIdx.x} * (blockDim.x / 32) + threadIdx.x / 32;
  const int lane = static_cast<int>(threadIdx.x % 32);
  if (i >= scope.planes() * scope.queries) {
    return;  // the whole warp
  }
  const auto plane = static_cast<int>(i / scope.queries);
  const auto query = static_cast<int>(i % scope.queries);
  const Matrix<const T> out = call.out.of(plane / scope.heads, plane % scope.heads);
  const Matrix<const T> dout = call.dout.of(plane / scope.heads, plane % scope.heads);
  A sum = 0;
  for (int col = lane; col < scope.value_width; col += 32) {
    sum = multiply_add(widen(dout(query, col)), widen(out(query, col)), sum);
  }
  sum = warp_sum(sum);
  if (lane == 0) {
    call.delta(plane, query) = sum;
  }
}

}  // namespace

template <typename T>
void row_dots(Stream& stream, const AttentionBackward<T>& call) {
  launch(dots_of_rows<T>,
         Launch{"attention_backward.delta", stream,
                blocks_for(call.scope.planes() * call.scope.queries, 4), 128},
         call);
}

#define HEDDLE_INSTANTIATE(T) template void row_dots(Stream&, const AttentionBackward<T>&);
HEDDLE_INSTANTIATE(float)
HEDDLE_INSTANTIATE(double)
HEDDLE_INSTANTIATE(bf16)
#undef HEDDLE_INSTANTIATE

}  // namespace heddle::kernels::HEDDLE_BACKEND
