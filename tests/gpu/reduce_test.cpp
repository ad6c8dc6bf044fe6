#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/core/throws.h"
#include "tests/gpu/results.h"
#include "tests/gpu/sectors.h"

namespace heddle::testing {
namespace {

const std::vector<ReduceOp> all_ops{ReduceOp::sum, ReduceOp::mean, ReduceOp::max, ReduceOp::min,
                                    ReduceOp::logsumexp};
constexpr Device host{.backend = Backend::sim};

std::vector<kernels::KernelVersion<ReduceKernels>> versions(Device device) {
  return HEDDLE_VERSIONS(reduce, device);
}
std::size_t version_count() { return versions(host).size(); }

bool is_extreme(ReduceOp op) { return op == ReduceOp::max || op == ReduceOp::min; }

/// On the run's device, brought to the host.
Tensor reduce(std::size_t version, const GpuRun& run, ReduceOp op, const Tensor& x) {
  const auto [owner, view] = laid_out(x, run.device);
  const Tensor out = poisoned({x.size(0), x.size(2)}, x.dtype(), run.device);
  versions(run.device)[version].kernels.reduce(current_stream(run.device), op, view,
                                               out.output_view());
  return out.to(Device{});
}

struct Places {
  Tensor values, indices;
};
Places arg_extreme(std::size_t version, const GpuRun& run, ReduceOp op, const Tensor& x) {
  const auto [owner, view] = laid_out(x, run.device);
  const Shape shape{x.size(0), x.size(2)};
  const Tensor values = poisoned(shape, x.dtype(), run.device);
  const Tensor indices = poisoned(shape, DType::i64, run.device);
  versions(run.device)[version].kernels.arg_extreme(current_stream(run.device), op, view,
                                                    values.output_view(), indices.output_view());
  return {values.to(Device{}), indices.to(Device{})};
}

double reduced(ReduceOp op, const std::vector<double>& terms) {
  long double sum = 0;
  switch (op) {
    case ReduceOp::max:
      return *std::max_element(terms.begin(), terms.end());
    case ReduceOp::min:
      return *std::min_element(terms.begin(), terms.end());
    case ReduceOp::sum:
    case ReduceOp::mean:
      for (const double term : terms) {
        sum += term;
      }
      return static_cast<double>(
          op == ReduceOp::sum ? sum : sum / static_cast<long double>(terms.size()));
    case ReduceOp::logsumexp:
      for (const double term : terms) {
        sum += std::exp(static_cast<long double>(term));
      }
      return static_cast<double>(std::log(sum));
  }
  return NAN;
}

/// The n terms of each result.
std::vector<std::vector<double>> terms_of(const Tensor& x) {
  const std::vector<double> flat = x.to_vector<double>();
  const auto n = static_cast<std::size_t>(x.size(1));
  const auto inner = static_cast<std::size_t>(x.size(2));
  std::vector<std::vector<double>> all(static_cast<std::size_t>(x.size(0)) * inner);
  for (std::size_t r = 0; r < all.size(); ++r) {
    for (std::size_t i = 0; i < n; ++i) {
      all[r].push_back(flat[(r / inner * n + i) * inner + r % inner]);
    }
  }
  return all;
}

/// All reductions in all versions and runs.
void expect_reductions(const Tensor& x) {
  const std::vector<std::vector<double>> terms = terms_of(x);
  for (const ReduceOp op : all_ops) {
    if (is_extreme(op) && x.size(1) == 0) {
      continue;
    }
    std::vector<double> expected;
    std::vector<std::int64_t> places;
    for (const std::vector<double>& of_result : terms) {
      expected.push_back(reduced(op, of_result));
      if (is_extreme(op)) {
        const auto place = op == ReduceOp::max
                               ? std::max_element(of_result.begin(), of_result.end())
                               : std::min_element(of_result.begin(), of_result.end());
        places.push_back(place - of_result.begin());
      }
    }
    Tensor first;
    for (std::size_t v = 0; v < version_count(); ++v) {
      const std::string what = concat("reduction ", static_cast<int>(op), " of ", x.dtype(), ' ',
                                      x.shape(), " with strides ", x.strides(), ", version ", v);
      in_all_runs([&](const GpuRun& run) { return reduce(v, run, op, x); },
                  [&](const Tensor& got, const std::string& where) {
                    expect_close(got, expected, gpu_tolerance(x.dtype()), where);
                    first = first.defined() ? first : got;
                    EXPECT_TRUE(same_bits(got, first)) << where << ": not the bits of version 0";
                  },
                  what);
      if (is_extreme(op)) {
        in_all_runs(
            [&](const GpuRun& run) {
              const Places found = arg_extreme(v, run, op, x);
              expect_close(found.values, expected, 0.0, "value of " + what);
              return found.indices;
            },
            [&](const Tensor& got, const std::string& where) {
              EXPECT_EQ(got.to_vector<std::int64_t>(), places) << "places, " << where;
            },
            what);
      }
    }
  }
}

TEST(GpuReduce, IsRightForAllSizes) {
  for (const std::int64_t n : {0, 1, 3, 4, 5, 31, 32, 33, 127, 128, 129, 1000}) {
    expect_reductions(numbers_of({3, n, 1}, DType::f32, 2, -1, 1));
    expect_reductions(numbers_of({1, n, 7}, DType::f32, 3, -1, 1));
  }
  for (const DType dtype : {DType::f32, DType::f64, DType::bf16}) {
    for (const std::int64_t n : {0, 5, 129, 1030}) {
      expect_reductions(numbers_of({1, n, 1}, dtype, 1, -1, 1));
    }
    expect_reductions(numbers_of({2, 70, 17}, dtype, 4, -1, 1));
    expect_reductions(numbers_of({0, 5, 3}, dtype, 6));
    expect_reductions(numbers_of({2, 5, 0}, dtype, 6));
  }
}

TEST(GpuReduce, IsRightForLongReductions) {
  expect_reductions(numbers_of({2, 4096, 1}, DType::f32, 7, -1, 1));
  expect_reductions(numbers_of({1, 17001, 1}, DType::bf16, 7, -1, 1));
}

TEST(GpuReduce, IsRightForAllStrides) {
  const Tensor x = numbers_of({4, 40, 12}, DType::f32, 1);
  expect_reductions(x.permute({2, 0, 1}));
  expect_reductions(x.permute({0, 2, 1}));
  expect_reductions(x.permute({1, 2, 0}));
  expect_reductions(x.slice(1, 3, 39, 2));
  expect_reductions(x.slice(2, 1, 12, 3));
  expect_reductions(numbers_of({3, 1, 50}, DType::f32, 2).permute({0, 2, 1}).slice(1, 1, 50));
  expect_reductions(numbers_of({1, 60, 1}, DType::f32, 2).expand({2, 60, 5}));
  expect_reductions(numbers_of({3, 1, 12}, DType::f32, 2).expand({3, 50, 12}));
}

TEST(GpuReduce, WritesThroughStrides) {
  const Tensor x = numbers_of({5, 15, 20}, DType::f32, 1);
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope schedule(run.schedule);
    for (std::size_t v = 0; v < version_count(); ++v) {
      Tensor room = Tensor::zeros({10, 20}, DType::f32, run.device);
      const Tensor out = room.slice(0, 0, 10, 2);
      versions(run.device)[v].kernels.reduce(current_stream(run.device), ReduceOp::sum,
                                             x.to(run.device).view(), out.output_view());
      EXPECT_TRUE(same_bits(out.to(Device{}).contiguous(), reduce(v, run, ReduceOp::sum, x)));
    }
  }
}

TEST(GpuReduce, TheTreeDependsOnTheNumberOfTermsAlone) {
  const GpuRun run{host, {}};
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const std::int64_t n : {5, 32, 127, 129, 640, 1000, 2049, 4097, 17000}) {
      const Tensor rows = numbers_of({5, n, 1}, dtype, 1);
      const Tensor columns = rows.reshape({1, 5, n}).transpose(1, 2).contiguous();
      const Tensor many = columns.expand({8, n, 5});
      for (const ReduceOp op : {ReduceOp::sum, ReduceOp::mean, ReduceOp::logsumexp}) {
        const std::vector<double> expected = reduce(0, run, op, rows).to_vector<double>();
        for (std::size_t v = 0; v < version_count(); ++v) {
          EXPECT_EQ(reduce(v, run, op, rows).to_vector<double>(), expected) << n;
          EXPECT_EQ(reduce(v, run, op, columns).to_vector<double>(), expected)
              << n << " by columns";
          EXPECT_EQ(reduce(v, run, op, columns.transpose(0, 2)).to_vector<double>(), expected)
              << n << " gathered";
          EXPECT_EQ(reduce(v, run, op, rows.slice(0, 4, 5)).to_vector<double>()[0], expected[4])
              << n << " alone";
          if (v + 1 == version_count()) {
            EXPECT_EQ(reduce(v, run, op, many).to_vector<double>()[5 * 4 + 3], expected[3])
                << n << " among many columns";
          }
        }
      }
    }
  }
}

