#include "bench/tensors.h"

namespace heddle::bench {
namespace {

/// One bidirectional layer with everything that forward and backward read and write.
struct Layer {
  Tensor x, weight_input, weight_hidden, bias, lengths;
  Tensor y, h_n, c_n, gates, cells, dy;
  Tensor dx, dweight_input, dweight_hidden, dbias;

  Layer(std::int64_t time, std::int64_t batch, std::int64_t input, std::int64_t hidden,
        bool has_lengths)
      : x(sample({time, batch, input})),
        weight_input(sample({2, 4 * hidden, input}, 0.1)),
        weight_hidden(sample({2, 4 * hidden, hidden}, 0.1)),
        bias(sample({2, 4 * hidden}, 0.1)),
        y(Tensor::empty({time, batch, 2 * hidden})),
        h_n(Tensor::empty({2, batch, hidden})),
        c_n(Tensor::empty({2, batch, hidden})),
        gates(Tensor::empty({2, time, batch, 4 * hidden})),
        cells(Tensor::empty({2, time, batch, hidden})),
        dy(sample({time, batch, 2 * hidden})),
        dx(Tensor::empty_like(x)),
        dweight_input(Tensor::empty_like(weight_input)),
        dweight_hidden(Tensor::empty_like(weight_hidden)),
        dbias(Tensor::empty_like(bias)) {
    if (has_lengths) {
      std::vector<std::int64_t> values;
      for (std::int64_t row = 0; row < batch; ++row) {
        values.push_back(1 + row * 7 % time);
      }
      lengths = Tensor::from<std::int64_t>(values, {batch});
    }
  }
  LstmInputs inputs() const {
    return {x.view(),
            weight_input.view(),
            weight_hidden.view(),
            bias.view(),
            lengths.defined() ? lengths.view() : ConstView{},
            {},
            {}};
  }
  void forward() const {
    cpu_kernels().lstm.forward(cpu_stream(), inputs(),
                               {y.output_view(), h_n.output_view(), c_n.output_view(),
                                gates.output_view(), cells.output_view()});
  }
  void backward() const {
    cpu_kernels().lstm.backward(cpu_stream(), inputs(), {y.view(), gates.view(), cells.view()},
                                {dy.view(), {}, {}},
                                {dx.output_view(),
                                 dweight_input.output_view(),
                                 dweight_hidden.output_view(),
                                 dbias.output_view(),
                                 {},
                                 {}});
  }
};

void run(benchmark::State& state, bool with_backward) {
  const std::int64_t time = state.range(0);
  const std::int64_t batch = state.range(1);
  const std::int64_t input = state.range(2);
  const std::int64_t hidden = state.range(3);
  const bool has_lengths = state.range(4) != 0;
  const Layer layer(time, batch, input, hidden, has_lengths);
  for (auto _ : state) {
    layer.forward();
    if (with_backward) {
      layer.backward();
    }
  }
  if (!has_lengths) {
    count_operations(state, (with_backward ? 3.0 : 1.0) * 2.0 * 8.0 *
                                static_cast<double>(time * batch * hidden * (input + hidden)));
  }
}

void lstm_forward(benchmark::State& state) { run(state, false); }
void lstm_forward_backward(benchmark::State& state) { run(state, true); }

void shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"time", "batch", "input", "hidden", "lengths"})
      ->Args({12, 64, 32, 32, 0})
      ->Args({12, 64, 32, 32, 1})
      ->Args({50, 32, 300, 128, 0})
      ->Args({50, 64, 300, 128, 0})
      ->Args({50, 64, 300, 128, 1})
      ->Args({50, 64, 300, 256, 0})
      ->Args({50, 1, 300, 128, 0})
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}
BENCHMARK(lstm_forward)->Apply(shapes);
BENCHMARK(lstm_forward_backward)->Apply(shapes);

}  // namespace
}  // namespace heddle::bench
