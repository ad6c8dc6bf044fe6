#include <gtest/gtest.h>

#include <cstdint>

#include "core/tensor.h"
#include "tests/gpu/executor_kernels.h"
#include "tests/gpu/runs.h"

namespace heddle::testing {
namespace {

Stream& sim_stream() { return current_stream(Device{.backend = Backend::sim}); }

std::vector<sim::Schedule> schedules() {
  return {{sim::Order::forward}, {sim::Order::reverse}, {sim::Order::shuffled, 7}};
}

TEST(Executor, RunsAKernelWithABarrierTheSameInEverySchedule) {
  const Tensor x = Tensor::arange(64).to(DType::f32);
  for (const sim::Schedule& schedule : schedules()) {
    const sim::ScheduleScope scope(schedule);
    const Tensor y = Tensor::zeros({64});
    kernels::sim::run_reverse(sim_stream(), true, x.view(), y.output_view());
    for (std::int64_t i = 32; i < 64; ++i) {
      EXPECT_EQ(y.data<float>()[i], static_cast<float>(63 - i)) << to_string(schedule);
    }
  }
}

}  // namespace
}  // namespace heddle::testing
