#include <cmath>
#include <vector>

#include "tests/gpu/runs.h"
#include "tests/kernels/expect_error.h"
#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

using Version = kernels::KernelVersion<PoolKernels>;

struct PictureCase {
  std::int64_t batch, channels, rows, cols;
  PoolOptions options = {};
};

const std::vector<PictureCase>& cases() {
  static const std::vector<PictureCase> all{
      {0, 2, 4, 4, {}},
      {2, 3, 4, 6, {}},
      {2, 3, 7, 9, {}},
      {1, 1, 1, 1, {1, 1, 1, 1, 0, 0}},
      {2, 2, 6, 5, {3, 3, 2, 2, 1, 1}},
      {1, 2, 5, 8, {2, 3, 1, 2, 1, 0}},
      {3, 2, 1, 11, {1, 4, 1, 3, 0, 2}},
      {1, 1, 9, 9, {2, 2, 3, 4, 0, 0}},  // pixels between windows
      {2, 3, 32, 36, {}},
  };
  return all;
}

Shape pooled_shape(const PictureCase& sizes) {
  const PoolOptions& o = sizes.options;
  return {sizes.batch, sizes.channels,
          (sizes.rows + 2 * o.padding_rows - o.kernel_rows) / o.stride_rows + 1,
          (sizes.cols + 2 * o.padding_cols - o.kernel_cols) / o.stride_cols + 1};
}

struct Pooled {
  Tensor y, places, dx;
};

/// What the version has; backward is given the places.
Pooled max_pool(const Version& version, Device device, const PoolOptions& options, const Tensor& x,
                const Tensor& places, const Tensor& dy) {
  Stream& stream = current_stream(device);
  Pooled result;
  if (version.kernels.max_forward != nullptr) {
    result.y = unwritten(dy.shape(), x.dtype()).to(device);
    result.places = Tensor::full(dy.shape(), -1, DType::i64).to(device);
    version.kernels.max_forward(stream, options, x.to(device).view(), result.y.output_view(),
                                result.places.output_view());
    result.y = result.y.to(Device{});
    result.places = result.places.to(Device{});
  }
  if (version.kernels.max_backward != nullptr) {
    result.dx = unwritten(x.shape(), x.dtype()).to(device);
    version.kernels.max_backward(stream, options, places.to(device).view(), dy.to(device).view(),
                                 result.dx.output_view());
    result.dx = result.dx.to(Device{});
  }
  return result;
}

Pooled average_pool(const Version& version, Device device, const PoolOptions& options,
                    const Tensor& x, const Tensor& dy) {
  Stream& stream = current_stream(device);
  Pooled result;
  if (version.kernels.average_forward != nullptr) {
    result.y = unwritten(dy.shape(), x.dtype()).to(device);
    version.kernels.average_forward(stream, options, x.to(device).view(), result.y.output_view());
    result.y = result.y.to(Device{});
  }
  if (version.kernels.average_backward != nullptr) {
    result.dx = unwritten(x.shape(), x.dtype()).to(device);
    version.kernels.average_backward(stream, options, dy.to(device).view(),
                                     result.dx.output_view());
    result.dx = result.dx.to(Device{});
  }
  return result;
}

double allowed(DType dtype) { return dtype == DType::bf16 ? 8e-3 : tolerance_of(dtype); }

