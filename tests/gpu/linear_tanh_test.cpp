#include <gtest/gtest.h>

#include <algorithm>
#include <bit>

#include "tests/gpu/runs.h"
#include "tests/gpu/warpgroup_products.h"
#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

struct LinearTanhCase {
  std::int64_t rows, in, out, groups;  // groups 0: no bias
};

const std::vector<LinearTanhCase> cases{
    {0, 3, 4, 1},    {1, 1, 1, 1},    {5, 7, 3, 0}, {5, 0, 3, 1},      {31, 33, 32, 1},
    {64, 96, 40, 4}, {300, 20, 9, 5}, {7, 9, 5, 3}, {129, 16, 128, 1}, {3, 1000, 33, 2}};

double tolerance_of_class(std::string_view math, DType dtype) {
  if (dtype == DType::f64) {
    return 1e-12;
  }
  return dtype == DType::bf16 || math == "bf16" ? 2e-2 : math == "tf32" ? 2e-3 : 2e-5;
}

/// A call with inputs such that z stays within about ±2, on the host.
struct LinearTanhTensors {
  Tensor x, weight, bias;

  LinearTanhTensors(const LinearTanhCase& sizes, DType dtype)
      : x(sample({sizes.rows, sizes.in}, dtype, 1)) {
    std::vector<float> values = sample({sizes.out, sizes.in}, DType::f32, 2).to_vector<float>();
    for (float& value : values) {
      value /= std::sqrt(static_cast<float>(std::max<std::int64_t>(sizes.in, 1)));
    }
    weight = Tensor::from<float>(values, {sizes.out, sizes.in}).to(dtype);
    if (sizes.groups > 0) {
      bias = sample({sizes.groups, sizes.out}, dtype, 3);
    }
  }
};

ConstView view_or_none(const Tensor& tensor) {
  return tensor.defined() ? tensor.view() : ConstView{};
}
Tensor there(const Tensor& tensor, Device device) {
  return tensor.defined() ? tensor.to(device) : tensor;
}

Tensor forward(const LinearTanhKernels& kernels, Device device, const LinearTanhTensors& on_host) {
  const Tensor x = there(on_host.x, device);
  const Tensor weight = there(on_host.weight, device);
  const Tensor bias = there(on_host.bias, device);
  const Tensor y = unwritten({x.size(0), weight.size(0)}, x.dtype()).to(device);
  kernels.forward(current_stream(device), x.view(), weight.view(), view_or_none(bias),
                  y.output_view());
  return y.to(Device{});
}

LinearTanhTensors in_double(const LinearTanhTensors& tensors) {
  LinearTanhTensors result = tensors;
  result.x = tensors.x.to(DType::f64);
  result.weight = tensors.weight.to(DType::f64);
  if (tensors.bias.defined()) {
    result.bias = tensors.bias.to(DType::f64);
  }
  return result;
}

struct Gradients {
  Tensor dx, dweight, dbias;
};

Gradients backward(const LinearTanhKernels& kernels, Device device,
                   const LinearTanhTensors& on_host, const Tensor& y_on_host,
                   const Tensor& dy_on_host) {
  const Tensor x = there(on_host.x, device);
  const Tensor weight = there(on_host.weight, device);
  const Tensor y = there(y_on_host, device);
  const Tensor dy = there(dy_on_host, device);
  const Tensor dx = unwritten(x.shape(), x.dtype()).to(device);
  const Tensor dweight = unwritten(weight.shape(), x.dtype()).to(device);
  const Tensor dbias =
      on_host.bias.defined() ? unwritten(on_host.bias.shape(), x.dtype()).to(device) : Tensor();
  kernels.backward(current_stream(device), x.view(), weight.view(), y.view(), dy.view(),
                   dx.output_view(), dweight.output_view(),
                   dbias.defined() ? dbias.output_view() : View{});
  return {dx.to(Device{}), dweight.to(Device{}), there(dbias, Device{})};
}

