#include <algorithm>
#include <cmath>
#include <cstring>

#include "tests/gpu/versions.h"

namespace heddle::testing {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Tensor as_it_is(const Tensor& whole) { return whole; }

/// One input. An empty list of lengths: not given. `part` makes all operands of wholes.
struct Case {
  std::string name;
  Tensor x, dy;
  std::vector<std::int64_t> lengths = {};
  bool logarithmic = false;
  Tensor (*part)(const Tensor&) = as_it_is;

  Tensor lengths_on(Device device) const {
    return Tensor::from<std::int64_t>(lengths, {static_cast<std::int64_t>(lengths.size())})
        .to(device);
  }
};

struct Expected {
  Tensor y, dx;  // f64
};

Expected expected_of(const Case& given) {
  const Shape shape = given.part(given.x).shape();
  const std::vector<double> x = given.part(given.x).to_vector<double>();
  const std::vector<double> dy = given.part(given.dy).to_vector<double>();
  const auto cols = static_cast<std::size_t>(shape[1]);
  std::vector<double> y(x.size(), given.logarithmic ? -infinity : 0.0);
  std::vector<double> dx(x.size(), 0.0);
  for (std::size_t r = 0; r < static_cast<std::size_t>(shape[0]); ++r) {
    const std::size_t begin = r * cols;
    const std::size_t end =
        begin + (given.lengths.empty() ? cols : static_cast<std::size_t>(given.lengths[r]));
    double sum = 0;
    for (std::size_t i = begin; i < end; ++i) {
      sum += std::exp(x[i]);
    }
    double dot = 0;
    for (std::size_t i = begin; i < end; ++i) {
      y[i] = given.logarithmic ? x[i] - std::log(sum) : std::exp(x[i]) / sum;
      dot += (given.logarithmic ? 1.0 : y[i]) * dy[i];
    }
    for (std::size_t i = begin; i < end; ++i) {
      dx[i] = given.logarithmic ? dy[i] - std::exp(y[i]) * dot : y[i] * (dy[i] - dot);
    }
  }
  return {in_double(y, shape), in_double(dx, shape)};
}

Case make_case(std::int64_t rows, std::int64_t cols, DType dtype, bool with_lengths,
               bool logarithmic) {
  Case made{concat(logarithmic ? "log softmax" : "softmax", " of [", rows, ", ", cols, "] ", dtype,
                   with_lengths ? " with lengths" : ""),
            numbers({rows, cols}, dtype, 1), numbers({rows, cols}, dtype, 2)};
  made.logarithmic = logarithmic;
  for (std::int64_t r = 0; with_lengths && r < rows; ++r) {
    const std::int64_t some[] = {cols, 0, cols / 2, std::min<std::int64_t>(1, cols),
                                 cols - cols / 3};
    made.lengths.push_back(some[r % 5]);
  }
  return made;
}

/// Outside of `part`, `whole` is still not a number.
bool is_otherwise_unwritten(const Tensor& whole, const Tensor& part) {
  const auto missing = [](const Tensor& tensor) {
    const std::vector<double> values = tensor.to(Device{}).to_vector<double>();
    return std::count_if(values.begin(), values.end(), [](double v) { return std::isnan(v); });
  };
  return missing(whole) - missing(part) == whole.elements() - part.elements();
}

Tensor forward(const SoftmaxKernels& kernels, const GpuRun& run, const Case& given) {
  const Tensor x = given.part(given.x.to(run.device));
  const Tensor lengths = given.lengths_on(run.device);
  const Tensor whole = unwritten_on(run.device, given.x.shape(), x.dtype());
  const Tensor y = given.part(whole);
  kernels.forward(current_stream(run.device), x.view(),
                  given.lengths.empty() ? ConstView{} : lengths.view(), given.logarithmic,
                  y.output_view());
  EXPECT_TRUE(is_otherwise_unwritten(whole, y)) << given.name;
  return y.to(Device{});
}

Tensor backward(const SoftmaxKernels& kernels, const GpuRun& run, const Case& given,
                const Tensor& forward_result) {
  const Tensor whole_y = unwritten_on(run.device, given.x.shape(), forward_result.dtype());
  Tensor y = given.part(whole_y);
  y.copy_(forward_result.to(run.device));
  const Tensor dy = given.part(given.dy.to(run.device));
  const Tensor lengths = given.lengths_on(run.device);
  const Tensor whole_dx = unwritten_on(run.device, given.x.shape(), y.dtype());
  const Tensor dx = given.part(whole_dx);
  kernels.backward(current_stream(run.device), y.view(),
                   given.lengths.empty() ? ConstView{} : lengths.view(), dy.view(),
                   given.logarithmic, dx.output_view());
  EXPECT_TRUE(is_otherwise_unwritten(whole_dx, dx)) << given.name;
  return dx.to(Device{});
}

/// All versions, and last the default.
std::vector<kernels::KernelVersion<SoftmaxKernels>> versions_on(Device device) {
  auto versions = HEDDLE_VERSIONS(softmax, device);
  versions.push_back({"default", "f32", kernels_for(device).softmax});
  return versions;
}

void expect_right(const std::vector<Case>& cases, const std::vector<GpuRun>& runs,
                  const std::string& only = "") {
  std::vector<Expected> expected;
  for (const Case& given : cases) {
    expected.push_back(expected_of(given));
  }
  SameBits bits;
  for (const GpuRun& run : runs) {
    const sim::ScheduleScope scope(run.schedule);
    bits.begin(run);
    for (const auto& version : versions_on(run.device)) {
      if (!only.empty() && version.name != only) {
        continue;
      }
      for (std::size_t i = 0; i < cases.size(); ++i) {
        const Case& given = cases[i];
        const std::string what = concat(run.name(), ", ", version.name, ", ", given.name);
        const double tolerance = tolerance_of_storage(given.x.dtype());
        const Tensor y = forward(version.kernels, run, given);
        EXPECT_TRUE(close(y, expected[i].y, tolerance)) << what;
        const Tensor dx = backward(version.kernels, run, given, expected[i].y.to(given.x.dtype()));
        EXPECT_TRUE(close(dx, expected[i].dx, tolerance)) << "gradient, " << what;
        bits.expect(y, what);
        bits.expect(dx, what);
      }
    }
  }
}

TEST(SoftmaxGpu, EveryVersionIsRightAtEverySize) {
  std::vector<Case> cases;
  for (const std::int64_t cols : {0, 1, 31, 32, 33, 64, 65, 127, 128, 129, 256, 1000}) {
    for (const bool logarithmic : {false, true}) {
      cases.push_back(make_case(5, cols, DType::f32, cols % 2 == 1, logarithmic));
    }
  }
  for (const std::int64_t rows : {0, 1, 8, 33}) {
    cases.push_back(make_case(rows, 40, DType::f32, rows > 8, false));
  }
  expect_right(cases, gpu_runs());
}

TEST(SoftmaxGpu, EveryVersionIsRightInEveryType) {
  std::vector<Case> cases;
  for (const DType dtype : {DType::f64, DType::bf16}) {
    for (const std::int64_t cols : {1, 33, 64, 128, 136, 1000}) {
      cases.push_back(make_case(5, cols, dtype, true, cols % 3 == 1));
    }
  }
  expect_right(cases, gpu_runs());
}

TEST(SoftmaxGpu, LongRowsAreRight) {
  // Rows in the registers of a block and rows beyond them, in vectors and one by one.
  std::vector<Case> cases;
  for (const std::int64_t cols : {1025, 1028, 5000, 16384, 16385, 16388, 33000}) {
    cases.push_back(make_case(2, cols, DType::f32, cols % 2 == 1, cols % 3 == 0));
  }
  cases.push_back(make_case(2, 8192, DType::f64, false, false));
  cases.push_back(make_case(5, 9001, DType::f64, true, true));
  cases.push_back(make_case(2, 4096, DType::bf16, false, false));
  cases.push_back(make_case(2, 20001, DType::bf16, false, true));
  expect_right(cases, gpu_runs(), "online");
}

TEST(SoftmaxGpu, RowsMayStandApart) {
  std::vector<Case> cases;
  for (const DType dtype : {DType::f32, DType::bf16}) {
    Case columns = make_case(9, 40, dtype, false, false);
    columns.part = [](const Tensor& whole) { return whole.slice(1, 5, 25); };
    columns.name += ", columns 5 to 24";
    Case aligned = make_case(9, 320, dtype, false, false);
    aligned.part = [](const Tensor& whole) { return whole.slice(1, 8, 264); };
    aligned.name += ", columns 8 to 263";
    Case rows = make_case(9, 40, dtype, false, true);
    rows.part = [](const Tensor& whole) { return whole.slice(0, 0, 9, 2); };
    rows.name += ", every other row";
    cases.insert(cases.end(), {columns, aligned, rows});
  }
  expect_right(cases, gpu_runs());
}

TEST(SoftmaxGpu, WorksInPlace) {
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope scope(run.schedule);
    for (const auto& version : versions_on(run.device)) {
      for (const std::int64_t cols : {50, 200, 2000, 17000}) {
        if (cols > 1000 && version.name != "online" && version.name != "default") {
          continue;
        }
        const Case given = make_case(3, cols, DType::f32, true, cols == 200);
        const Tensor y = forward(version.kernels, run, given);
        const Tensor dx = backward(version.kernels, run, given, y);
        Tensor x = given.x.clone().to(run.device);
        Tensor dy = given.dy.clone().to(run.device);
        const Tensor lengths = given.lengths_on(run.device);
        Stream& stream = current_stream(run.device);
        version.kernels.forward(stream, x.view(), lengths.view(), given.logarithmic,
                                x.mutable_view("softmax"));
        version.kernels.backward(stream, x.view(), lengths.view(), dy.view(), given.logarithmic,
                                 dy.mutable_view("softmax"));
        const std::string what = concat(run.name(), ", ", version.name, ", ", given.name);
        EXPECT_TRUE(same_bits(x.to(Device{}), y)) << what;
        EXPECT_TRUE(same_bits(dy.to(Device{}), dx)) << what;
      }
    }
  }
}

