#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "tests/gpu/runs.h"
#include "tests/kernels/expect_error.h"
#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

using Version = kernels::KernelVersion<OptimizerKernels>;

/// One parameter on a device.
struct Parameter {
  Tensor value, gradient, first, second;
  double learning_rate, weight_decay;
  bool touched_rows_only = false;

  UpdateSlot slot() {
    return {value.mutable_view("update"),
            gradient.view(),
            first.mutable_view("update"),
            second.mutable_view("update"),
            learning_rate,
            weight_decay,
            touched_rows_only};
  }
};

Parameter parameter(const Shape& shape, DType dtype, Device device, std::uint64_t seed, double rate,
                    double decay) {
  return {.value = sample(shape, DType::f32, seed).to(dtype).to(device),
          .gradient = sample(shape, DType::f32, seed + 1).to(dtype).to(device),
          .first = Tensor::zeros(shape, dtype).to(device),
          .second = Tensor::zeros(shape, dtype).to(device),
          .learning_rate = rate,
          .weight_decay = decay};
}

/// A part of a larger tensor, so that no address is a multiple of 16 bytes.
Tensor unaligned(const Tensor& tensor) {
  const Tensor larger = Tensor::zeros({tensor.elements() + 1}, tensor.dtype()).to(tensor.device());
  Tensor part = larger.slice(0, 1, tensor.elements() + 1);
  part.copy_(tensor);
  return part;
}

/// Parameters of many sizes, more than one launch can list, the last a table with rows left alone.
std::vector<Parameter> parameters(DType dtype, Device device) {
  std::vector<Parameter> all;
  std::uint64_t seed = 1;
  for (const std::int64_t size : {0, 1, 31, 32, 33, 127, 128, 129, 1000, 5000}) {
    ++seed;
    all.push_back(parameter({size}, dtype, device, seed, 0.01 * static_cast<double>(seed), 0.1));
  }
  for (int i = 0; i < 45; ++i) {
    all.push_back(parameter({2, 3}, dtype, device, ++seed, 0.1, 0.0));
  }
  Parameter part = parameter({1001}, dtype, device, ++seed, 0.1, 0.2);
  part.value = unaligned(part.value);
  all.push_back(part);
  all.push_back(parameter({}, dtype, device, ++seed, 0.1, 0.0));
  Parameter long_rows = parameter({2, 4099}, dtype, device, ++seed, 0.1, 0.3);
  long_rows.touched_rows_only = true;
  all.push_back(long_rows);
  for (const std::int64_t width : {37, 8}) {
    Parameter table = parameter({250, width}, dtype, device, ++seed, 0.1, 0.3);
    table.touched_rows_only = true;
    const Tensor gradient = table.gradient.to(Device{}).clone();
    for (std::int64_t row = 0; row < 250; row += 3) {
      gradient.select(0, row).fill_(0.0);
    }
    gradient.slice(0, 1, 2).slice(1, 0, width - 1).fill_(0.0);  // one element left: touched
    table.gradient = gradient.to(device);
    all.push_back(table);
  }
  return all;
}

std::vector<UpdateSlot> slots_of(std::vector<Parameter>& all) {
  std::vector<UpdateSlot> slots;
  for (Parameter& parameter : all) {
    slots.push_back(parameter.slot());
  }
  return slots;
}

/// The numbers of step t of an Adam run, gradients times `scale`.
Tensor scalars(Device device, std::int64_t t, double scale) {
  const AdamOptions options;
  StepScalars now;
  now.step = static_cast<double>(t);
  now.rate_factor = 0.75;
  now.correction1 = 1.0 - std::pow(options.beta1, now.step);
  now.correction2 = 1.0 - std::pow(options.beta2, now.step);
  now.gradient_scale = scale;
  Tensor tensor = Tensor::zeros({StepScalars::count}, DType::f64);
  *tensor.mutable_view("test").pointer<StepScalars>() = now;
  return tensor.to(device);
}

StepScalars read(const Tensor& scalars) {
  const Tensor host = scalars.to(Device{});
  return *host.view().pointer<StepScalars>();
}

double squared_norm(const Version& version, Device device, const std::vector<UpdateSlot>& slots) {
  const Tensor now = scalars(device, 1, 1.0);
  version.kernels.squared_norm(current_stream(device), slots, now.output_view());
  return read(now).squared_norm;
}

