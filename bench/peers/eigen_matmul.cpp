// Eigen's product at the shapes of bench/matmul_bench.cpp, on one thread: run with HEDDLE_THREADS=1
// to compare. Linked into the same program, so that both sides are measured in one run.

#include <Eigen/Core>

#include "bench/tensors.h"

namespace heddle::bench {
namespace {

using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using ColMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;

template <typename Left, typename Right>
void eigen_matmul(benchmark::State& state) {
  const std::int64_t m = state.range(0);
  const std::int64_t k = state.range(1);
  const std::int64_t n = state.range(2);
  const Tensor a_values = sample({m, k});
  const Tensor b_values = sample({k, n});
  Tensor out_values = Tensor::empty({m, n});
  const Eigen::Map<const Left> a(a_values.data<float>(), m, k);
  const Eigen::Map<const Right> b(b_values.data<float>(), k, n);
  Eigen::Map<RowMajor> out(out_values.mutable_data<float>(), m, n);
  for (auto _ : state) {
    out.noalias() = a * b;
    benchmark::ClobberMemory();
  }
  count_operations(state, 2.0 * static_cast<double>(m * k * n));
}
BENCHMARK(eigen_matmul<RowMajor, RowMajor>)
    ->ArgNames({"m", "k", "n"})
    ->Args({32, 32, 32})
    ->Args({256, 256, 256})
    ->Args({1024, 1024, 1024})
    ->Args({64, 128, 512})
    ->Args({3200, 300, 512})
    ->UseRealTime();
// The right factor is a transpose.
BENCHMARK(eigen_matmul<RowMajor, ColMajor>)
    ->ArgNames({"m", "k", "n"})
    ->Args({64, 384, 128})
    ->Args({64, 2048, 128})
    ->Args({64, 128, 2})
    ->Args({1, 128, 512})
    ->Args({8192, 512, 512})
    ->Args({3200, 512, 300})
    ->UseRealTime();
// The left factor is a transpose.
BENCHMARK(eigen_matmul<ColMajor, RowMajor>)
    ->ArgNames({"m", "k", "n"})
    ->Args({300, 3200, 512})
    ->Args({128, 64, 512})
    ->UseRealTime();

}  // namespace
}  // namespace heddle::bench
