#include <cmath>

#include "tests/gpu/versions.h"

namespace heddle::testing {
namespace {

constexpr double epsilon = 1e-5;

struct Case {
  std::int64_t rows, cols;
  DType dtype = DType::f32;
  double offset = 0;  // of x: a mean far from 0

  std::string name() const {
    return concat("[", rows, ", ", cols, "] ", dtype, offset != 0 ? ", far from 0" : "");
  }
};

/// What a call reads, on the host.
struct Inputs {
  Tensor x, scale, shift, dy;

  explicit Inputs(const Case& given)
      : x(numbers({given.rows, given.cols}, given.dtype, 1)),
        scale(numbers({given.cols}, given.dtype, 2)),
        shift(numbers({given.cols}, given.dtype, 3)),
        dy(numbers({given.rows, given.cols}, given.dtype, 4)) {
    if (given.offset != 0) {
      std::vector<double> moved = x.to_vector<double>();
      for (double& value : moved) {
        value += given.offset;
      }
      x = in_double(moved, x.shape()).to(given.dtype);
    }
  }
};

/// And what it gives.
struct Results {
  Tensor y, mean, rstd, dx, dscale, dshift;
};

Results expected_of(const Case& given, const Inputs& inputs) {
  const auto rows = static_cast<std::size_t>(given.rows);
  const auto cols = static_cast<std::size_t>(given.cols);
  const std::vector<double> x = inputs.x.to_vector<double>();
  const std::vector<double> scale = inputs.scale.to_vector<double>();
  const std::vector<double> shift = inputs.shift.to_vector<double>();
  const std::vector<double> dy = inputs.dy.to_vector<double>();
  std::vector<double> y(x.size()), dx(x.size()), mean(rows), rstd(rows), dscale(cols), dshift(cols);
  for (std::size_t r = 0; r < rows; ++r) {
    const std::size_t begin = r * cols;
    double sum = 0;
    for (std::size_t c = 0; c < cols; ++c) {
      sum += x[begin + c];
    }
    mean[r] = sum / static_cast<double>(cols);
    double squares = 0;
    for (std::size_t c = 0; c < cols; ++c) {
      squares += (x[begin + c] - mean[r]) * (x[begin + c] - mean[r]);
    }
    rstd[r] = 1 / std::sqrt(squares / static_cast<double>(cols) + epsilon);
    double sum_g = 0;
    double sum_gn = 0;
    for (std::size_t c = 0; c < cols; ++c) {
      const double n = (x[begin + c] - mean[r]) * rstd[r];
      y[begin + c] = n * scale[c] + shift[c];
      dscale[c] += dy[begin + c] * n;
      dshift[c] += dy[begin + c];
      sum_g += dy[begin + c] * scale[c];
      sum_gn += dy[begin + c] * scale[c] * n;
    }
    for (std::size_t c = 0; c < cols; ++c) {
      const double n = (x[begin + c] - mean[r]) * rstd[r];
      dx[begin + c] = rstd[r] * (dy[begin + c] * scale[c] - sum_g / static_cast<double>(cols) -
                                 n * sum_gn / static_cast<double>(cols));
    }
  }
  const Shape of_rows{given.rows};
  return {in_double(y, inputs.x.shape()),
          in_double(mean, of_rows),
          in_double(rstd, of_rows),
          in_double(dx, inputs.x.shape()),
          in_double(dscale, inputs.scale.shape()),
          in_double(dshift, inputs.scale.shape())};
}

/// bf16 rows have their moments in f32.
DType moments_of(DType dtype) { return dtype == DType::bf16 ? DType::f32 : dtype; }

/// Backward reads the moments of `saved`.
Results run_on(const LayerNormKernels& kernels, Device device, const Case& given,
               const Inputs& inputs, const Results& saved) {
  const Tensor x = inputs.x.to(device);
  const Tensor scale = inputs.scale.to(device);
  const Tensor shift = inputs.shift.to(device);
  const Tensor dy = inputs.dy.to(device);
  const DType moments = moments_of(given.dtype);
  const Tensor mean = saved.mean.to(moments).to(device);
  const Tensor rstd = saved.rstd.to(moments).to(device);
  const auto like = [&](const Tensor& tensor, DType dtype) {
    return unwritten_on(device, tensor.shape(), dtype);
  };
  const Results out{like(x, given.dtype), like(mean, moments),      like(rstd, moments),
                    like(x, given.dtype), like(scale, given.dtype), like(scale, given.dtype)};
  Stream& stream = current_stream(device);
  kernels.forward(stream, epsilon, x.view(), scale.view(), shift.view(), out.y.output_view(),
                  out.mean.output_view(), out.rstd.output_view());
  kernels.backward(stream, x.view(), scale.view(), mean.view(), rstd.view(), dy.view(),
                   out.dx.output_view(), out.dscale.output_view(), out.dshift.output_view());
  const auto home = [](const Tensor& tensor) { return tensor.to(Device{}); };
  return {home(out.y),  home(out.mean),   home(out.rstd),
          home(out.dx), home(out.dscale), home(out.dshift)};
}

std::vector<kernels::KernelVersion<LayerNormKernels>> versions_on(Device device) {
  auto versions = HEDDLE_VERSIONS(layer_norm, device);
  versions.push_back({"default", "f32", kernels_for(device).layer_norm});
  return versions;
}

void expect_right(const std::vector<Case>& cases, const std::vector<GpuRun>& runs) {
  std::vector<Inputs> inputs;
  std::vector<Results> expected;
  for (const Case& given : cases) {
    inputs.emplace_back(given);
    expected.push_back(expected_of(given, inputs.back()));
  }
  SameBits bits;
  for (const GpuRun& run : runs) {
    const sim::ScheduleScope scope(run.schedule);
    bits.begin(run);
    for (const auto& version : versions_on(run.device)) {
      for (std::size_t i = 0; i < cases.size(); ++i) {
        const Results got = run_on(version.kernels, run.device, cases[i], inputs[i], expected[i]);
        const std::string what = concat(run.name(), ", ", version.name, ", ", cases[i].name());
        // rstd multiplies what is left of x − mean: relative to it, x is rounded `offset` times
        // as much. Sums over a few hundred rows are in the tolerance's unit already.
        const double tolerance =
            tolerance_of_storage(cases[i].dtype) * std::max(1.0, std::abs(cases[i].offset));
        const auto compare = [&](const Tensor& found, const Tensor& wanted, const char* which) {
          EXPECT_TRUE(close(found, wanted, tolerance)) << which << ", " << what;
          bits.expect(found, which + (", " + what));
        };
        compare(got.y, expected[i].y, "y");
        compare(got.mean, expected[i].mean, "mean");
        compare(got.rstd, expected[i].rstd, "rstd");
        compare(got.dx, expected[i].dx, "dx");
        compare(got.dscale, expected[i].dscale, "dscale");
        compare(got.dshift, expected[i].dshift, "dshift");
      }
    }
  }
}

TEST(LayerNormGpu, EveryVersionIsRightAtEverySize) {
  std::vector<Case> cases;
  for (const std::int64_t cols : {2, 31, 32, 33, 127, 128, 129, 256, 1000}) {
    cases.push_back({5, cols});
  }
  for (const std::int64_t rows : {0, 1, 63, 64, 65, 200}) {
    cases.push_back({rows, 40});
  }
  expect_right(cases, gpu_runs());
}

TEST(LayerNormGpu, EveryVersionIsRightInEveryType) {
  std::vector<Case> cases;
  for (const DType dtype : {DType::f64, DType::bf16}) {
    cases.push_back({9, 33, dtype});
    cases.push_back({9, 64, dtype});
    cases.push_back({3, 1000, dtype});
  }
  expect_right(cases, gpu_runs());
}

TEST(LayerNormGpu, LongRowsAreRight) {
  expect_right({{2, 1025},
                {2, 4096},
                {2, 4097},
                {1, 8192},
                {2, 8196},
                {1, 17001},
                {1, 9000, DType::bf16},
                {1, 5000, DType::f64}},
               short_runs());
}

TEST(LayerNormGpu, AMeanFarFromZeroIsNoHarm) {
  expect_right({{4, 100, DType::f32, 100.0}, {4, 1000, DType::f64, 1000.0}}, gpu_runs());
}

TEST(LayerNormGpu, OneColumnAndNoColumn) {
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope scope(run.schedule);
    for (const auto& version : versions_on(run.device)) {
      const Case one{3, 1};
      const Inputs inputs(one);
      const Results got =
          run_on(version.kernels, run.device, one, inputs, expected_of(one, inputs));
      // x − mean is 0: what is left is the shift.
      EXPECT_EQ(got.y.to_vector<float>(), std::vector<float>(3, inputs.shift.to_vector<float>()[0]))
          << version.name;
      EXPECT_EQ(got.dx.to_vector<float>(), std::vector<float>(3, 0.0f)) << version.name;
      const Case none{3, 0};
      EXPECT_EQ(
          run_on(version.kernels, run.device, none, Inputs(none), expected_of(none, Inputs(none)))
              .y.elements(),
          0);
    }
  }
}

TEST(LayerNormGpu, ComputesOnlyWhatIsAsked) {
  const Case given{70, 36};
  const Inputs inputs(given);
  const Results expected = expected_of(given, inputs);
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope scope(run.schedule);
    for (const auto& version : versions_on(run.device)) {
      const Results all = run_on(version.kernels, run.device, given, inputs, expected);
      const Tensor x = inputs.x.to(run.device);
      const Tensor scale = inputs.scale.to(run.device);
      const Tensor mean = expected.mean.to(DType::f32).to(run.device);
      const Tensor rstd = expected.rstd.to(DType::f32).to(run.device);
      const auto backward = [&](const Tensor& dy, const View& dx, const View& dscale,
                                const View& dshift) {
        version.kernels.backward(current_stream(run.device), x.view(), scale.view(), mean.view(),
                                 rstd.view(), dy.view(), dx, dscale, dshift);
      };
      const Tensor dscale = unwritten_on(run.device, {36}, DType::f32);
      const Tensor dshift = unwritten_on(run.device, {36}, DType::f32);
      Tensor dy = inputs.dy.clone().to(run.device);
      backward(dy, {}, dscale.output_view(), {});
      backward(dy, {}, {}, dshift.output_view());
      backward(dy, dy.mutable_view("layer_norm"), {}, {});
      EXPECT_TRUE(same_bits(dscale.to(Device{}), all.dscale)) << version.name;
      EXPECT_TRUE(same_bits(dshift.to(Device{}), all.dshift)) << version.name;
      EXPECT_TRUE(same_bits(dy.to(Device{}), all.dx)) << version.name;
    }
  }
}

TEST(LayerNormGpu, ErrorsAreThoseOfTheCpu) {
  const Device device = gpu_runs().front().device;
  const Case given{2, 5};
  for (const auto& version : versions_on(device)) {
    Inputs inputs(given);
    const Results saved = expected_of(given, inputs);
    inputs.shift = Tensor::zeros({4});
    expect_error([&] { run_on(version.kernels, device, given, inputs, saved); },
                 "layer_norm: shift is [4]; expected [5]");
    inputs = Inputs(given);
    inputs.dy = Tensor::zeros({2, 4});
    expect_error([&] { run_on(version.kernels, device, given, inputs, saved); },
                 "layer_norm_backward: dy is [2, 4]; expected [2, 5]");
  }
}

}  // namespace
}  // namespace heddle::testing
