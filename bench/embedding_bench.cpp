#include <vector>

#include "bench/tensors.h"

namespace heddle::bench {
namespace {

/// rows of the table, width, places.
void run(benchmark::State& state, bool with_backward) {
  const std::int64_t rows = state.range(0);
  const std::int64_t width = state.range(1);
  const std::int64_t count = state.range(2);
  Generator generator(7);
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < count; ++i) {
    values.push_back(static_cast<std::int64_t>(generator.below(static_cast<std::uint64_t>(rows))));
  }
  const Tensor ids = Tensor::from<std::int64_t>(values, {count});
  const Tensor table = sample({rows, width});
  const Tensor out = Tensor::empty({count, width});
  const Tensor dtable = Tensor::empty_like(table);
  for (auto _ : state) {
    cpu_kernels().embedding.forward(cpu_stream(), table.view(), ids.view(), out.output_view());
    if (with_backward) {
      cpu_kernels().embedding.backward(cpu_stream(), ids.view(), out.view(), dtable.output_view());
    }
  }
  count_bytes(state, 4 * width * (2 * count + (with_backward ? count + rows : 0)));
}

void embedding_forward(benchmark::State& state) { run(state, false); }
void embedding_forward_backward(benchmark::State& state) { run(state, true); }

void shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"rows", "width", "places"})
      ->Args({10000, 300, 3200})
      ->Args({50, 64, 3200})
      ->Args({3, 300, 3200})
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}
BENCHMARK(embedding_forward)->Apply(shapes);
BENCHMARK(embedding_forward_backward)->Apply(shapes);

}  // namespace
}  // namespace heddle::bench
