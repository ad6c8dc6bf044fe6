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
            kernels.adam(stream, {.epsilon = 1e-3, .decoupled_decay = decoupled, .step = step}, 0.5,
                         slots);
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
            kernels.sgd(stream, options, 2.0, slots);
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
      version.kernels.adam(current_stream(run.device), {}, 1.0, slots);
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
  const double expected = cpu_kernels().optimizer.squared_norm(cpu_stream(), slots_of(host));
  for (std::size_t v = 0; v < HEDDLE_VERSIONS(optimizer, Device{.backend = Backend::sim}).size();
       ++v) {
    std::optional<double> first;
    for (const GpuRun& run : gpu_runs()) {
      const sim::ScheduleScope scope(run.schedule);
      const Version& version = HEDDLE_VERSIONS(optimizer, run.device)[v];
      Stream& stream = current_stream(run.device);
      std::vector<Parameter> all = parameters(DType::f32, run.device);
      const double got = version.kernels.squared_norm(stream, slots_of(all));
      EXPECT_NEAR(got, expected, 1e-12 * expected) << version.name << ", " << run.name();
      EXPECT_EQ(got, first.value_or(got)) << version.name << ", " << run.name();
      first = got;
      const Tensor large = Tensor::full({4}, 1e30).to(run.device);  // its square is no f32
      std::vector<UpdateSlot> slots(1);
      slots[0].gradient = large.view();
      EXPECT_NEAR(version.kernels.squared_norm(stream, slots) / 4e60, 1.0, 1e-6);
      EXPECT_EQ(version.kernels.squared_norm(stream, {}), 0.0);
    }
  }
}

TEST(GpuOptimizer, BothTypesTogether) {
  const Device device{.backend = Backend::sim};
  for (const Version& version : HEDDLE_VERSIONS(optimizer, device)) {
    Parameter single = parameter({5}, DType::f32, device, 1, 0.1, 0.0);
    Parameter twice = parameter({5}, DType::f64, device, 1, 0.1, 0.0);
    std::vector<UpdateSlot> slots{single.slot(), twice.slot()};
    version.kernels.adam(current_stream(device), {}, 1.0, slots);
    expect_near(single.value, twice.value.to_vector<double>(), 2e-5, std::string(version.name));
  }
}

TEST(GpuOptimizer, ErrorsNameWhatWasFoundAndExpected) {
  const Device device{.backend = Backend::sim};
  for (const Version& version : HEDDLE_VERSIONS(optimizer, device)) {
    Parameter table = parameter({4, 2}, DType::f32, device, 1, 0.1, 0.0);
    std::vector<UpdateSlot> slots{table.slot()};
    const auto adam = [&](const AdamOptions& options) {
      version.kernels.adam(current_stream(device), options, 1.0, slots);
    };
    expect_error([&] { adam({.step = 0}); }, "adam: step is 0");
    slots[0].second = {};
    expect_error([&] { adam({}); }, "adam: second is not given");
    slots[0].second = table.gradient.transpose(0, 1).output_view();
    expect_error([&] { adam({}); }, "adam: second is [2, 4]; expected [4, 2]");
    Parameter line = parameter({4}, DType::f32, device, 1, 0.1, 0.0);
    line.touched_rows_only = true;
    slots = {line.slot()};
    expect_error([&] { adam({}); }, "touched_rows_only is [4]; expected rank 2");
  }
}

}  // namespace
}  // namespace heddle::testing
