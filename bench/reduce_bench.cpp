#include "bench/tensors.h"

namespace heddle::bench {
namespace {

/// outer, n, inner.
template <ReduceOp op>
void reduce(benchmark::State& state) {
  const Tensor x = sample({state.range(0), state.range(1), state.range(2)});
  const Tensor out = Tensor::empty({state.range(0), state.range(2)});
  for (auto _ : state) {
    cpu_kernels().reduce.reduce(cpu_stream(), op, x.view(), out.output_view());
  }
  count_bytes(state, 4 * x.elements());
}

void arg_max(benchmark::State& state) {
  const Tensor x = sample({state.range(0), state.range(1), state.range(2)});
  const Tensor indices = Tensor::empty({state.range(0), state.range(2)}, DType::i64);
  for (auto _ : state) {
    cpu_kernels().reduce.arg_extreme(cpu_stream(), ReduceOp::max, x.view(), {},
                                     indices.output_view());
  }
  count_bytes(state, 4 * x.elements());
}

void shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"outer", "n", "inner"})
      ->Args({1, 4 << 20, 1})
      ->Args({3200, 512, 1})
      ->Args({1, 3200, 512})
      ->Args({64, 50, 128})
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}
BENCHMARK(reduce<ReduceOp::sum>)->Name("sum")->Apply(shapes);
BENCHMARK(reduce<ReduceOp::max>)->Name("max")->Apply(shapes);
BENCHMARK(reduce<ReduceOp::logsumexp>)->Name("logsumexp")->Apply(shapes);
BENCHMARK(arg_max)->Apply(shapes);

}  // namespace
}  // namespace heddle::bench