TEST(GpuReduce, SumsOfManyEqualTermsStayExactWhereARunningSumDoesNot) {
  const std::int64_t n = (std::int64_t{1} << 24) + 100;  // a running f32 sum of ones stops at 2²⁴
  const Tensor ones = Tensor::full({1, 1, 1}, 1.0).expand({1, n, 1});
  EXPECT_EQ(reduce(version_count() - 1, {host, {}}, ReduceOp::sum, ones).item<double>(),
            static_cast<double>(n));
}

TEST(GpuReduce, SumsWholeNumbers) {
  const Tensor x = Tensor::arange(2 * 300 * 11).reshape({2, 300, 11});
  for (const Tensor& view : {x, x.permute({0, 2, 1}), x.permute({2, 1, 0})}) {
    std::vector<double> expected;
    for (const std::vector<double>& terms : terms_of(view)) {
      expected.push_back(reduced(ReduceOp::sum, terms));
    }
    for (std::size_t v = 0; v < version_count(); ++v) {
      in_all_runs([&](const GpuRun& run) { return reduce(v, run, ReduceOp::sum, view); },
                  [&](const Tensor& got, const std::string& where) {
                    expect_close(got, expected, 0.0, where);
                  },
                  "sum of i64");
    }
  }
}

TEST(GpuReduce, NaNIsNeverLost) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const GpuRun run{host, {}};
  for (std::size_t v = 0; v < version_count(); ++v) {
    for (const std::int64_t inner : {1, 40}) {
      for (const std::int64_t n : {1, 7, 300}) {
        for (const std::int64_t place : {std::int64_t{0}, n / 2, n - 1}) {
          Tensor x = numbers_of({1, n, inner}, DType::f32, 1);
          x.select(1, place).fill_(nan);
          for (const ReduceOp op : all_ops) {
            EXPECT_TRUE(std::isnan(reduce(v, run, op, x).to_vector<double>().back()))
                << static_cast<int>(op) << ", " << n << " terms, NaN at " << place;
          }
          const Places largest = arg_extreme(v, run, ReduceOp::max, x);
          EXPECT_EQ(largest.indices.to_vector<std::int64_t>().back(), place);
          EXPECT_TRUE(std::isnan(largest.values.to_vector<double>().back()));
          const Places smallest = arg_extreme(v, run, ReduceOp::min, x);
          EXPECT_EQ(std::isnan(smallest.values.to_vector<double>().back()), n == 1);
        }
        Tensor all_nan = Tensor::full({1, n, inner}, nan);
        EXPECT_EQ(
            arg_extreme(v, run, ReduceOp::min, all_nan).indices.to_vector<std::int64_t>().back(),
            0);
      }
    }
  }
}

