#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/random.h"
#include "core/tensor.h"
#include "tests/gpu/runs.h"

// What tests of CUDA kernels share: a computation in all runs, held against expected numbers, with
// the same bits in all schedules.

namespace heddle::testing {

/// Of one rounding to the type, or of f32 arithmetic: relative to max(1, |expected|).
inline double gpu_tolerance(DType dtype) {
  return dtype == DType::f64 ? 1e-12 : dtype == DType::f32 ? 2e-5 : 2e-2;
}

/// Uniform numbers of the type, the same for the same seed.
inline Tensor numbers_of(const Shape& shape, DType dtype, std::uint64_t seed, double low = -2.0,
                         double high = 2.0) {
  Generator generator(seed);
  return random_uniform(shape, low, high, generator, DType::f64).to(dtype);
}

/// Poisoned: not a number everywhere (−77 where there is no such thing).
inline Tensor poisoned(const Shape& shape, DType dtype, Device device) {
  const bool has_nan = is_floating(dtype);
  return Tensor::full(shape, has_nan ? std::numeric_limits<double>::quiet_NaN() : -77.0, dtype,
                      device);
}

/// Equal, both NaN, or |got − expected| ≤ tolerance · max(1, |expected|).
inline void expect_close(const Tensor& got, const std::vector<double>& expected, double tolerance,
                         const std::string& what) {
  const std::vector<double> values = got.to_vector<double>();
  ASSERT_EQ(values.size(), expected.size()) << what;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool is_right =
        values[i] == expected[i] || (std::isnan(values[i]) && std::isnan(expected[i])) ||
        std::abs(values[i] - expected[i]) <= tolerance * std::fmax(1.0, std::abs(expected[i]));
    if (!is_right) {
      ADD_FAILURE() << what << ": element " << i << " of " << to_string(got.shape()) << " is "
                    << values[i] << ", expected " << expected[i];
      return;
    }
  }
}

/// A tensor that owns memory of the device, and a view in it with the numbers, strides and
/// alignment of `x`, which is on the host.
inline std::pair<Tensor, ConstView> laid_out(const Tensor& x, Device device) {
  ConstView view = x.view();
  view.device = device;
  if (device.backend == Backend::sim || x.elements() == 0) {
    return {x, view};
  }
  std::int64_t last = 0;
  for (int d = 0; d < x.rank(); ++d) {
    last += (x.size(d) - 1) * x.strides()[d];
  }
  return dispatch_any(x.dtype(), [&]<typename T>(TypeTag<T>) -> std::pair<Tensor, ConstView> {
    const auto* const first = view.pointer<T>();
    const auto lead =
        static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(first) / sizeof(T) % 16);
    const Tensor owner = Tensor::empty({lead + last + 1}, x.dtype());
    std::copy(first, first + last + 1, owner.output_view().pointer<T>() + lead);
    const Tensor moved = owner.to(device);
    view.data = moved.view().pointer<T>() + lead;
    return {moved, view};
  });
}

/// Calls compute(run) in every run and hands the result, brought to the host, to expect(result,
/// name of the run). Schedules must give the same bits.
inline void in_all_runs(const std::function<Tensor(const GpuRun&)>& compute,
                        const std::function<void(const Tensor&, const std::string&)>& expect,
                        const std::string& what) {
  Tensor first;
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope schedule(run.schedule);
    const Tensor got = compute(run).to(Device{});
    if (!first.defined()) {
      first = got;
      expect(got, what + " in " + run.name());
    } else if (run.device.backend == Backend::sim) {
      EXPECT_TRUE(same_bits(got, first)) << what << ": other bits in " << run.name();
    } else {
      expect(got, what + " in " + run.name());
    }
  }
}

}  // namespace heddle::testing
