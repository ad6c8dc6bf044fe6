#include <vector>

#include "bench/tensors.h"

namespace heddle::bench {
namespace {

/// rows, classes.
void cross_entropy_forward_backward(benchmark::State& state) {
  const std::int64_t rows = state.range(0);
  const std::int64_t classes = state.range(1);
  const Tensor logits = sample({rows, classes});
  std::vector<std::int64_t> values;
  for (std::int64_t r = 0; r < rows; ++r) {
    values.push_back(r % classes);
  }
  const Tensor targets = Tensor::from<std::int64_t>(values, {rows});
  const Tensor losses = Tensor::empty({rows});
  const Tensor weights = Tensor::empty({rows});
  const Tensor logsumexp = Tensor::empty({rows});
  const Tensor dlogits = Tensor::empty_like(logits);
  const CrossEntropyKernels& kernels = cpu_kernels().cross_entropy;
  for (auto _ : state) {
    kernels.forward(cpu_stream(), {}, logits.view(), targets.view(), {}, losses.output_view(),
                    weights.output_view(), logsumexp.output_view());
    kernels.backward(cpu_stream(), {}, logits.view(), targets.view(), {}, logsumexp.view(),
                     losses.view(), dlogits.output_view());
  }
  count_bytes(state, 3 * 4 * rows * classes);
}
BENCHMARK(cross_entropy_forward_backward)
    ->ArgNames({"rows", "classes"})
    ->Args({64, 2})
    ->Args({3200, 512})
    ->Args({512, 10000})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace heddle::bench
