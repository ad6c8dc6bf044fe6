#include <cmath>

#include "tests/gpu/versions.h"

namespace heddle::testing {
namespace {

struct Case {
  std::string name;
  Tensor logits, targets, weights;  // weights may be undefined
  CrossEntropyOptions options;
};

Case make_case(std::int64_t rows, std::int64_t classes, DType dtype, bool weighted,
               double smoothing) {
  Generator generator(5);
  std::vector<std::int64_t> targets;
  for (std::int64_t r = 0; r < rows; ++r) {
    const auto target = generator.below(static_cast<std::uint64_t>(classes));
    targets.push_back(r % 4 == 3 ? -100 : static_cast<std::int64_t>(target));
  }
  return {concat(rows, " rows of ", classes, " classes, ", dtype, weighted ? ", weighted" : "",
                 ", smoothing ", smoothing),
          numbers({rows, classes}, dtype, 1),
          Tensor::from<std::int64_t>(targets, {rows}),
          weighted ? numbers({classes}, dtype, 2) : Tensor(),
          {.label_smoothing = smoothing}};
}

struct Expected {
  Tensor losses, row_weights, logsumexp, dlogits;  // f64
};

std::vector<double> upstream(std::int64_t rows) {
  std::vector<double> dlosses;
  for (std::int64_t r = 0; r < rows; ++r) {
    dlosses.push_back(1.0 - 0.25 * static_cast<double>(r % 7));
  }
  return dlosses;
}

Expected expected_of(const Case& given) {
  const std::vector<double> x = given.logits.to_vector<double>();
  const std::vector<std::int64_t> targets = given.targets.to_vector<std::int64_t>();
  const auto classes = static_cast<std::size_t>(given.logits.size(1));
  const std::vector<double> weights = given.weights.defined() ? given.weights.to_vector<double>()
                                                              : std::vector<double>(classes, 1.0);
  const double smoothing = given.options.label_smoothing;
  const std::vector<double> dlosses = upstream(given.logits.size(0));
  double weight_sum = 0;
  for (const double weight : weights) {
    weight_sum += weight;
  }
  std::vector<double> losses, row_weights, logsumexp, dlogits;
  for (std::size_t r = 0; r < targets.size(); ++r) {
    double sum = 0;
    for (std::size_t c = 0; c < classes; ++c) {
      sum += std::exp(x[r * classes + c]);
    }
    const double lse = std::log(sum);
    logsumexp.push_back(lse);
    if (targets[r] == given.options.ignore_index) {
      losses.push_back(0);
      row_weights.push_back(0);
      dlogits.insert(dlogits.end(), classes, 0.0);
      continue;
    }
    const auto target = static_cast<std::size_t>(targets[r]);
    double loss = (1 - smoothing) * weights[target] * (lse - x[r * classes + target]);
    const double per_class = smoothing / static_cast<double>(classes);
    for (std::size_t c = 0; c < classes; ++c) {
      const double p = std::exp(x[r * classes + c] - lse);
      loss += per_class * weights[c] * (lse - x[r * classes + c]);
      dlogits.push_back(dlosses[r] *
                        ((1 - smoothing) * weights[target] * (p - (c == target ? 1.0 : 0.0)) +
                         per_class * (p * weight_sum - weights[c])));
    }
    losses.push_back(loss);
    row_weights.push_back(weights[target]);
  }
  const Shape rows{given.logits.size(0)};
  return {in_double(losses, rows), in_double(row_weights, rows), in_double(logsumexp, rows),
          in_double(dlogits, given.logits.shape())};
}

/// bf16 logits have losses in f32.
DType statistics_of(DType dtype) { return dtype == DType::bf16 ? DType::f32 : dtype; }

struct Losses {
  Tensor losses, row_weights, logsumexp;
};

struct Operands {
  Tensor logits, targets, weights;
  Operands(const Case& given, Device device)
      : logits(given.logits.to(device)),
        targets(given.targets.to(device)),
        weights(given.weights.defined() ? given.weights.to(device) : Tensor()) {}
  ConstView weight_view() const { return weights.defined() ? weights.view() : ConstView{}; }
};

Losses forward(const CrossEntropyKernels& kernels, Device device, const Case& given) {
  const Operands on(given, device);
  const DType dtype = statistics_of(given.logits.dtype());
  const Shape rows{given.logits.size(0)};
  const Losses out{unwritten_on(device, rows, dtype), unwritten_on(device, rows, dtype),
                   unwritten_on(device, rows, dtype)};
  kernels.forward(current_stream(device), given.options, on.logits.view(), on.targets.view(),
                  on.weight_view(), out.losses.output_view(), out.row_weights.output_view(),
                  out.logsumexp.output_view());
  return {out.losses.to(Device{}), out.row_weights.to(Device{}), out.logsumexp.to(Device{})};
}

Tensor backward(const CrossEntropyKernels& kernels, Device device, const Case& given,
                const Tensor& logsumexp) {
  const Operands on(given, device);
  const DType dtype = statistics_of(given.logits.dtype());
  const Shape rows{given.logits.size(0)};
  const Tensor lse = logsumexp.to(dtype).to(device);
  const Tensor dlosses = in_double(upstream(rows[0]), rows).to(dtype).to(device);
  const Tensor dlogits = unwritten_on(device, given.logits.shape(), given.logits.dtype());
  kernels.backward(current_stream(device), given.options, on.logits.view(), on.targets.view(),
                   on.weight_view(), lse.view(), dlosses.view(), dlogits.output_view());
  return dlogits.to(Device{});
}

std::vector<kernels::KernelVersion<CrossEntropyKernels>> versions_on(Device device) {
  auto versions = HEDDLE_VERSIONS(cross_entropy, device);
  versions.push_back({"default", "f32", kernels_for(device).cross_entropy});
  return versions;
}

void expect_right(const std::vector<Case>& cases) {
  std::vector<Expected> expected;
  for (const Case& given : cases) {
    expected.push_back(expected_of(given));
  }
  SameBits bits;
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope scope(run.schedule);
    bits.begin(run);
    for (const auto& version : versions_on(run.device)) {
      for (std::size_t i = 0; i < cases.size(); ++i) {
        const Case& given = cases[i];
        const std::string what = concat(run.name(), ", ", version.name, ", ", given.name);
        const double tolerance = tolerance_of_storage(statistics_of(given.logits.dtype()));
        const Losses got = forward(version.kernels, run.device, given);
        EXPECT_TRUE(close(got.losses, expected[i].losses, tolerance)) << what;
        EXPECT_TRUE(close(got.row_weights, expected[i].row_weights, tolerance)) << what;
        EXPECT_TRUE(close(got.logsumexp, expected[i].logsumexp, tolerance)) << what;
        const Tensor dlogits = backward(version.kernels, run.device, given, expected[i].logsumexp);
        EXPECT_TRUE(close(dlogits, expected[i].dlogits, tolerance_of_storage(given.logits.dtype())))
            << "gradient, " << what;
        bits.expect(got.losses, what);
        bits.expect(got.logsumexp, what);
        bits.expect(dlogits, what);
      }
    }
  }
}

TEST(CrossEntropyGpu, EveryVersionIsRightAtEverySize) {
  std::vector<Case> cases;
  for (const std::int64_t classes : {1, 2, 16, 17, 31, 32, 33, 127, 128, 129, 1000, 2500}) {
    for (const bool weighted : {false, true}) {
      for (const double smoothing : {0.0, 0.1}) {
        cases.push_back(make_case(9, classes, DType::f32, weighted, smoothing));
      }
    }
  }
  cases.push_back(make_case(0, 3, DType::f32, true, 0.1));
  cases.push_back(make_case(300, 2, DType::f32, false, 0.0));
  expect_right(cases);
}

TEST(CrossEntropyGpu, EveryVersionIsRightInEveryType) {
  std::vector<Case> cases;
  for (const DType dtype : {DType::f64, DType::bf16}) {
    for (const std::int64_t classes : {1, 5, 32, 33, 1000}) {
      cases.push_back(make_case(5, classes, dtype, false, 0.0));
      cases.push_back(make_case(5, classes, dtype, true, 0.1));
    }
  }
  expect_right(cases);
}

TEST(CrossEntropyGpu, AnyNumberMayMarkIgnoredRows) {
  std::vector<Case> cases;
  for (const std::int64_t ignored : {0, 7}) {
    Case given = make_case(4, 7, DType::f32, true, 0.1);
    given.targets = Tensor::from<std::int64_t>({ignored, 1, 2, ignored}, {4});
    given.options.ignore_index = ignored;
    cases.push_back(given);
  }
  expect_right(cases);
}

TEST(CrossEntropyGpu, LargeLogitsKeepTheirPrecision) {
  // Smoothing's sum is taken near the target's logit: an offset of all logits changes nothing.
  const Case near_zero = make_case(4, 50, DType::f32, true, 0.1);
  Case far = near_zero;
  far.logits = near_zero.logits.clone();
  std::vector<double> moved = near_zero.logits.to_vector<double>();
  for (double& x : moved) {
    x = std::round(x * 64) / 64 + 1024;
  }
  far.logits.copy_(in_double(moved, near_zero.logits.shape()));
  const Expected expected = expected_of([&] {
    Case back = far;
    for (double& x : moved) {
      x -= 1024;
    }
    back.logits = in_double(moved, near_zero.logits.shape());
    return back;
  }());
  const Case huge{"",
                  Tensor::from<float>({1000.0f, 0.0f, -1000.0f, 0.0f}, {2, 2}),
                  Tensor::from<std::int64_t>({0, 0}, {2}),
                  {},
                  {}};
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope scope(run.schedule);
    for (const auto& version : versions_on(run.device)) {
      // logsumexp itself is rounded to a float near 1024.
      EXPECT_TRUE(close(forward(version.kernels, run.device, far).losses, expected.losses, 2e-4))
          << version.name;
      EXPECT_EQ(forward(version.kernels, run.device, huge).losses.to_vector<float>(),
                (std::vector<float>{0.0f, 1000.0f}))
          << version.name;
    }
  }
}

