#include <algorithm>
#include <vector>

#include "bench/tensors.h"

namespace heddle::bench {
namespace {

/// Parameters of one model: a table, some matrices and many biases.
struct Model {
  std::vector<Tensor> value, gradient, first, second;
  std::int64_t elements = 0;

  explicit Model(std::int64_t table_rows) {
    add({table_rows, 300});
    for (int layer = 0; layer < 6; ++layer) {
      add({512, 128});
      add({512});
    }
  }

  void add(const Shape& shape) {
    value.push_back(sample(shape));
    gradient.push_back(sample(shape));
    first.push_back(Tensor::zeros(shape));
    second.push_back(Tensor::zeros(shape));
    elements += element_count(shape);
  }

  std::vector<UpdateSlot> slots() {
    std::vector<UpdateSlot> all;
    for (std::size_t i = 0; i < value.size(); ++i) {
      all.push_back({value[i].mutable_view("update"), gradient[i].view(),
                     first[i].mutable_view("update"), second[i].mutable_view("update"), 1e-3, 0.0,
                     false});
    }
    return all;
  }
};

Tensor scalars() {
  const Tensor tensor = Tensor::zeros({StepScalars::count}, DType::f64);
  *tensor.output_view().pointer<StepScalars>() = {.correction1 = 0.1, .correction2 = 0.001};
  return tensor;
}

void adam(benchmark::State& state) {
  Model model(state.range(0));
  const std::vector<UpdateSlot> slots = model.slots();
  const Tensor now = scalars();
  for (auto _ : state) {
    cpu_kernels().optimizer.adam(cpu_stream(), {}, now.view(), slots);
  }
  count_bytes(state, 7 * 4 * model.elements);
}

/// All but 3200 rows of the table have no gradient.
void adam_touched_rows(benchmark::State& state) {
  Model model(state.range(0));
  model.gradient[0].slice(0, std::min<std::int64_t>(3200, state.range(0))).fill_(0.0);
  std::vector<UpdateSlot> slots = model.slots();
  slots[0].touched_rows_only = true;
  const Tensor now = scalars();
  for (auto _ : state) {
    cpu_kernels().optimizer.adam(cpu_stream(), {}, now.view(), slots);
  }
}

void sgd_momentum(benchmark::State& state) {
  Model model(state.range(0));
  const std::vector<UpdateSlot> slots = model.slots();
  const Tensor now = scalars();
  for (auto _ : state) {
    cpu_kernels().optimizer.sgd(cpu_stream(), {.momentum = 0.9}, now.view(), slots);
  }
  count_bytes(state, 5 * 4 * model.elements);
}

void squared_norm(benchmark::State& state) {
  Model model(state.range(0));
  const std::vector<UpdateSlot> slots = model.slots();
  const Tensor now = scalars();
  for (auto _ : state) {
    cpu_kernels().optimizer.squared_norm(cpu_stream(), slots, now.output_view());
  }
  count_bytes(state, 4 * model.elements);
}

/// Rows of the table; the rest has 0.4 million elements.
void shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgName("table_rows")->Arg(0)->Arg(8690)->UseRealTime()->Unit(benchmark::kMicrosecond);
}
BENCHMARK(adam)->Apply(shapes);
BENCHMARK(adam_touched_rows)->Apply(shapes);
BENCHMARK(sgd_momentum)->Apply(shapes);
BENCHMARK(squared_norm)->Apply(shapes);

}  // namespace
}  // namespace heddle::bench