TEST(GpuReduce, TheFirstOfEqualValuesCountsAndValuesNeedNotBeGiven) {
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope schedule(run.schedule);
    for (std::size_t v = 0; v < version_count(); ++v) {
      for (const std::int64_t inner : {1, 40}) {
        const Tensor x = Tensor::full({2, 100, inner}, 3.0, DType::f32, run.device);
        for (const ReduceOp op : {ReduceOp::max, ReduceOp::min}) {
          const Tensor indices = poisoned({2, inner}, DType::i64, run.device);
          versions(run.device)[v].kernels.arg_extreme(current_stream(run.device), op, x.view(), {},
                                                      indices.output_view());
          for (const std::int64_t place : indices.to(Device{}).to_vector<std::int64_t>()) {
            EXPECT_EQ(place, 0);
          }
        }
      }
    }
  }
}

TEST(GpuReduce, LogsumexpReachesInfinitiesAndLargeValues) {
  for (std::size_t v = 0; v < version_count(); ++v) {
    const auto of = [&](std::initializer_list<float> values) {
      const auto n = static_cast<std::int64_t>(values.size());
      return reduce(v, {host, {}}, ReduceOp::logsumexp, Tensor::from<float>(values, {1, n, 1}))
          .item<float>();
    };
    EXPECT_EQ(of({-INFINITY, -INFINITY}), -INFINITY);
    EXPECT_EQ(of({-INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, 1.0f}), 1.0f);
    EXPECT_EQ(of({INFINITY, 0.0f}), INFINITY);
    EXPECT_EQ(of({0.0f, 1.0f, 2.0f, 3.0f, INFINITY, -INFINITY}), INFINITY);
    EXPECT_FLOAT_EQ(of({1000.0f, 1000.0f}), 1000.0f + std::log(2.0f));
    EXPECT_FLOAT_EQ(of({-1000.0f, -INFINITY}), -1000.0f);
  }
}

