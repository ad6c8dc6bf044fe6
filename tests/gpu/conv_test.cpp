#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "tests/gpu/runs.h"
#include "tests/kernels/expect_error.h"
#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

using Version = kernels::KernelVersion<ConvKernels>;

struct ConvCase {
  std::int64_t batch, channels, rows, cols, filters, kernel_rows, kernel_cols;
  ConvOptions options = {};
};

const std::vector<ConvCase>& cases() {
  static const std::vector<ConvCase> all{
      {0, 2, 4, 4, 3, 3, 3, {}},
      {1, 1, 1, 1, 1, 1, 1, {}},
      {2, 3, 5, 6, 4, 3, 3, {.padding_rows = 1, .padding_cols = 1}},
      {2, 2, 1, 9, 3, 1, 4, {.stride_cols = 2, .padding_cols = 2}},
      {1, 2, 7, 8, 3, 3, 2, {2, 3, 1, 1, 2, 2}},
      {2, 3, 9, 7, 5, 2, 3, {1, 1, 2, 0, 3, 2}},
      {1, 17, 7, 10, 65, 3, 3, {.padding_rows = 1, .padding_cols = 1}},
      {20, 5, 4, 4, 6, 4, 4, {}},
      {20, 1, 16, 16, 2, 2, 2, {}},  // dweight in two parts
  };
  return all;
}