TEST(SoftmaxGpu, WhatStandsBeyondALengthIsNotRead) {
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope scope(run.schedule);
    for (const auto& version : versions_on(run.device)) {
      for (const std::int64_t cols : {5, 64, 300, 1200}) {
        const Case given = make_case(5, cols, DType::f32, true, false);
        Case spoiled = given;
        spoiled.x = given.x.clone();
        spoiled.dy = given.dy.clone();
        for (std::int64_t r = 0; r < 5; ++r) {
          const std::int64_t length = given.lengths[static_cast<std::size_t>(r)];
          spoiled.x.select(0, r).slice(0, length).fill_(r % 2 == 0 ? NAN : infinity);
          spoiled.dy.select(0, r).slice(0, length).fill_(NAN);
        }
        const std::string what = concat(run.name(), ", ", version.name, ", ", given.name);
        const Tensor y = forward(version.kernels, run, given);
        EXPECT_TRUE(same_bits(forward(version.kernels, run, spoiled), y)) << what;
        EXPECT_TRUE(same_bits(backward(version.kernels, run, spoiled, y),
                              backward(version.kernels, run, given, y)))
            << what;
      }
    }
  }
}

/// Rows of which each begins with numbers that need care.
TEST(SoftmaxGpu, SurvivesLargeValuesAndShowsNaN) {
  const auto inf = static_cast<float>(infinity);
  struct Row {
    std::vector<float> begin;  // then −1000 until the end
    float first;               // expected of the first element
  };
  const std::vector<Row> rows = {
      {{1e30f, 1e30f, -1e30f}, 0.5f},
      {{-inf, 0.0f, -inf}, 0.0f},
      {{1000.0f, -inf}, 1.0f},
      {{0.0f, NAN}, NAN},
      {{inf, 0.0f}, NAN},
      {{NAN, -inf, 3.0f}, NAN},
      {std::vector<float>(40, -inf), 0.0f},
  };
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope scope(run.schedule);
    for (const auto& version : versions_on(run.device)) {
      for (const std::int64_t cols : {48, 100, 600, 1500, 17000}) {
        Case given{"large", Tensor::full({7, cols}, -1000.0), Tensor::zeros({7, cols})};
        for (std::int64_t r = 0; r < 7; ++r) {
          const std::vector<float>& begin = rows[static_cast<std::size_t>(r)].begin;
          given.x.select(0, r)
              .slice(0, 0, static_cast<std::int64_t>(begin.size()))
              .copy_(Tensor::from<float>(begin, {static_cast<std::int64_t>(begin.size())}));
        }
        const Tensor y = forward(version.kernels, run, given);
        const std::vector<float> found = y.to_vector<float>();
        for (std::size_t r = 0; r < rows.size(); ++r) {
          const float first = found[r * static_cast<std::size_t>(cols)];
          const float last = found[(r + 1) * static_cast<std::size_t>(cols) - 1];
          const std::string what =
              concat(run.name(), ", ", version.name, ", ", cols, " columns, row ", r);
          EXPECT_EQ(std::isnan(first), std::isnan(rows[r].first)) << what << ": " << first;
          EXPECT_EQ(std::isnan(last), std::isnan(rows[r].first)) << what << ": " << last;
          if (!std::isnan(rows[r].first)) {
            EXPECT_NEAR(first, rows[r].first, 1e-6f) << what;
          }
        }
      }
    }
  }
}