/// Against the cpu kernels in f64, which have their own test against the definition.
TEST(GpuPool, AgreesWithTheCpuInDouble) {
  for (const DType dtype : {DType::f32, DType::f64, DType::bf16}) {
    for (const PictureCase& sizes : cases()) {
      const Shape in{sizes.batch, sizes.channels, sizes.rows, sizes.cols};
      // Coarse values, so that many are equal.
      std::vector<float> coarse = sample(in, DType::f32, 1).to_vector<float>();
      for (float& value : coarse) {
        value = std::round(4 * value);
      }
      const Tensor x = Tensor::from<float>(coarse, in).to(dtype);
      const Tensor dy = sample(pooled_shape(sizes), DType::f32, 2).to(dtype);
      const Tensor wide_x = x.to(DType::f64);
      const Tensor wide_dy = dy.to(DType::f64);
      const Tensor places = Tensor::zeros(dy.shape(), DType::i64);
      const Tensor y = unwritten(dy.shape(), DType::f64);
      const Tensor dx = unwritten(in, DType::f64);
      const Tensor mean = unwritten(dy.shape(), DType::f64);
      const Tensor mean_dx = unwritten(in, DType::f64);
      const PoolKernels& cpu = cpu_kernels().pool;
      cpu.max_forward(cpu_stream(), sizes.options, wide_x.view(), y.output_view(),
                      places.output_view());
      cpu.max_backward(cpu_stream(), sizes.options, places.view(), wide_dy.view(),
                       dx.output_view());
      cpu.average_forward(cpu_stream(), sizes.options, wide_x.view(), mean.output_view());
      cpu.average_backward(cpu_stream(), sizes.options, wide_dy.view(), mean_dx.output_view());
      for (const GpuRun& run : gpu_runs()) {
        const sim::ScheduleScope scope(run.schedule);
        for (const Version& version : HEDDLE_VERSIONS(pool, run.device)) {
          const std::string what =
              concat(version.name, ", ", run.name(), ", ", name_of(dtype), " ", in);
          const Pooled max = max_pool(version, run.device, sizes.options, x, places, dy);
          const Pooled average = average_pool(version, run.device, sizes.options, x, dy);
          if (max.y.defined()) {
            expect_near(max.y, y.to_vector<double>(), 0.0, what + " max");
            EXPECT_TRUE(same_bits(max.places, places)) << what << " places";
            expect_near(average.y, mean.to_vector<double>(), allowed(dtype), what + " average");
          }
          if (max.dx.defined()) {
            expect_near(max.dx, dx.to_vector<double>(), allowed(dtype), what + " max dx");
            expect_near(average.dx, mean_dx.to_vector<double>(), allowed(dtype),
                        what + " average dx");
          }
        }
      }
    }
  }
}

TEST(GpuPool, NotANumberWins) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor x = Tensor::from<float>({1, nan, 5, 6, 2, 3, nan, 7}, {1, 1, 2, 4});
  const Tensor dy = Tensor::zeros({1, 1, 1, 2});
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope scope(run.schedule);
    for (const Version& version : HEDDLE_VERSIONS(pool, run.device)) {
      if (version.kernels.max_forward != nullptr) {
        const Pooled got = max_pool(version, run.device, {}, x, {}, dy);
        EXPECT_TRUE(std::isnan(got.y.to_vector<double>()[0])) << version.name;
        EXPECT_TRUE(std::isnan(got.y.to_vector<double>()[1])) << version.name;
        EXPECT_EQ(got.places.to_vector<std::int64_t>(), (std::vector<std::int64_t>{1, 6}));
      }
    }
  }
}

TEST(GpuPool, SaysWhatIsWrong) {
  const Device device{.backend = Backend::sim};
  const Tensor x = Tensor::zeros({1, 1, 4, 4});
  const Tensor dy = Tensor::zeros({1, 1, 2, 2});
  for (const Version& version : HEDDLE_VERSIONS(pool, device)) {
    const Tensor wrong = Tensor::zeros({1, 1, 3, 3});
    expect_error(
        [&] {
          average_pool(version, device, {2, 2, 2, 2, 2, 2}, x, wrong);
        },
        "padding of at most half the kernel");
    expect_error([&] { average_pool(version, device, {}, x, wrong); },
                 "pool: y is [1, 1, 3, 3]; expected [1, 1, 2, 2]");
    if (version.kernels.max_backward != nullptr) {
      const Tensor places = Tensor::from<std::int64_t>({0, 2, 8, 16}, {1, 1, 2, 2});
      expect_error([&] { max_pool(version, device, {}, x, places, dy); },
                   "pool: places[0, 0, 1, 1] is 16; expected 0 … 15");
    }
  }
}

}  // namespace
}  // namespace heddle::testing