/// Runs three steps with the cpu in f64 and with every version, and compares.
template <typename Steps>
void expect_agreement(const Steps& steps) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    std::vector<Parameter> expected = parameters(DType::f64, Device{});
    steps(cpu_kernels().optimizer, cpu_stream(), slots_of(expected));
    for (const GpuRun& run : gpu_runs()) {
      const sim::ScheduleScope scope(run.schedule);
      for (const Version& version : HEDDLE_VERSIONS(optimizer, run.device)) {
        std::vector<Parameter> all = parameters(dtype, run.device);
        steps(version.kernels, current_stream(run.device), slots_of(all));
        for (std::size_t i = 0; i < all.size(); ++i) {
          const std::string what = concat(version.name, ", ", run.name(), ", ", name_of(dtype), " ",
                                          all[i].value.shape());
          const auto compare = [&](const Tensor& got, const Tensor& wanted, const char* name) {
            expect_near(got.to(Device{}), wanted.to_vector<double>(), tolerance_of(dtype),
                        what + name);
          };
          compare(all[i].value, expected[i].value, " value");
          compare(all[i].first, expected[i].first, " first");
          compare(all[i].second, expected[i].second, " second");
        }
      }
    }
  }
}

TEST(GpuOptimizer, AdamAgreesWithTheCpuInDouble) {
  for (const bool decoupled : {true, false}) {
    expect_agreement(
        [&](const OptimizerKernels& kernels, Stream& stream, const std::vector<UpdateSlot>& slots) {
          for (std::int64_t step = 1; step <= 3; ++step) {
            kernels.adam(stream, {.epsilon = 1e-3, .decoupled_decay = decoupled},
                         scalars(stream.device, step, 0.5).view(), slots);
          }
        });
  }
}

TEST(GpuOptimizer, SgdAgreesWithTheCpuInDouble) {
  for (const SgdOptions& options : {SgdOptions{0.0, false}, {0.9, false}, {0.9, true}}) {
    expect_agreement(
        [&](const OptimizerKernels& kernels, Stream& stream, std::vector<UpdateSlot> slots) {
          for (UpdateSlot& slot : slots) {
            slot.second = {};
            slot.first = options.momentum == 0.0 ? View{} : slot.first;
          }
          for (int step = 0; step < 3; ++step) {
            kernels.sgd(stream, options, scalars(stream.device, 1, 2.0).view(), slots);
          }
        });
  }
}

TEST(GpuOptimizer, RowsWithoutGradientKeepTheirBits) {
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope scope(run.schedule);
    for (const Version& version : HEDDLE_VERSIONS(optimizer, run.device)) {
      Parameter table = parameter({100, 8}, DType::f32, run.device, 1, 0.1, 0.5);
      table.touched_rows_only = true;
      const Tensor gradient = Tensor::zeros({100, 8});
      gradient.select(0, 7).fill_(std::numeric_limits<double>::quiet_NaN());
      table.gradient = gradient.to(run.device);
      const Tensor before = table.value.to(Device{}).clone();
      std::vector<UpdateSlot> slots{table.slot()};
      version.kernels.adam(current_stream(run.device), {}, scalars(run.device, 1, 1.0).view(),
                           slots);
      const Tensor after = table.value.to(Device{});
      for (std::int64_t row = 0; row < 100; ++row) {
        EXPECT_EQ(same_bits(after.select(0, row).contiguous(), before.select(0, row).contiguous()),
                  row != 7)
            << version.name << ", row " << row;
      }
      EXPECT_TRUE(std::isnan(after.to_vector<float>()[7 * 8])) << "NaN is no zero gradient";
    }
  }
}

TEST(GpuOptimizer, SquaredNormAddsInDoubleWithTheSameBitsInEverySchedule) {
  std::vector<Parameter> host = parameters(DType::f32, Device{});
  const double expected =
      squared_norm({"cpu", "f32", cpu_kernels().optimizer}, Device{}, slots_of(host));
  for (std::size_t v = 0; v < HEDDLE_VERSIONS(optimizer, Device{.backend = Backend::sim}).size();
       ++v) {
    std::optional<double> first;
    for (const GpuRun& run : gpu_runs()) {
      const sim::ScheduleScope scope(run.schedule);
      const Version& version = HEDDLE_VERSIONS(optimizer, run.device)[v];
      std::vector<Parameter> all = parameters(DType::f32, run.device);
      const double got = squared_norm(version, run.device, slots_of(all));
      EXPECT_NEAR(got, expected, 1e-12 * expected) << version.name << ", " << run.name();
      EXPECT_EQ(got, first.value_or(got)) << version.name << ", " << run.name();
      first = got;
      const Tensor large = Tensor::full({4}, 1e30).to(run.device);  // its square is no f32
      std::vector<UpdateSlot> slots(1);
      slots[0].gradient = large.view();
      EXPECT_NEAR(squared_norm(version, run.device, slots) / 4e60, 1.0, 1e-6);
      EXPECT_EQ(squared_norm(version, run.device, {}), 0.0);
    }
  }
}

