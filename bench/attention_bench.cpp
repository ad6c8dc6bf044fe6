#include "bench/tensors.h"

namespace heddle::bench {
namespace {

void run(benchmark::State& state, bool with_backward) {
  const Shape shape{state.range(0), state.range(1), state.range(2), state.range(3)};
  const AttentionOptions options{.scale = 0.125, .causal = state.range(4) != 0};
  const Tensor q = sample(shape);
  const Tensor k = sample(shape);
  const Tensor v = sample(shape);
  const Tensor dout = sample(shape);
  const Tensor out = Tensor::empty(shape);
  const Tensor logsumexp = Tensor::empty({shape[0], shape[1], shape[2]});
  const Tensor dq = Tensor::empty(shape);
  const Tensor dk = Tensor::empty(shape);
  const Tensor dv = Tensor::empty(shape);
  const AttentionKernels& kernels = cpu_kernels().attention;
  for (auto _ : state) {
    kernels.forward(cpu_stream(), options, q.view(), k.view(), v.view(), {}, {}, out.output_view(),
                    logsumexp.output_view());
    if (with_backward) {
      kernels.backward(cpu_stream(), options, q.view(), k.view(), v.view(), {}, {}, out.view(),
                       logsumexp.view(), dout.view(), dq.output_view(), dk.output_view(),
                       dv.output_view());
    }
  }
}

void attention_forward(benchmark::State& state) { run(state, false); }
void attention_forward_backward(benchmark::State& state) { run(state, true); }

void shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"batch", "heads", "time", "width", "causal"})
      ->Args({32, 8, 128, 64, 0})
      ->Args({32, 8, 128, 64, 1})
      ->Args({2, 4, 2048, 64, 0})
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}
BENCHMARK(attention_forward)->Apply(shapes);
BENCHMARK(attention_forward_backward)->Apply(shapes);

/// time, batch, hidden.
void attention_pool(benchmark::State& state) {
  const Tensor u = sample({state.range(0), state.range(1), state.range(2)});
  const Tensor w = sample({state.range(2)});
  const Tensor a = Tensor::empty({state.range(0), state.range(1)});
  const Tensor pooled = Tensor::empty({state.range(1), state.range(2)});
  const Tensor dpooled = sample(pooled.shape());
  const Tensor du = Tensor::empty_like(u);
  const Tensor dw = Tensor::empty_like(w);
  const AttentionPoolKernels& kernels = cpu_kernels().attention_pool;
  for (auto _ : state) {
    kernels.forward(cpu_stream(), u.view(), w.view(), {}, a.output_view(), pooled.output_view());
    kernels.backward(cpu_stream(), u.view(), w.view(), {}, a.view(), dpooled.view(), {},
                     du.output_view(), dw.output_view());
  }
}
BENCHMARK(attention_pool)
    ->ArgNames({"time", "batch", "hidden"})
    ->Args({12, 64, 32})
    ->Args({50, 64, 128})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace heddle::bench
