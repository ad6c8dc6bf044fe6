#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/random.h"
#include "tests/gpu/runs.h"
#include "tests/kernels/expect_error.h"
#include "tests/support/closeness.h"

// What the tests of kernel families share that run every version in every way there is.

namespace heddle::testing {

/// Numbers in [−1, 1], as the type holds them.
inline Tensor numbers(const Shape& shape, DType dtype, std::uint64_t seed) {
  Generator generator(seed);
  return random_uniform(shape, -1.0, 1.0, generator, DType::f32).to(dtype);
}

/// Not a number everywhere, so that an element that was not written shows.
inline Tensor unwritten_on(Device device, const Shape& shape, DType dtype) {
  return Tensor::full(shape, std::numeric_limits<double>::quiet_NaN(), dtype).to(device);
}

inline Tensor in_double(const std::vector<double>& values, const Shape& shape) {
  return Tensor::from<double>(values, shape);
}

/// Of results of the accuracy class "f32", stored as `dtype`.
inline double tolerance_of_storage(DType dtype) {
  return dtype == DType::f64 ? 1e-12 : dtype == DType::bf16 ? 2e-2 : 2e-5;
}

/// One schedule of sim, and the GPU: for what takes long.
inline std::vector<GpuRun> short_runs() {
  std::vector<GpuRun> runs;
  for (const GpuRun& run : gpu_runs()) {
    if (run.device.backend != Backend::sim || run.schedule.order == sim::Order::shuffled) {
      runs.push_back(run);
    }
  }
  return runs;
}

/// Compares what sim's schedules give, bit for bit, in the order of the calls of each run.
class SameBits {
 public:
  void begin(const GpuRun& run) {
    is_sim_ = run.device.backend == Backend::sim;
    place_ = 0;
    name_ = run.name();
  }
  void expect(const Tensor& result, const std::string& what) {
    if (!is_sim_) {
      return;
    }
    if (place_ == first_.size()) {
      first_.push_back(result);
    }
    EXPECT_TRUE(same_bits(result, first_[place_])) << what << ": other bits in " << name_;
    ++place_;
  }

 private:
  bool is_sim_ = false;
  std::size_t place_ = 0;
  std::string name_;
  std::vector<Tensor> first_;
};

}  // namespace heddle::testing