TEST(GpuLinearTanh, VersionsAgreeWithDoubles) {
  for (const DType dtype : {DType::f32, DType::f64, DType::bf16}) {
    for (const LinearTanhCase& sizes : cases) {
      const LinearTanhTensors tensors(sizes, dtype);
      const std::vector<double> expected =
          forward(cpu_kernels().linear_tanh, Device{}, in_double(tensors)).to_vector<double>();
      for (const GpuRun& run : gpu_runs()) {
        const sim::ScheduleScope scope(run.schedule);
        for (const auto& version : HEDDLE_VERSIONS(linear_tanh, run.device)) {
          expect_near(forward(version.kernels, run.device, tensors), expected,
                      tolerance_of_class(version.math, dtype),
                      concat(version.name, " on ", run.name(), ", ", sizes.rows, " × ", sizes.in,
                             " × ", sizes.out, ' ', name_of(dtype)));
        }
      }
    }
  }
}

TEST(GpuLinearTanh, WarpgroupsComputeWhatTheCopyEngineTakesAndElseFallBack) {
  const Device device{.backend = Backend::sim};
  struct Case {
    LinearTanhCase sizes;
    DType dtype;
    std::string_view math;
    bool by_warpgroups;
  };
  for (const Case& example : {Case{{64, 96, 40, 4}, DType::f32, "tf32", true},
                              Case{{3, 1000, 33, 2}, DType::f32, "tf32", true},
                              Case{{300, 20, 270, 0}, DType::f32, "tf32", true},
                              Case{{129, 16, 128, 1}, DType::bf16, "bf16", true},
                              Case{{70, 200, 130, 7}, DType::bf16, "tf32", true},
                              Case{{31, 33, 32, 1}, DType::f32, "tf32", false},
                              Case{{64, 96, 40, 4}, DType::f32, "bf16", false},
                              Case{{5, 20, 8, 1}, DType::bf16, "bf16", false},
                              Case{{5, 0, 8, 1}, DType::bf16, "bf16", false},
                              Case{{5, 16, 8, 1}, DType::f64, "tf32", false}}) {
    const LinearTanhTensors tensors(example.sizes, example.dtype);
    const auto computed_by = [&](const std::string& name) {
      for (const auto& version : HEDDLE_VERSIONS(linear_tanh, device)) {
        if (version.name == name) {
          return forward(version.kernels, device, tensors);
        }
      }
      throw Error("no version " + name);
    };
    for (const GpuRun& run : gpu_runs()) {
      if (run.device.backend != Backend::sim) {
        continue;
      }
      const sim::ScheduleScope schedule(run.schedule);
      WarpgroupProducts products;
      const Tensor got = [&] {
        const sim::RecordScope scope(products);
        return computed_by(concat("fused_warpgroup_tensor_cores_", example.math));
      }();
      const std::string what = concat(run.name(), ", in = ", example.sizes.in, ' ',
                                      name_of(example.dtype), " by ", example.math);
      EXPECT_EQ(products.count > 0, example.by_warpgroups) << what;
      // The same factors, rounded alike, in the order of `in`: under sim the same bits.
      EXPECT_TRUE(same_bits(got, computed_by(concat("fused_tensor_cores_", example.math)))) << what;
    }
  }
}

TEST(GpuLinearTanh, BackwardAgreesWithDoubles) {
  for (const DType dtype : {DType::f32, DType::f64, DType::bf16}) {
    for (const LinearTanhCase& sizes : cases) {
      const LinearTanhTensors tensors(sizes, dtype);
      const Tensor y = forward(cpu_kernels().linear_tanh, Device{}, in_double(tensors)).to(dtype);
      // Gradients of a mean: sums over the rows stay near 1.
      std::vector<float> slopes = sample(y.shape(), DType::f32, 4).to_vector<float>();
      for (float& slope : slopes) {
        slope /= std::sqrt(static_cast<float>(std::max<std::int64_t>(sizes.rows, 1)));
      }
      const Tensor dy = Tensor::from<float>(slopes, y.shape()).to(dtype);
      const Gradients expected = backward(cpu_kernels().linear_tanh, Device{}, in_double(tensors),
                                          y.to(DType::f64), dy.to(DType::f64));
      for (const GpuRun& run : gpu_runs()) {
        const sim::ScheduleScope scope(run.schedule);
        for (const auto& version : HEDDLE_VERSIONS(linear_tanh, run.device)) {
          if (version.kernels.backward == nullptr) {
            continue;
          }
          const std::string what = concat(version.name, " on ", run.name(), ", ", sizes.rows, " × ",
                                          sizes.in, " × ", sizes.out, ' ', name_of(dtype), ' ');
          const double tolerance = tolerance_of_class(version.math, dtype);
          const Gradients got = backward(version.kernels, run.device, tensors, y, dy);
          expect_near(got.dx, expected.dx.to_vector<double>(), tolerance, what + "dx");
          expect_near(got.dweight, expected.dweight.to_vector<double>(), tolerance,
                      what + "dweight");
          if (got.dbias.defined()) {
            expect_near(got.dbias, expected.dbias.to_vector<double>(), tolerance, what + "dbias");
          }
        }
      }
    }
  }
}

