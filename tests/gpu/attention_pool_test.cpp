#include <cmath>

#include "tests/gpu/versions.h"

namespace heddle::testing {
namespace {

struct Case {
  std::int64_t time, batch, hidden;
  std::vector<std::int64_t> lengths = {};  // empty: not given
  DType dtype = DType::f32;
  bool with_da = true;

  std::string name() const {
    return concat("time ", time, ", batch ", batch, ", hidden ", hidden, ", ", dtype,
                  lengths.empty() ? "" : ", lengths", with_da ? ", da" : "");
  }
};

/// What a call reads, on the host.
struct Inputs {
  Tensor u, w, lengths, dpooled, da;

  explicit Inputs(const Case& given)
      : u(numbers({given.time, given.batch, given.hidden}, given.dtype, 1)),
        w(numbers({given.hidden}, given.dtype, 2)),
        lengths(Tensor::from<std::int64_t>(given.lengths,
                                           {static_cast<std::int64_t>(given.lengths.size())})),
        dpooled(numbers({given.batch, given.hidden}, given.dtype, 3)),
        da(numbers({given.time, given.batch}, given.dtype, 4)) {}
};

/// And what it gives.
struct Results {
  Tensor a, pooled, du, dw;
};

/// In plain loops, in double. Gradients are taken at `a` as the type holds it.
Results expected_of(const Case& given, const Inputs& inputs) {
  const auto time = static_cast<std::size_t>(given.time);
  const auto batch = static_cast<std::size_t>(given.batch);
  const auto hidden = static_cast<std::size_t>(given.hidden);
  const std::vector<double> u = inputs.u.to_vector<double>();
  const std::vector<double> w = inputs.w.to_vector<double>();
  const std::vector<double> dpooled = inputs.dpooled.to_vector<double>();
  const std::vector<double> da = inputs.da.to_vector<double>();
  std::vector<double> a(time * batch), pooled(batch * hidden), du(u.size()), dw(hidden);
  for (std::size_t b = 0; b < batch; ++b) {
    const std::size_t length =
        given.lengths.empty() ? time : static_cast<std::size_t>(given.lengths[b]);
    const auto dot = [&](std::size_t t, const double* v) {
      double sum = 0;
      for (std::size_t j = 0; j < hidden; ++j) {
        sum += u[(t * batch + b) * hidden + j] * v[j];
      }
      return sum;
    };
    double total = 0;
    for (std::size_t t = 0; t < length; ++t) {
      total += a[t * batch + b] = std::exp(dot(t, w.data()));
    }
    for (std::size_t t = 0; t < length; ++t) {
      a[t * batch + b] /= total;
      for (std::size_t j = 0; j < hidden; ++j) {
        pooled[b * hidden + j] += a[t * batch + b] * u[(t * batch + b) * hidden + j];
      }
    }
    double mean = 0;
    std::vector<double> g;
    for (std::size_t t = 0; t < length; ++t) {
      g.push_back(dot(t, dpooled.data() + b * hidden) + (given.with_da ? da[t * batch + b] : 0.0));
      mean += a[t * batch + b] * g[t];
    }
    for (std::size_t t = 0; t < length; ++t) {
      const double de = a[t * batch + b] * (g[t] - mean);
      for (std::size_t j = 0; j < hidden; ++j) {
        const std::size_t at = (t * batch + b) * hidden + j;
        du[at] = a[t * batch + b] * dpooled[b * hidden + j] + de * w[j];
        dw[j] += de * u[at];
      }
    }
  }
  return {in_double(a, inputs.da.shape()), in_double(pooled, inputs.dpooled.shape()),
          in_double(du, inputs.u.shape()), in_double(dw, inputs.w.shape())};
}

/// Backward reads `saved_a`.
Results run_on(const AttentionPoolKernels& kernels, Device device, const Case& given,
               const Inputs& inputs, const Tensor& saved_a) {
  const Tensor u = inputs.u.to(device);
  const Tensor w = inputs.w.to(device);
  const Tensor lengths = inputs.lengths.to(device);
  const Tensor dpooled = inputs.dpooled.to(device);
  const Tensor da = inputs.da.to(device);
  const Tensor of_forward = saved_a.to(given.dtype).to(device);
  const ConstView limits = given.lengths.empty() ? ConstView{} : lengths.view();
  const Results out{unwritten_on(device, da.shape(), given.dtype),
                    unwritten_on(device, dpooled.shape(), given.dtype),
                    unwritten_on(device, u.shape(), given.dtype),
                    unwritten_on(device, w.shape(), given.dtype)};
  Stream& stream = current_stream(device);
  kernels.forward(stream, u.view(), w.view(), limits, out.a.output_view(),
                  out.pooled.output_view());
  kernels.backward(stream, u.view(), w.view(), limits, of_forward.view(), dpooled.view(),
                   given.with_da ? da.view() : ConstView{}, out.du.output_view(),
                   out.dw.output_view());
  return {out.a.to(Device{}), out.pooled.to(Device{}), out.du.to(Device{}), out.dw.to(Device{})};
}

std::vector<kernels::KernelVersion<AttentionPoolKernels>> versions_on(Device device) {
  auto versions = HEDDLE_VERSIONS(attention_pool, device);
  versions.push_back({"default", "f32", kernels_for(device).attention_pool});
  return versions;
}

void expect_right(const std::vector<Case>& cases, const std::vector<GpuRun>& runs = gpu_runs()) {
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
        const Results got = run_on(version.kernels, run.device, cases[i], inputs[i], expected[i].a);
        const std::string what = concat(run.name(), ", ", version.name, ", ", cases[i].name());
        const double tolerance = tolerance_of_storage(cases[i].dtype);
        const auto compare = [&](const Tensor& found, const Tensor& wanted, const char* which) {
          EXPECT_TRUE(close(found, wanted, tolerance)) << which << ", " << what;
          bits.expect(found, which + (", " + what));
        };
        compare(got.a, expected[i].a, "a");
        compare(got.pooled, expected[i].pooled, "pooled");
        compare(got.du, expected[i].du, "du");
        compare(got.dw, expected[i].dw, "dw");
      }
    }
  }
}

