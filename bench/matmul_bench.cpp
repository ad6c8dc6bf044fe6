#include "bench/tensors.h"

namespace heddle::bench {
namespace {

enum Transposes : std::int64_t { none, left, right };

/// m, k, n, which factor is a transpose.
void matmul(benchmark::State& state) {
  const std::int64_t m = state.range(0);
  const std::int64_t k = state.range(1);
  const std::int64_t n = state.range(2);
  const Tensor a = state.range(3) == left ? sample({1, k, m}).transpose(1, 2) : sample({1, m, k});
  const Tensor b = state.range(3) == right ? sample({1, n, k}).transpose(1, 2) : sample({1, k, n});
  const Tensor out = Tensor::empty({1, m, n});
  for (auto _ : state) {
    cpu_kernels().matmul.multiply(cpu_stream(), a.view(), b.view(), false, out.output_view());
  }
  count_operations(state, 2.0 * static_cast<double>(m * k * n));
}
BENCHMARK(matmul)
    ->ArgNames({"m", "k", "n", "transposed"})
    ->Args({32, 32, 32, none})
    ->Args({256, 256, 256, none})
    ->Args({1024, 1024, 1024, none})
    ->Args({64, 384, 128, right})
    ->Args({64, 128, 512, none})
    ->Args({64, 2048, 128, right})
    ->Args({64, 128, 2, right})
    ->Args({1, 128, 512, right})
    ->Args({3200, 300, 512, none})
    ->Args({8192, 512, 512, right})
    ->Args({3200, 512, 300, right})
    ->Args({300, 3200, 512, left})
    ->Args({128, 64, 512, left})
    ->UseRealTime();

/// batch, m, k, n.
void batched_matmul(benchmark::State& state) {
  const Tensor a = sample({state.range(0), state.range(1), state.range(2)});
  const Tensor b = sample({state.range(0), state.range(2), state.range(3)});
  const Tensor out = Tensor::empty({state.range(0), state.range(1), state.range(3)});
  for (auto _ : state) {
    cpu_kernels().matmul.multiply(cpu_stream(), a.view(), b.view(), false, out.output_view());
  }
  count_operations(state,
                   2.0 * static_cast<double>(a.elements()) * static_cast<double>(state.range(3)));
}
BENCHMARK(batched_matmul)
    ->ArgNames({"batch", "m", "k", "n"})
    ->Args({512, 8, 8, 8})
    ->Args({256, 128, 64, 128})
    ->UseRealTime();

}  // namespace
}  // namespace heddle::bench
