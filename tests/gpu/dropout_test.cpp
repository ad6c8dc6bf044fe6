#include <cmath>
#include <vector>

#include "tests/core/throws.h"
#include "tests/gpu/results.h"

namespace heddle::testing {
namespace {

std::vector<kernels::KernelVersion<DropoutKernels>> versions(Device device) {
  return HEDDLE_VERSIONS(dropout, device);
}

/// In all versions and runs.
void expect_dropout(double p, const RandomSpan& random, const Tensor& x, bool in_place,
                    const std::string& what) {
  std::vector<double> expected = x.to_vector<double>();
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const float uniform = uniform_unit(random_word(random.seed, random.stream, random.first + i));
    expected[i] = uniform >= p ? expected[i] / (1 - p) : 0.0;
  }
  const auto all = versions(Device{.backend = Backend::sim});
  for (std::size_t v = 0; v < all.size(); ++v) {
    in_all_runs(
        [&](const GpuRun& run) {
          const auto [owner, view] = laid_out(in_place ? x.clone() : x, run.device);
          Tensor y = poisoned(x.shape(), x.dtype(), run.device);
          View out = y.output_view();
          if (in_place) {
            y.copy_(x.to(run.device));
            out = y.output_view();
          }
          versions(run.device)[v].kernels.apply(
              current_stream(run.device), p, random,
              in_place ? static_cast<const ConstView&>(out) : view, out);
          return y;
        },
        [&](const Tensor& got, const std::string& where) {
          expect_close(got, expected, gpu_tolerance(x.dtype()), where);
        },
        concat(what, ", ", all[v].name));
  }
}

TEST(GpuDropout, DrawsTheWordsItIsGiven) {
  for (const DType dtype : {DType::f32, DType::f64, DType::bf16}) {
    for (const std::int64_t size : {0, 1, 2, 3, 4, 5, 31, 32, 33, 127, 128, 129, 1000, 3001}) {
      for (const std::uint64_t first : {0ull, 1ull, 2ull, 3ull, (1ull << 34) - 2}) {
        expect_dropout(0.3, {0x123456789ABCDEFull, 0xFEDCBA987654321ull, first},
                       numbers_of({size}, dtype, 1), size % 2 == 0,
                       concat(dtype, " [", size, "] from word ", first));
      }
    }
  }
}

TEST(GpuDropout, TakesInputsOfAnyAlignment) {
  const Tensor x = numbers_of({300}, DType::f32, 1);
  for (std::int64_t begin = 1; begin < 5; ++begin) {
    expect_dropout(0.5, {1, 2, 3}, x.slice(0, begin, 250), false, concat("from ", begin));
  }
}

TEST(GpuDropout, DropsNaNAndKeepsEverythingAtZero) {
  const Tensor nan = Tensor::full({100}, std::numeric_limits<double>::quiet_NaN());
  const auto all = versions(Device{.backend = Backend::sim});
  for (std::size_t v = 0; v < all.size(); ++v) {
    for (const GpuRun& run : gpu_runs()) {
      const sim::ScheduleScope schedule(run.schedule);
      const Tensor x = nan.to(run.device);
      const Tensor y = poisoned({100}, DType::f32, run.device);
      versions(run.device)[v].kernels.apply(current_stream(run.device), 0.5, {1, 2, 3}, x.view(),
                                            y.output_view());
      const std::vector<float> got = y.to(Device{}).to_vector<float>();
      for (std::size_t i = 0; i < got.size(); ++i) {
        EXPECT_EQ(std::isnan(got[i]), uniform_unit(random_word(1, 2, 3 + i)) >= 0.5f);
      }
    }
    expect_dropout(0.0, {1, 2, 3}, numbers_of({50}, DType::f32, 1), false, "p = 0");
  }
}

TEST(GpuDropout, ErrorsNameWhatWasFoundAndExpected) {
  const Device device{.backend = Backend::sim};
  const auto message = [&](double p, const Tensor& x) {
    return message_of([&] {
      kernels_for(device).dropout.apply(current_stream(device), p, {}, x.view(), x.output_view());
    });
  };
  const Tensor x = Tensor::zeros({4, 2}, DType::f32, device);
  EXPECT_EQ(message(1.0, x), "dropout: p is 1; expected 0 ≤ p < 1");
  EXPECT_EQ(message(NAN, x), "dropout: p is nan; expected 0 ≤ p < 1");
  EXPECT_EQ(message(0.5, x.transpose(0, 1)),
            "dropout: x has strides [1, 2]; expected it contiguous");
}

}  // namespace
}  // namespace heddle::testing