TEST(AttentionPoolGpu, EveryVersionIsRightAtEverySize) {
  expect_right({
      {3, 0, 4},
      {0, 2, 4},
      {1, 1, 1},
      {4, 3, 5, {0, 4, 2}},
      {5, 2, 0, {3, 5}},
      {7, 33, 31},
      {33, 4, 32, {33, 32, 31, 1}, DType::f32, false},
      {50, 6, 128, {50, 1, 0, 33, 7, 49}},
      {31, 3, 129},
      {10, 2, 300, {9, 10}},
      {300, 2, 12},
  });
}

TEST(AttentionPoolGpu, EveryVersionIsRightInEveryType) {
  std::vector<Case> cases;
  for (const DType dtype : {DType::f64, DType::bf16}) {
    cases.push_back({20, 3, 64, {20, 5, 0}, dtype});
    cases.push_back({9, 5, 33, {}, dtype, false});
  }
  expect_right(cases);
}

TEST(AttentionPoolGpu, SequencesLongerThanSharedMemory) {
  expect_right({{8200, 2, 3, {8200, 10}}}, short_runs());
}

TEST(AttentionPoolGpu, WhatStandsBeyondALengthIsNotRead) {
  const Case given{9, 3, 40, {0, 4, 9}};
  const Inputs inputs(given);
  const Results expected = expected_of(given, inputs);
  Inputs spoiled(given);
  for (std::int64_t t = 0; t < 9; ++t) {
    spoiled.u.select(0, t).select(0, 0).fill_(NAN);
    if (t >= 4) {
      spoiled.u.select(0, t).select(0, 1).fill_(NAN);
      spoiled.da.select(0, t).slice(0, 1, 2).fill_(NAN);
    }
  }
  for (const GpuRun& run : gpu_runs()) {
    for (const auto& version : versions_on(run.device)) {
      const Results clean = run_on(version.kernels, run.device, given, inputs, expected.a);
      const Results got = run_on(version.kernels, run.device, given, spoiled, expected.a);
      EXPECT_TRUE(same_bits(got.a, clean.a) && same_bits(got.pooled, clean.pooled) &&
                  same_bits(got.du, clean.du) && same_bits(got.dw, clean.dw))
          << version.name;
    }
  }
}

TEST(AttentionPoolGpu, LargeScoresDoNotOverflow) {
  const Case given{2, 2, 1};
  Inputs inputs(given);
  inputs.u = Tensor::from<float>({300.0f, 200.0f, 299.0f, -1000.0f}, {2, 2, 1});
  inputs.w = Tensor::from<float>({1.0f}, {1});
  const double first = 1.0 / (1.0 + std::exp(-1.0));
  for (const GpuRun& run : gpu_runs()) {
    for (const auto& version : versions_on(run.device)) {
      EXPECT_TRUE(close(run_on(version.kernels, run.device, given, inputs, inputs.da).a,
                        in_double({first, 1.0, 1.0 - first, 0.0}, {2, 2}), 1e-6))
          << version.name;
    }
  }
}

TEST(AttentionPoolGpu, ErrorsAreThoseOfTheCpu) {
  const Device device = gpu_runs().front().device;
  for (const auto& version : versions_on(device)) {
    const auto call = [&](const Case& given, const Tensor& w) {
      Inputs inputs(given);
      inputs.w = w;
      run_on(version.kernels, device, given, inputs, inputs.da);
    };
    expect_error(
        [&] {
          call({4, 2, 3, {1, 5}}, Tensor::zeros({3}));
        },
        "attention_pool: lengths[1] is 5; expected 0 … 4");
    expect_error(
        [&] {
          call({4, 2, 3}, Tensor::zeros({2}));
        },
        "attention_pool: w is [2]; expected [3]");
  }
}

}  // namespace
}  // namespace heddle::testing