TEST(GpuLinearTanh, SameBitsInEverySchedule) {
  const LinearTanhTensors tensors({200, 300, 37, 8}, DType::f32);
  const Tensor dy = sample({200, 37}, DType::f32, 4);
  std::vector<Tensor> expected;
  for (const GpuRun& run : gpu_runs()) {
    if (run.device.backend != Backend::sim) {
      continue;
    }
    const sim::ScheduleScope scope(run.schedule);
    std::vector<Tensor> results;
    for (const auto& version : HEDDLE_VERSIONS(linear_tanh, run.device)) {
      const Tensor y = forward(version.kernels, run.device, tensors);
      results.push_back(y);
      if (version.kernels.backward != nullptr) {
        const Gradients got = backward(version.kernels, run.device, tensors, y, dy);
        results.insert(results.end(), {got.dx, got.dweight, got.dbias});
      }
    }
    if (expected.empty()) {
      expected = results;
    }
    for (std::size_t i = 0; i < results.size(); ++i) {
      EXPECT_TRUE(same_bits(results[i], expected[i])) << "tensor " << i << ", " << run.name();
    }
    // The fused version rounds exactly where the separate one does.
    EXPECT_TRUE(same_bits(results[0], results[4])) << run.name();
  }
}

TEST(GpuLinearTanh, DefaultFollowsShapeAndTheStreamsMath) {
  const Device device{.backend = Backend::sim};
  struct Choice {
    Math math;
    std::int64_t in;
    DType dtype;
    std::string_view name;
  };
  for (const Choice& choice : {Choice{Math::f32, 40, DType::f32, "fused_register_tile"},
                               Choice{Math::f32, 1030, DType::f32, "small_rows"},
                               Choice{Math::tf32, 40, DType::f32, "fused_tensor_cores_tf32"},
                               Choice{Math::bf16, 40, DType::f32, "fused_tensor_cores_bf16"},
                               Choice{Math::f32, 40, DType::bf16, "fused_tensor_cores_bf16"},
                               Choice{Math::tf32, 40, DType::f64, "fused_register_tile"}}) {
    const LinearTanhTensors tensors({9, choice.in, 11, 3}, choice.dtype);
    Stream& stream = current_stream(device);
    const Math before = stream.math;
    stream.math = choice.math;
    const Tensor got = forward(kernels::sim::linear_tanh_kernels(), device, tensors);
    stream.math = before;
    bool is_found = false;
    for (const auto& version : HEDDLE_VERSIONS(linear_tanh, device)) {
      if (version.name == choice.name) {
        is_found = true;
        EXPECT_TRUE(same_bits(got, forward(version.kernels, device, tensors))) << choice.name;
      }
    }
    EXPECT_TRUE(is_found) << choice.name;
  }
}

TEST(GpuLinearTanh, WritesOnlyTheGradientsAskedFor) {
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope scope(run.schedule);
    for (const auto& version : HEDDLE_VERSIONS(linear_tanh, run.device)) {
      if (version.kernels.backward == nullptr) {
        continue;
      }
      const LinearTanhTensors tensors({6, 5, 4, 1}, DType::f32);
      const Tensor y = forward(version.kernels, run.device, tensors).to(run.device);
      const Tensor dy = sample({6, 4}, DType::f32, 4).to(run.device);
      const Tensor dweight = unwritten({4, 5}, DType::f32).to(run.device);
      version.kernels.backward(current_stream(run.device), tensors.x.to(run.device).view(),
                               tensors.weight.to(run.device).view(), y.view(), dy.view(), View{},
                               dweight.output_view(), View{});
      for (const double value : dweight.to(Device{}).to_vector<double>()) {
        EXPECT_TRUE(std::isfinite(value));
      }
    }
  }
}

