#include "bench/tensors.h"

namespace heddle::bench {
namespace {

constexpr ConvOptions same_size{.padding_rows = 1, .padding_cols = 1};

/// channels, filters, rows (= cols); batch 64, kernels of 3 × 3, same size.
void run(benchmark::State& state, bool with_backward) {
  const std::int64_t channels = state.range(0);
  const std::int64_t filters = state.range(1);
  const std::int64_t rows = state.range(2);
  const Tensor x = sample({64, channels, rows, rows});
  const Tensor weight = sample({filters, channels, 3, 3});
  const Tensor bias = sample({filters});
  const Tensor y = Tensor::empty({64, filters, rows, rows});
  const Tensor dy = sample(y.shape());
  const Tensor dx = Tensor::empty_like(x);
  const Tensor dweight = Tensor::empty_like(weight);
  const Tensor dbias = Tensor::empty_like(bias);
  const ConvKernels& kernels = cpu_kernels().conv;
  for (auto _ : state) {
    kernels.forward(cpu_stream(), same_size, x.view(), weight.view(), bias.view(), y.output_view());
    if (with_backward) {
      kernels.backward(cpu_stream(), same_size, x.view(), weight.view(), dy.view(),
                       dx.output_view(), dweight.output_view(), dbias.output_view());
    }
  }
  count_operations(state, (with_backward ? 3.0 : 1.0) * 2.0 * 64.0 * 9.0 *
                              static_cast<double>(channels * filters * rows * rows));
}

void conv_forward(benchmark::State& state) { run(state, false); }
void conv_forward_backward(benchmark::State& state) { run(state, true); }

void shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"channels", "filters", "rows"})
      ->Args({3, 16, 32})
      ->Args({16, 32, 16})
      ->Args({3, 32, 32})
      ->Args({32, 64, 16})
      ->Args({64, 128, 8})
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}
BENCHMARK(conv_forward)->Apply(shapes);
BENCHMARK(conv_forward_backward)->Apply(shapes);

/// channels, rows (= cols); batch 64, windows of 2 × 2.
void max_pool(benchmark::State& state) {
  const std::int64_t rows = state.range(1);
  const Tensor x = sample({64, state.range(0), rows, rows});
  const Tensor y = Tensor::empty({64, state.range(0), rows / 2, rows / 2});
  const Tensor places = Tensor::empty(y.shape(), DType::i64);
  const Tensor dx = Tensor::empty_like(x);
  const PoolKernels& kernels = cpu_kernels().pool;
  for (auto _ : state) {
    kernels.max_forward(cpu_stream(), {}, x.view(), y.output_view(), places.output_view());
    kernels.max_backward(cpu_stream(), {}, places.view(), y.view(), dx.output_view());
  }
}
BENCHMARK(max_pool)
    ->ArgNames({"channels", "rows"})
    ->Args({32, 32})
    ->Args({64, 16})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace heddle::bench
