#include "bench/tensors.h"

namespace heddle::bench {
namespace {

constexpr std::int64_t tiny = 1;
constexpr std::int64_t small = 16 << 10;
constexpr std::int64_t large = 4 << 20;

void sizes(benchmark::internal::Benchmark* bench) {
  bench->Arg(tiny)->Arg(small)->Arg(large)->UseRealTime()->Unit(benchmark::kMicrosecond);
}

template <UnaryOp op>
void unary(benchmark::State& state) {
  const Tensor x = sample({state.range(0)}, 4.0);
  const Tensor y = Tensor::empty_like(x);
  for (auto _ : state) {
    cpu_kernels().elementwise.unary(cpu_stream(), op, x.view(), y.output_view());
  }
  count_bytes(state, 2 * 4 * state.range(0));
}
BENCHMARK(unary<UnaryOp::exp>)->Name("exp")->Apply(sizes);
BENCHMARK(unary<UnaryOp::tanh>)->Name("tanh")->Apply(sizes);
BENCHMARK(unary<UnaryOp::sigmoid>)->Name("sigmoid")->Apply(sizes);
BENCHMARK(unary<UnaryOp::gelu>)->Name("gelu")->Apply(sizes);
BENCHMARK(unary<UnaryOp::log>)->Name("log")->Apply(sizes);
BENCHMARK(unary<UnaryOp::relu>)->Name("relu")->Apply(sizes);

void tanh_backward(benchmark::State& state) {
  const Tensor y = sample({state.range(0)});
  const Tensor dx = Tensor::empty_like(y);
  for (auto _ : state) {
    cpu_kernels().elementwise.unary_backward(cpu_stream(), UnaryOp::tanh, {}, y.view(), y.view(),
                                             dx.output_view());
  }
  count_bytes(state, 2 * 4 * state.range(0));
}
BENCHMARK(tanh_backward)->Apply(sizes);

void add(benchmark::State& state) {
  const Tensor a = sample({state.range(0)});
  const Tensor b = sample({state.range(0)});
  const Tensor out = Tensor::empty_like(a);
  for (auto _ : state) {
    cpu_kernels().elementwise.binary(cpu_stream(), BinaryOp::add, a.view(), b.view(),
                                     out.output_view());
  }
  count_bytes(state, 3 * 4 * state.range(0));
}
BENCHMARK(add)->Apply(sizes);

/// rows, cols: a row is added to each row of a matrix.
void add_row(benchmark::State& state) {
  const Tensor a = sample({state.range(0), state.range(1)});
  const Tensor row = sample({state.range(1)});
  const Tensor repeated = row.expand(a.shape());
  const Tensor out = Tensor::empty_like(a);
  for (auto _ : state) {
    cpu_kernels().elementwise.binary(cpu_stream(), BinaryOp::add, a.view(), repeated.view(),
                                     out.output_view());
  }
  count_bytes(state, 2 * 4 * a.elements());
}
BENCHMARK(add_row)
    ->ArgNames({"rows", "cols"})
    ->Args({3200, 512})
    ->Args({3200, 2})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

/// rows, cols: both inputs transposed, one of them.
void add_transposed(benchmark::State& state) {
  const Tensor a = sample({state.range(0), state.range(1)});
  const Tensor b = sample({state.range(1), state.range(0)});
  const Tensor turned = b.transpose(0, 1);
  const Tensor out = Tensor::empty_like(a);
  for (auto _ : state) {
    cpu_kernels().elementwise.binary(cpu_stream(), BinaryOp::add, a.view(), turned.view(),
                                     out.output_view());
  }
  count_bytes(state, 3 * 4 * a.elements());
}
BENCHMARK(add_transposed)
    ->ArgNames({"rows", "cols"})
    ->Args({3200, 512})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

void dropout(benchmark::State& state) {
  const Tensor x = sample({state.range(0)});
  const Tensor y = Tensor::empty_like(x);
  for (auto _ : state) {
    cpu_kernels().dropout.apply(cpu_stream(), 0.5, {1, 2, 3}, x.view(), y.output_view());
  }
  count_bytes(state, 2 * 4 * state.range(0));
}
BENCHMARK(dropout)->Apply(sizes);

}  // namespace
}  // namespace heddle::bench
