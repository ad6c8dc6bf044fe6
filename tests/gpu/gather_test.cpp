#include <algorithm>
#include <optional>
#include <vector>

#include "tests/gpu/runs.h"
#include "tests/kernels/expect_error.h"
#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

using Version = kernels::KernelVersion<GatherKernels>;

/// The same numbers on `device`, with the strides that `order` gives (copies are contiguous).
Tensor laid_out(const Tensor& tensor, Device device, const std::vector<int>& order) {
  const std::vector<int> back = {
      static_cast<int>(std::find(order.begin(), order.end(), 0) - order.begin()),
      static_cast<int>(std::find(order.begin(), order.end(), 1) - order.begin()),
      static_cast<int>(std::find(order.begin(), order.end(), 2) - order.begin())};
  return tensor.permute({order[0], order[1], order[2]})
      .contiguous()
      .to(device)
      .permute({back[0], back[1], back[2]});
}

Tensor gather(const Version& version, Device device, const Tensor& x, const Tensor& index,
              const std::vector<int>& order) {
  const Tensor out = laid_out(unwritten(index.shape(), x.dtype()), device, order);
  version.kernels.forward(current_stream(device), laid_out(x, device, order).view(),
                          laid_out(index, device, {2, 1, 0}).view(), out.output_view());
  return out.to(Device{});
}

Tensor gradient(const Version& version, Device device, const Tensor& index, const Tensor& dout,
                const Shape& shape, const std::vector<int>& order) {
  const Tensor dx = laid_out(unwritten(shape, dout.dtype()), device, order);
  version.kernels.backward(current_stream(device), laid_out(index, device, order).view(),
                           laid_out(dout, device, {0, 2, 1}).view(), dx.output_view());
  return dx.to(Device{});
}

Tensor indices_below(std::int64_t n, const Shape& shape) {
  Generator generator(3);
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < element_count(shape); ++i) {
    values.push_back(static_cast<std::int64_t>(generator.below(static_cast<std::uint64_t>(n))));
  }
  return Tensor::from<std::int64_t>(values, shape);
}

void expect_gather(const Shape& shape, std::int64_t k, DType dtype, const std::vector<int>& order) {
  const Tensor x = sample(shape, dtype, 1);
  const Tensor index = indices_below(shape[1], {shape[0], k, shape[2]});
  const Tensor dout = sample(index.shape(), dtype, 2);
  const std::vector<double> from = x.to_vector<double>();
  const std::vector<std::int64_t> places = index.to_vector<std::int64_t>();
  const std::vector<double> upstream = dout.to_vector<double>();
  const std::int64_t inner = x.size(2);
  std::vector<double> expected;
  std::vector<double> expected_gradient(from.size());
  for (std::size_t e = 0; e < places.size(); ++e) {
    const auto at = static_cast<std::int64_t>(e);
    const std::int64_t outer = at / inner / k;
    const auto source =
        static_cast<std::size_t>((outer * x.size(1) + places[e]) * inner + at % inner);
    expected.push_back(from[source]);
    expected_gradient[source] += upstream[e];
  }
  const double tolerance = dtype == DType::bf16 ? 8e-3 : tolerance_of(dtype);
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope scope(run.schedule);
    for (const Version& version : HEDDLE_VERSIONS(gather, run.device)) {
      const std::string what = concat(version.name, ", ", run.name(), ", ", name_of(dtype),
                                      " from ", shape, " by ", index.shape());
      if (version.kernels.forward != nullptr) {
        expect_near(gather(version, run.device, x, index, order), expected, 0.0, what);
      }
      if (version.kernels.backward != nullptr) {
        expect_near(gradient(version, run.device, index, dout, shape, order), expected_gradient,
                    tolerance, what);
      }
    }
  }
}

TEST(GpuGather, PicksAndReturnsGradients) {
  for (const DType dtype : {DType::f32, DType::f64, DType::bf16}) {
    for (const std::vector<int>& order : {std::vector<int>{0, 1, 2}, {2, 0, 1}}) {
      expect_gather({3, 5, 4}, 7, dtype, order);
      expect_gather({1, 100, 1}, 129, dtype, order);
      expect_gather({33, 10, 1}, 1, dtype, order);
      expect_gather({2, 3, 129}, 31, dtype, order);
      expect_gather({0, 3, 4}, 2, dtype, order);
      expect_gather({2, 3, 4}, 0, dtype, order);
      expect_gather({2, 3, 0}, 5, dtype, order);
    }
  }
  // Long lines, which the default adds in shared memory.
  expect_gather({1, 200, 33}, 150, DType::f32, {0, 1, 2});
}

TEST(GpuGather, BitsDoNotDependOnTheSchedule) {
  const Tensor index = indices_below(5, {3, 100, 40});
  const Tensor dout = sample({3, 100, 40}, DType::f32, 1);
  std::optional<Tensor> first;
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope scope(run.schedule);
    for (const Version& version : HEDDLE_VERSIONS(gather, run.device)) {
      if (version.kernels.backward == nullptr) {
        continue;
      }
      // Both versions add in the order of j.
      const Tensor got = gradient(version, run.device, index, dout, {3, 5, 40}, {0, 1, 2});
      EXPECT_TRUE(!first || same_bits(got, *first)) << version.name << ", " << run.name();
      first = got;
    }
  }
}

TEST(GpuGather, AnIndexOutsideIsNamed) {
  const Device device{.backend = Backend::sim};
  const Tensor x = Tensor::zeros({1, 3, 2});
  const Tensor index = Tensor::from<std::int64_t>({0, 2, 1, 3}, {1, 2, 2});
  for (const Version& version : HEDDLE_VERSIONS(gather, device)) {
    if (version.kernels.forward != nullptr) {
      expect_error(
          [&] {
            gather(version, device, x, index, {0, 1, 2});
          },
          "gather: index[0, 1, 1] is 3; expected 0 … 2");
      expect_error(
          [&] {
            gather(version, device, x, Tensor::zeros({1, 2, 3}, DType::i64), {0, 1, 2});
          },
          "gather: index is [1, 2, 3]; expected [1, 2, 2]");
    } else {
      expect_error(
          [&] {
            gradient(version, device, index, Tensor::zeros({1, 2, 2}), {1, 3, 2}, {0, 1, 2});
          },
          "gather_backward: index[0, 1, 1] is 3");
    }
  }
}

}  // namespace
}  // namespace heddle::testing
