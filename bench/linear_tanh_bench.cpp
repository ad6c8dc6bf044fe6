#include "bench/tensors.h"

namespace heddle::bench {
namespace {

void run(benchmark::State& state, bool with_backward) {
  const std::int64_t rows = state.range(0);
  const std::int64_t in = state.range(1);
  const std::int64_t out = state.range(2);
  const Tensor x = sample({rows, in});
  const Tensor weight = sample({out, in}, 0.1);
  const Tensor bias = sample({1, out}, 0.1);
  const Tensor y = Tensor::empty({rows, out});
  const Tensor dy = sample({rows, out});
  const Tensor dx = Tensor::empty_like(x);
  const Tensor dweight = Tensor::empty_like(weight);
  const Tensor dbias = Tensor::empty_like(bias);
  const LinearTanhKernels& kernels = cpu_kernels().linear_tanh;
  for (auto _ : state) {
    kernels.forward(cpu_stream(), x.view(), weight.view(), bias.view(), y.output_view());
    if (with_backward) {
      kernels.backward(cpu_stream(), x.view(), weight.view(), y.view(), dy.view(), dx.output_view(),
                       dweight.output_view(), dbias.output_view());
    }
  }
  count_operations(state, (with_backward ? 3.0 : 1.0) * 2.0 * static_cast<double>(rows * in * out));
}

void linear_tanh_forward(benchmark::State& state) { run(state, false); }
void linear_tanh_forward_backward(benchmark::State& state) { run(state, true); }

void shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"rows", "in", "out"})
      ->Args({768, 64, 32})
      ->Args({64, 384, 128})
      ->Args({3200, 512, 512})
      ->Args({8192, 512, 512})
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}
BENCHMARK(linear_tanh_forward)->Apply(shapes);
BENCHMARK(linear_tanh_forward_backward)->Apply(shapes);

}  // namespace
}  // namespace heddle::bench