std::int64_t out_size(std::int64_t size, std::int64_t kernel, std::int64_t stride,
                      std::int64_t padding, std::int64_t dilation) {
  return (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1;
}

struct Inputs {
  ConvOptions options;
  Tensor x, weight, bias, dy;

  Inputs(const ConvCase& sizes, DType dtype) : options(sizes.options) {
    const auto numbers = [&](const Shape& shape, std::uint64_t seed) {
      return sample(shape, DType::f32, seed).to(dtype);
    };
    x = numbers({sizes.batch, sizes.channels, sizes.rows, sizes.cols}, 1);
    weight = numbers({sizes.filters, sizes.channels, sizes.kernel_rows, sizes.kernel_cols}, 2);
    bias = numbers({sizes.filters}, 3);
    dy = numbers({sizes.batch, sizes.filters,
                  out_size(sizes.rows, sizes.kernel_rows, options.stride_rows, options.padding_rows,
                           options.dilation_rows),
                  out_size(sizes.cols, sizes.kernel_cols, options.stride_cols, options.padding_cols,
                           options.dilation_cols)},
                 4);
  }
  Inputs to(DType dtype) const {
    Inputs result = *this;
    for (Tensor* tensor : {&result.x, &result.weight, &result.bias, &result.dy}) {
      *tensor = tensor->to(dtype);
    }
    return result;
  }
};

/// y, dx, dweight, dbias.
std::vector<Tensor> results(const ConvKernels& kernels, Device device, const Inputs& in) {
  Stream& stream = current_stream(device);
  std::vector<Tensor> all;
  for (const Tensor& like : {in.dy, in.x, in.weight, in.bias}) {
    all.push_back(unwritten(like.shape(), like.dtype()).to(device));
  }
  const Tensor x = in.x.to(device);
  const Tensor weight = in.weight.to(device);
  kernels.forward(stream, in.options, x.view(), weight.view(), in.bias.to(device).view(),
                  all[0].output_view());
  kernels.backward(stream, in.options, x.view(), weight.view(), in.dy.to(device).view(),
                   all[1].output_view(), all[2].output_view(), all[3].output_view());
  for (Tensor& tensor : all) {
    tensor = tensor.to(Device{});
  }
  return all;
}

void expect_agreement(const ConvKernels& kernels, const std::string& what, const GpuRun& run,
                      const Inputs& in, const std::vector<Tensor>& expected, double tolerance) {
  const sim::ScheduleScope scope(run.schedule);
  const std::vector<Tensor> got = results(kernels, run.device, in);
  const char* const names[] = {" y", " dx", " dweight", " dbias"};
  for (std::size_t i = 0; i < got.size(); ++i) {
    expect_near(got[i], expected[i].to_vector<double>(), tolerance,
                concat(what, ", ", run.name(), ", ", name_of(in.x.dtype()), " ", in.x.shape(),
                       " by ", in.weight.shape(), names[i]));
  }
}

TEST(GpuConv, AgreesWithTheCpuInDouble) {
  for (const DType dtype : {DType::f32, DType::f64, DType::bf16}) {
    for (const ConvCase& sizes : cases()) {
      const Inputs in(sizes, dtype);
      const std::vector<Tensor> expected = results(cpu_kernels().conv, Device{}, in.to(DType::f64));
      for (const GpuRun& run : gpu_runs()) {
        if (dtype != DType::f32 && run.schedule.order != sim::Order::forward) {
          continue;  // tiles take their time under sim
        }
        for (const Version& version : HEDDLE_VERSIONS(conv, run.device)) {
          // Each product of numbers up to 1 may be wrong by 2⁻¹⁰; errors add up like a random walk.
          const auto terms = static_cast<double>(std::max(in.dy.elements(), in.weight.elements()));
          const bool is_tf32 = version.math == "tf32" && dtype == DType::f32;
          const double tolerance = dtype == DType::bf16 ? 2e-2
                                   : is_tf32            ? 2e-3 + 2e-4 * std::sqrt(terms)
                                                        : tolerance_of(dtype);
          expect_agreement(version.kernels, std::string(version.name), run, in, expected,
                           tolerance);
        }
      }
    }
  }
}

TEST(GpuConv, TheDefaultComputesInF32UnlessAskedForLess) {
  const Device device{.backend = Backend::sim};
  Stream& stream = current_stream(device);
  const Inputs in({1, 4, 9, 8, 12, 3, 3, {.padding_rows = 1}}, DType::f32);
  const std::vector<Tensor> expected = results(cpu_kernels().conv, Device{}, in.to(DType::f64));
  const ConvKernels& kernels = kernels_for(device).conv;
  const GpuRun run{device, {}};
  expect_agreement(kernels, "f32", run, in, expected, 2e-5);
  stream.math = Math::tf32;
  expect_agreement(kernels, "tf32", run, in, expected, 3e-3);
  const Tensor rounded = results(kernels, device, in)[0];
  stream.math = Math::f32;
  EXPECT_FALSE(same_bits(rounded, results(kernels, device, in)[0]));
}

TEST(GpuConv, WhatIsNotGivenIsNotComputed) {
  const Device device{.backend = Backend::sim};
  Stream& stream = current_stream(device);
  const Inputs in({2, 3, 5, 6, 4, 3, 3, {}}, DType::f32);
  const Tensor zero = Tensor::zeros({4});
  for (const Version& version : HEDDLE_VERSIONS(conv, device)) {
    const Tensor with_zero = unwritten(in.dy.shape(), DType::f32);
    const Tensor without = unwritten(in.dy.shape(), DType::f32);
    version.kernels.forward(stream, {}, in.x.view(), in.weight.view(), zero.view(),
                            with_zero.output_view());
    version.kernels.forward(stream, {}, in.x.view(), in.weight.view(), {}, without.output_view());
    EXPECT_TRUE(same_bits(with_zero, without)) << version.name;
    version.kernels.backward(stream, {}, in.x.view(), in.weight.view(), in.dy.view(), {}, {}, {});
  }
}

TEST(GpuConv, BitsDoNotDependOnTheSchedule) {
  const Inputs in({5, 3, 9, 8, 9, 3, 3, {.padding_rows = 1, .padding_cols = 1}}, DType::f32);
  const std::size_t count = HEDDLE_VERSIONS(conv, Device{.backend = Backend::sim}).size();
  for (std::size_t v = 0; v < count; ++v) {
    std::optional<std::vector<Tensor>> first;
    for (const GpuRun& run : gpu_runs()) {
      if (run.device.backend == Backend::cuda) {
        continue;  // nvcc contracts products and sums, g++ does not
      }
      const sim::ScheduleScope scope(run.schedule);
      const Version& version = HEDDLE_VERSIONS(conv, run.device)[v];
      const std::vector<Tensor> got = results(version.kernels, run.device, in);
      for (std::size_t i = 0; first && i < got.size(); ++i) {
        EXPECT_TRUE(same_bits(got[i], (*first)[i])) << version.name << ", " << run.name();
      }
      first = got;
    }
  }
}

TEST(GpuConv, SaysWhatIsWrong) {
  const Device device{.backend = Backend::sim};
  Stream& stream = current_stream(device);
  const Tensor x = Tensor::zeros({1, 1, 3, 3});
  for (const Version& version : HEDDLE_VERSIONS(conv, device)) {
    const auto forward = [&](const Shape& weight, const Shape& bias, const Shape& y) {
      version.kernels.forward(stream, {}, x.view(), Tensor::zeros(weight).view(),
                              Tensor::zeros(bias).view(), Tensor::zeros(y).output_view());
    };
    expect_error(
        [&] {
          forward({1, 1, 4, 3}, {1}, {1, 1, 0, 1});
        },
        "larger than the padded picture");
    expect_error(
        [&] {
          forward({1, 1, 2, 2}, {2}, {1, 1, 2, 2});
        },
        "conv: bias is [2]; expected [1]");
    expect_error(
        [&] {
          forward({1, 1, 2, 2}, {1}, {1, 1, 3, 2});
        },
        "conv: y is [1, 1, 3, 2]; expected [1, 1, 2, 2]");
  }
}

}  // namespace
}  // namespace heddle::testing