TEST(CrossEntropyGpu, MaskedClassesHaveNoProbability) {
  Case given{"",
             Tensor::full({1, 70}, -std::numeric_limits<double>::infinity()),
             Tensor::from<std::int64_t>({69}, {1}),
             {},
             {}};
  given.logits.select(0, 0).slice(0, 68).fill_(2.0);
  for (const GpuRun& run : gpu_runs()) {
    for (const auto& version : versions_on(run.device)) {
      const Losses got = forward(version.kernels, run.device, given);
      EXPECT_NEAR(got.losses.item<float>(), std::log(2.0), 1e-6) << version.name;
      const std::vector<float> slope =
          backward(version.kernels, run.device, given, got.logsumexp).to_vector<float>();
      EXPECT_EQ(slope[0], 0.0f) << version.name;
      EXPECT_NEAR(slope[68], 0.5, 1e-6) << version.name;
      EXPECT_NEAR(slope[69], -0.5, 1e-6) << version.name;
    }
  }
}

TEST(CrossEntropyGpu, ErrorsNameWhatWasFoundAndExpected) {
  const GpuRun run = gpu_runs().front();
  for (const auto& version : versions_on(run.device)) {
    const auto call = [&](const Tensor& logits, const std::vector<std::int64_t>& targets,
                          double smoothing) {
      forward(version.kernels, run.device,
              {"",
               logits,
               Tensor::from<std::int64_t>(targets, {static_cast<std::int64_t>(targets.size())}),
               {},
               {.label_smoothing = smoothing}});
    };
    const Tensor logits = Tensor::zeros({2, 3});
    expect_error(
        [&] {
          call(logits, {2, 3}, 0);
        },
        "cross_entropy: targets[1] is 3; expected 0 … 2");
    expect_error([&] { call(logits, {-1, 0}, 0); }, "cross_entropy: targets[0] is -1");
    expect_error([&] { call(logits, {1}, 0); }, "cross_entropy: targets is [1]; expected [2]");
    expect_error([&] { call(logits, {1, 1}, 1.5); }, "label_smoothing is 1.5; expected 0 … 1");
    expect_error(
        [&] {
          call(Tensor::zeros({2}), {1, 1}, 0);
        },
        "cross_entropy: logits is [2]; expected rank 2");
  }
}

}  // namespace
}  // namespace heddle::testing