TEST(GpuOptimizer, ClipScalesAddsUpAndStopsAtTheFirstFailure) {
  for (const GpuRun& run : gpu_runs()) {
    for (const Version& version : HEDDLE_VERSIONS(optimizer, run.device)) {
      Stream& stream = current_stream(run.device);
      Tensor now = scalars(run.device, 1, 1.0);
      const auto clip = [&](double loss, double squares, double largest, double step, DType dtype) {
        StepScalars values = read(now);
        values.step = step;
        values.squared_norm = squares;
        Tensor host = Tensor::zeros({StepScalars::count}, DType::f64);
        *host.mutable_view("test").pointer<StepScalars>() = values;
        now = host.to(run.device);
        version.kernels.clip(stream, largest, Tensor::scalar(loss, dtype).to(run.device).view(),
                             now.output_view());
        return read(now);
      };
      EXPECT_EQ(clip(2.0, 25.0, 2.0, 1, DType::f64).gradient_scale, 0.4);
      EXPECT_EQ(clip(3.0, 25.0, 6.0, 2, DType::f32).gradient_scale, 1.0);
      EXPECT_EQ(clip(3.0, 25.0, 0.0, 3, DType::f64).gradient_scale, 1.0);
      EXPECT_EQ(read(now).loss_sum, 8.0);
      EXPECT_EQ(read(now).gradient_norm_sum, 15.0);
      const double nan = std::numeric_limits<double>::quiet_NaN();
      EXPECT_EQ(clip(1.0, nan, 0.0, 4, DType::f64).failed_step, 4.0);
      EXPECT_EQ(clip(nan, 1.0, 0.0, 5, DType::f64).failed_step, 4.0) << "the first one counts";
      EXPECT_EQ(read(now).loss, 1.0);
      EXPECT_TRUE(std::isnan(read(now).gradient_norm));
      EXPECT_EQ(read(now).loss_sum, 8.0);
      // Nothing is updated from there on.
      Parameter left = parameter({4}, DType::f32, run.device, 1, 0.1, 0.5);
      const Tensor before = left.value.to(Device{}).clone();
      std::vector<UpdateSlot> slots{left.slot()};
      version.kernels.adam(stream, {}, now.view(), slots);
      version.kernels.sgd(stream, {}, now.view(), slots);
      EXPECT_TRUE(same_bits(left.value.to(Device{}), before));
    }
  }
}

TEST(GpuOptimizer, BothTypesTogether) {
  const Device device{.backend = Backend::sim};
  for (const Version& version : HEDDLE_VERSIONS(optimizer, device)) {
    Parameter single = parameter({5}, DType::f32, device, 1, 0.1, 0.0);
    Parameter twice = parameter({5}, DType::f64, device, 1, 0.1, 0.0);
    std::vector<UpdateSlot> slots{single.slot(), twice.slot()};
    version.kernels.adam(current_stream(device), {}, scalars(device, 1, 1.0).view(), slots);
    expect_near(single.value, twice.value.to_vector<double>(), 2e-5, std::string(version.name));
  }
}

TEST(GpuOptimizer, ErrorsNameWhatWasFoundAndExpected) {
  const Device device{.backend = Backend::sim};
  for (const Version& version : HEDDLE_VERSIONS(optimizer, device)) {
    Parameter table = parameter({4, 2}, DType::f32, device, 1, 0.1, 0.0);
    std::vector<UpdateSlot> slots{table.slot()};
    Stream& stream = current_stream(device);
    const auto adam = [&] {
      version.kernels.adam(stream, {}, scalars(device, 1, 1.0).view(), slots);
    };
    const Tensor few = Tensor::zeros({3}, DType::f64);
    expect_error([&] { version.kernels.adam(stream, {}, few.view(), slots); },
                 "adam: scalars is [3]; expected [11]");
    expect_error([&] { version.kernels.clip(stream, 1.0, few.view(), few.output_view()); },
                 "clip: loss is [3]; expected one value");
    slots[0].second = {};
    expect_error([&] { adam(); }, "adam: second is not given");
    slots[0].second = table.gradient.transpose(0, 1).output_view();
    expect_error([&] { adam(); }, "adam: second is [2, 4]; expected [4, 2]");
    Parameter line = parameter({4}, DType::f32, device, 1, 0.1, 0.0);
    line.touched_rows_only = true;
    slots = {line.slot()};
    expect_error([&] { adam(); }, "touched_rows_only is [4]; expected rank 2");
  }
}

}  // namespace
}  // namespace heddle::testing