TEST(SoftmaxGpu, ARowOfMinusInfinityIsNoNumber) {
  for (const GpuRun& run : gpu_runs()) {
    for (const auto& version : versions_on(run.device)) {
      for (const std::int64_t cols : {48, 1500}) {
        for (const bool logarithmic : {false, true}) {
          Case given{"", Tensor::full({1, cols}, -infinity), Tensor::zeros({1, cols})};
          given.logarithmic = logarithmic;
          const std::vector<float> y = forward(version.kernels, run, given).to_vector<float>();
          EXPECT_TRUE(std::all_of(y.begin(), y.end(), [](float value) {
            return std::isnan(value);
          })) << version.name;
        }
      }
    }
  }
}

/// In units of the last place of a float near `expected`.
double ulps(float found, double expected) {
  const double size = std::max(std::abs(expected), 1e-37);
  return std::abs(static_cast<double>(found) - expected) /
         std::ldexp(1.0, std::ilogb(static_cast<float>(size)) - 23);
}

TEST(SoftmaxGpu, ResultsAreWithinAFewUnitsOfTheLastPlace) {
  const GpuRun run = gpu_runs().back();
  for (const auto& version : versions_on(run.device)) {
    double most = 0;
    for (const std::int64_t cols : {30, 64, 100, 1000, 4000}) {
      Case given = make_case(3, cols, DType::f32, false, false);
      given.x.copy_(Tensor::from<double>(
          [&] {
            std::vector<double> wide = given.x.to_vector<double>();
            std::transform(wide.begin(), wide.end(), wide.begin(), [](double v) { return 8 * v; });
            return wide;
          }(),
          given.x.shape()));
      const std::vector<double> expected = expected_of(given).y.to_vector<double>();
      const std::vector<float> found = forward(version.kernels, run, given).to_vector<float>();
      for (std::size_t i = 0; i < found.size(); ++i) {
        most = std::max(most, ulps(found[i], expected[i]));
      }
    }
    RecordProperty(std::string(version.name), std::to_string(most));
    EXPECT_LE(most, version.name == "thread_per_row" ? 200.0 : 8.0) << version.name;
  }
}