/// The distance in units in the last place of `got` from the exact value.
double ulps(float got, double exact) {
  const float rounded = std::abs(static_cast<float>(exact));
  const float next = std::nextafter(rounded, std::numeric_limits<float>::infinity());
  return std::abs(static_cast<double>(got) - exact) /
         (static_cast<double>(next) - static_cast<double>(rounded));
}

TEST(GpuLinearTanh, TanhOfExactVersionsIsWithinTwoAndAHalfUlp) {
  // With no inputs y is tanh(bias): every 8192nd float, both signs, through the product's kernel.
  constexpr std::int64_t rows = 64;
  constexpr std::int64_t cols = 0x1'0000'0000 / 8192 / rows;
  std::vector<float> grid;
  for (std::int64_t i = 0; i < rows * cols; ++i) {
    // An odd step, so that the low bits vary.
    grid.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(i * 8191)));
  }
  for (const GpuRun& run : gpu_runs()) {
    if (run.device.backend == Backend::sim && run.schedule.order != sim::Order::forward) {
      continue;
    }
    LinearTanhTensors tensors({rows, 0, cols, rows}, DType::f32);
    tensors.bias = Tensor::from<float>(grid, {rows, cols});
    for (const auto& version : HEDDLE_VERSIONS(linear_tanh, run.device)) {
      if (version.math != "f32") {
        continue;
      }
      const std::vector<float> got =
          forward(version.kernels, run.device, tensors).to_vector<float>();
      double worst = 0;
      for (std::size_t i = 0; i < grid.size(); ++i) {
        if (std::isnan(grid[i])) {
          EXPECT_TRUE(std::isnan(got[i]));
          continue;
        }
        ASSERT_LE(std::abs(got[i]), 1.0f);
        if (grid[i] != 0 && std::abs(grid[i]) < std::numeric_limits<float>::min()) {
          continue;  // the host's backends take subnormal numbers for zero
        }
        worst = std::max(worst, ulps(got[i], std::tanh(static_cast<double>(grid[i]))));
      }
      RecordProperty(concat(version.name, " on ", to_string(run.device)), concat(worst));
      EXPECT_LE(worst, 2.5) << version.name;
    }
  }
}

TEST(GpuLinearTanh, SaysWhatDoesNotFitAsTheCpuDoes) {
  const auto message = [](const Kernels& kernels, Device device, const Tensor& x,
                          const Tensor& weight, const Tensor& bias,
                          const Tensor& y) -> std::string {
    try {
      kernels.linear_tanh.forward(current_stream(device), x.view(), weight.view(), bias.view(),
                                  y.output_view());
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  const Device sim_device{.backend = Backend::sim};
  const Tensor x = Tensor::zeros({2, 3});
  const Tensor weight = Tensor::zeros({4, 3});
  const Tensor bias = Tensor::zeros({1, 4});
  const Tensor y = Tensor::zeros({2, 4});
  const std::vector<std::vector<Tensor>> wrong{{Tensor::zeros({2, 3, 1}), weight, bias, y},
                                               {x, Tensor::zeros({4, 2}), bias, y},
                                               {x, weight.to(DType::f64), bias, y},
                                               {x, Tensor::zeros({3, 4}).transpose(0, 1), bias, y},
                                               {x, weight, Tensor::zeros({0, 4}), y},
                                               {x, weight, Tensor::zeros({1, 3}), y},
                                               {x, weight, bias, Tensor::zeros({2, 5})}};
  for (const std::vector<Tensor>& call : wrong) {
    const std::string expected =
        message(cpu_kernels(), Device{}, call[0], call[1], call[2], call[3]);
    EXPECT_NE(expected, "");
    EXPECT_EQ(message(kernels_for(sim_device), sim_device, call[0], call[1], call[2], call[3]),
              expected);
  }
}

}  // namespace
}  // namespace heddle::testing
