#include "bench/tensors.h"

namespace heddle::bench {
namespace {

/// rows, cols.
void run(benchmark::State& state, bool with_backward) {
  const Tensor x = sample({state.range(0), state.range(1)});
  const Tensor scale = sample({state.range(1)});
  const Tensor y = Tensor::empty_like(x);
  const Tensor mean = Tensor::empty({state.range(0)});
  const Tensor rstd = Tensor::empty({state.range(0)});
  const Tensor dx = Tensor::empty_like(x);
  const Tensor dscale = Tensor::empty_like(scale);
  const Tensor dshift = Tensor::empty_like(scale);
  const LayerNormKernels& kernels = cpu_kernels().layer_norm;
  for (auto _ : state) {
    kernels.forward(cpu_stream(), 1e-5, x.view(), scale.view(), scale.view(), y.output_view(),
                    mean.output_view(), rstd.output_view());
    if (with_backward) {
      kernels.backward(cpu_stream(), x.view(), scale.view(), mean.view(), rstd.view(), y.view(),
                       dx.output_view(), dscale.output_view(), dshift.output_view());
    }
  }
  count_bytes(state, 4 * x.elements() * (with_backward ? 5 : 2));
}

void layer_norm_forward(benchmark::State& state) { run(state, false); }
void layer_norm_forward_backward(benchmark::State& state) { run(state, true); }

void shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"rows", "cols"})
      ->Args({3200, 512})
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}
BENCHMARK(layer_norm_forward)->Apply(shapes);
BENCHMARK(layer_norm_forward_backward)->Apply(shapes);

}  // namespace
}  // namespace heddle::bench
