#include <cmath>

#include "tests/gpu/versions.h"
#include "tests/kernels/bias_activation_reference.h"

namespace heddle::testing {
namespace {

struct Case {
  Shape shape;  // [outer, channels, inner]
  DType dtype = DType::f32;
  bool is_aligned = true;

  std::string name() const { return concat(shape, " ", dtype, is_aligned ? "" : ", not aligned"); }
};

struct Inputs {
  Tensor x, bias, dy;

  explicit Inputs(const Case& given)
      : x(numbers(given.shape, given.dtype, 1)),
        bias(numbers({given.shape[1]}, given.dtype, 2)),
        dy(numbers(given.shape, given.dtype, 3)) {}
};

/// On the device, one element behind where its memory begins where it is not to be aligned.
Tensor placed(const Tensor& tensor, Device device, bool is_aligned) {
  if (is_aligned) {
    return tensor.to(device);
  }
  const std::int64_t n = tensor.elements();
  const Tensor place = Tensor::zeros({n + 1}, tensor.dtype(), device).slice(0, 1, n + 1);
  Tensor result = place.reshape(tensor.shape());
  result.copy_(tensor.to(device));
  return result;
}

Tensor unwritten_like(const Tensor& tensor, bool is_aligned) {
  const Tensor nothing =
      Tensor::full(tensor.shape(), std::numeric_limits<double>::quiet_NaN(), tensor.dtype());
  return placed(nothing, tensor.device(), is_aligned);
}

/// Backward reads y of `saved`, rounded to the type.
BiasActivationResults run_on(const BiasActivationKernels& kernels, Device device,
                             Activation activation, const Case& given, const Inputs& inputs,
                             const Tensor& saved_y) {
  const Tensor x = placed(inputs.x, device, given.is_aligned);
  const Tensor bias = placed(inputs.bias, device, given.is_aligned);
  const Tensor dy = placed(inputs.dy, device, given.is_aligned);
  const Tensor y = placed(saved_y.to(given.dtype), device, given.is_aligned);
  const BiasActivationResults out{unwritten_like(x, given.is_aligned),
                                  unwritten_like(x, given.is_aligned),
                                  unwritten_like(bias, given.is_aligned)};
  Stream& stream = current_stream(device);
  const bool from_input = slope_needs_input(activation);
  kernels.forward(stream, activation, x.view(), bias.view(), out.y.output_view());
  kernels.backward(stream, activation, from_input ? x.view() : ConstView{},
                   from_input ? bias.view() : ConstView{}, from_input ? ConstView{} : y.view(),
                   dy.view(), out.dx.output_view(), out.dbias.output_view());
  const auto home = [](const Tensor& tensor) { return tensor.to(Device{}); };
  return {home(out.y), home(out.dx), home(out.dbias)};
}

std::vector<kernels::KernelVersion<BiasActivationKernels>> versions_on(Device device) {
  auto versions = HEDDLE_VERSIONS(bias_activation, device);
  versions.push_back({"default", "f32", kernels_for(device).bias_activation});
  return versions;
}

void expect_right(const std::vector<Case>& cases, const std::vector<GpuRun>& runs) {
  for (const Case& given : cases) {
    const Inputs inputs(given);
    const double terms = static_cast<double>(given.shape[0] * given.shape[2]);
    for (const Activation activation : all_activations) {
      const BiasActivationResults expected =
          bias_activation_reference(activation, inputs.x, inputs.bias, inputs.dy);
      SameBits bits;
      for (const GpuRun& run : runs) {
        const sim::ScheduleScope scope(run.schedule);
        bits.begin(run);
        for (const auto& version : versions_on(run.device)) {
          const BiasActivationResults got =
              run_on(version.kernels, run.device, activation, given, inputs, expected.y);
          const std::string what =
              concat(name_of(activation), ", ", run.name(), ", ", version.name, ", ", given.name());
          const auto compare = [&](const Tensor& found, const Tensor& wanted, double scale,
                                   const char* which) {
            EXPECT_TRUE(close(found, wanted, scale * tolerance_of_storage(given.dtype)))
                << which << ", " << what;
            bits.expect(found, which + (", " + what));
          };
          compare(got.y, expected.y, 1, "y");
          compare(got.dx, expected.dx, 1, "dx");
          compare(got.dbias, expected.dbias, std::fmax(1.0, std::sqrt(terms) / 8), "dbias");
        }
      }
    }
  }
}

TEST(BiasActivationGpu, EveryVersionAgreesWithDoubleArithmetic) {
  std::vector<Case> cases;
  for (const std::int64_t n : {0, 1, 31, 32, 33, 127, 128, 129, 1000}) {
    cases.push_back({{5, n, 1}});
    cases.push_back({{n, 6, 1}});
    cases.push_back({{2, 3, n}});
  }
  expect_right(cases, gpu_runs());
}

TEST(BiasActivationGpu, EveryVersionIsRightInEveryType) {
  std::vector<Case> cases;
  for (const DType dtype : {DType::f64, DType::bf16}) {
    for (const std::int64_t n : {0, 1, 31, 32, 33, 127, 128, 129, 1000}) {
      cases.push_back({{3, n, 1}, dtype});
      cases.push_back({{2, 2, n}, dtype});
    }
  }
  expect_right(cases, short_runs());
}

TEST(BiasActivationGpu, PacketsMeetTheBiasesOfTheirChannels) {
  expect_right({{{3, 8, 6}},                      // packets across channels
                {{70, 3, 4}, DType::bf16},        // several samples in a line, lines in parts
                {{3, 2, 64}},                     // the smallest planes
                {{2, 2, 66}},                     // planes without packets of 16 bytes
                {{9, 36, 1}, DType::f32, false},  // nothing aligned
                {{2, 3, 128}, DType::f32, false},
                {{9, 64, 1}, DType::bf16, false}},
               gpu_runs());
}

TEST(BiasActivationGpu, LongSumsAreCutIntoParts) {
  expect_right({{{3000, 5, 1}}, {{300, 136, 1}}, {{40, 3, 30}}, {{3, 2, 4100}}}, short_runs());
}

TEST(BiasActivationGpu, ComputesOnlyWhatIsAsked) {
  for (const Shape& shape : {Shape{70, 36, 1}, Shape{4, 3, 100}}) {
    const Case given{shape};
    const Inputs inputs(given);
    for (const Activation activation : all_activations) {
      const Tensor y =
          bias_activation_reference(activation, inputs.x, inputs.bias, inputs.dy).y.to(DType::f32);
      for (const GpuRun& run : gpu_runs()) {
        const sim::ScheduleScope scope(run.schedule);
        for (const auto& version : versions_on(run.device)) {
          const BiasActivationResults all =
              run_on(version.kernels, run.device, activation, given, inputs, y);
          const Tensor x = inputs.x.to(run.device);
          const Tensor bias = inputs.bias.to(run.device);
          const Tensor saved = y.to(run.device);
          const Tensor dy = inputs.dy.to(run.device);
          const Tensor dx = unwritten_on(run.device, shape, DType::f32);
          const Tensor dbias = unwritten_on(run.device, {shape[1]}, DType::f32);
          const auto backward = [&](const View& to_dx, const View& to_dbias) {
            version.kernels.backward(current_stream(run.device), activation, x.view(), bias.view(),
                                     saved.view(), dy.view(), to_dx, to_dbias);
          };
          backward(dx.output_view(), {});
          backward({}, dbias.output_view());
          EXPECT_TRUE(same_bits(dx.to(Device{}), all.dx)) << version.name;
          EXPECT_TRUE(same_bits(dbias.to(Device{}), all.dbias)) << version.name;
        }
      }
    }
  }
}

TEST(BiasActivationGpu, KeepsNaN) {
  const Case given{{1, 40, 1}};
  Inputs inputs(given);
  inputs.x = Tensor::full(given.shape, std::numeric_limits<double>::quiet_NaN());
  for (const GpuRun& run : short_runs()) {
    const sim::ScheduleScope scope(run.schedule);
    for (const auto& version : versions_on(run.device)) {
      for (const Activation activation : all_activations) {
        const BiasActivationResults got =
            run_on(version.kernels, run.device, activation, given, inputs, inputs.x);
        EXPECT_TRUE(std::isnan(got.y.to_vector<float>()[39]))
            << version.name << ", " << name_of(activation);
        // relu′ of a NaN passes dy on, as in the element-wise kernels.
        EXPECT_EQ(std::isnan(got.dbias.to_vector<float>()[39]), activation != Activation::relu)
            << version.name << ", " << name_of(activation);
      }
    }
  }
}

TEST(BiasActivationGpu, ErrorsAreThoseOfTheCpu) {
  const Device device = gpu_runs().front().device;
  const Case given{{2, 5, 1}};
  const Tensor y = Tensor::zeros(given.shape);
  for (const auto& version : versions_on(device)) {
    Inputs inputs(given);
    inputs.bias = Tensor::zeros({4});
    expect_error([&] { run_on(version.kernels, device, Activation::relu, given, inputs, y); },
                 "bias_activation: bias is [4]; expected [5]");
    expect_error(
        [&] {
          run_on(version.kernels, device, Activation::relu, given, Inputs(given),
                 Tensor::zeros({2, 4, 1}));
        },
        "bias_activation_backward: y is [2, 4, 1]; expected [2, 5, 1]");
  }
}

}  // namespace
}  // namespace heddle::testing