TEST(SoftmaxGpu, ErrorsAreThoseOfTheCpu) {
  const GpuRun run = gpu_runs().front();
  const Tensor x = Tensor::zeros({2, 5});
  for (const auto& version : versions_on(run.device)) {
    const auto with_lengths = [&](const std::vector<std::int64_t>& lengths) {
      Case given{"", x, x, lengths};
      forward(version.kernels, run, given);
    };
    expect_error([&] { with_lengths({1, 6}); }, "softmax: lengths[1] is 6; expected 0 … 5");
    expect_error([&] { with_lengths({1}); }, "softmax: lengths is [1]; expected [2]");
    expect_error(
        [&] {
          const auto turned = [](const Tensor& whole) { return whole.transpose(0, 1); };
          forward(version.kernels, run, {"", x, x, {}, false, turned});
        },
        "softmax: x has strides [1, 5]");
    expect_error(
        [&] {
          forward(version.kernels, run, {"", Tensor::zeros({4}), x});
        },
        "softmax: x is [4]; expected rank 2");
    expect_error(
        [&] {
          backward(version.kernels, run, {"", x, Tensor::zeros({2, 4})}, x);
        },
        "softmax_backward: dy is [2, 4]; expected [2, 5]");
  }
}

}  // namespace
}  // namespace heddle::testing
