#include "bench/tensors.h"

namespace heddle::bench {
namespace {

/// rows, cols.
void run(benchmark::State& state, bool logarithmic, bool with_backward) {
  const Tensor x = sample({state.range(0), state.range(1)}, 4.0);
  const Tensor y = Tensor::empty_like(x);
  const Tensor dx = Tensor::empty_like(x);
  for (auto _ : state) {
    cpu_kernels().softmax.forward(cpu_stream(), x.view(), {}, logarithmic, y.output_view());
    if (with_backward) {
      cpu_kernels().softmax.backward(cpu_stream(), y.view(), {}, x.view(), logarithmic,
                                     dx.output_view());
    }
  }
  count_bytes(state, 4 * x.elements() * (with_backward ? 5 : 2));
}

void softmax_forward(benchmark::State& state) { run(state, false, false); }
void softmax_forward_backward(benchmark::State& state) { run(state, false, true); }
void log_softmax_forward(benchmark::State& state) { run(state, true, false); }

void shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"rows", "cols"})
      ->Args({8192, 64})
      ->Args({8192, 512})
      ->Args({8192, 4096})
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}
BENCHMARK(softmax_forward)->Apply(shapes);
BENCHMARK(softmax_forward_backward)->Apply(shapes);
BENCHMARK(log_softmax_forward)->Apply(shapes);

}  // namespace
}  // namespace heddle::bench