TEST(GpuReduce, NeighboursAreReadTogetherByRowsAndByColumns) {
  const Tensor rows = numbers_of({4, 1024, 1}, DType::f32, 1);
  const Tensor columns = numbers_of({1, 128, 128}, DType::f32, 1);
  const Tensor uncut = columns.slice(1, 0, 64);
  const auto sectors = [&](std::size_t version, const Tensor& x) {
    SectorCounter counter;
    const sim::RecordScope scope(counter);
    reduce(version, {host, {}}, ReduceOp::sum, x);
    return counter.sectors_per_request(sim::Reach::load);
  };
  EXPECT_EQ(sectors(1, rows), 16.0);     // 512 bytes touched by each of the four loads of a leaf
  EXPECT_EQ(sectors(2, rows), 16.0);     // and by one
  EXPECT_EQ(sectors(1, columns), 32.0);  // a lane walks down a column
  EXPECT_EQ(sectors(2, uncut), 4.0);     // neighbouring lanes, neighbouring columns
}

TEST(GpuReduce, ErrorsNameWhatWasFoundAndExpected) {
  const ReduceKernels& kernels = kernels_for(host).reduce;
  Stream& stream = current_stream(host);
  const auto reduction = [&](ReduceOp op, const Tensor& x, const Tensor& out) {
    return message_of([&] { kernels.reduce(stream, op, x.view(), out.output_view()); });
  };
  const Tensor none = Tensor::empty({2, 0, 3}, DType::f32, host);
  const Tensor out = Tensor::zeros({2, 3}, DType::f32, host);
  EXPECT_EQ(reduction(ReduceOp::max, none, out),
            "reduce: x is [2, 0, 3]; the largest or smallest of no values does not exist, expected "
            "at least one");
  EXPECT_EQ(reduction(ReduceOp::sum, Tensor::zeros({2, 4, 3}, DType::f32, host),
                      Tensor::zeros({3, 2}, DType::f32, host)),
            "reduce: out is [3, 2]; expected [2, 3]");
  EXPECT_EQ(reduction(ReduceOp::max, Tensor::zeros({2, 1, 3}, DType::i64, host),
                      Tensor::zeros({2, 3}, DType::i64, host)),
            "reduce: got i64, expected f32, f64 or bf16");
  EXPECT_EQ(message_of([&] {
              kernels.arg_extreme(stream, ReduceOp::sum, none.view(), {}, out.output_view());
            }),
            "arg_extreme: got reduction 0, expected max or min");
}

}  // namespace
}  // namespace heddle::testing
