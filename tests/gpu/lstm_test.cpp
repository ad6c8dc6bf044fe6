#include <gtest/gtest.h>

#include "kernels/gpu/lstm_cell.h"
#include "tests/gpu/lstm_tensors.h"
#include "tests/kernels/expect_error.h"

namespace heddle::testing {
namespace {

/// Rows of one block change with the batch and the number of multiprocessors; bits must not.
TEST(GpuLstm, ARowAloneGivesTheSameBitsAsInABatch) {
  for (const GpuRun& run : gpu_runs()) {
    for (const auto& version : HEDDLE_VERSIONS(lstm, run.device)) {
      if (version.name != "persistent_block" && version.name != "persistent_grid" &&
          version.name != "persistent_cluster") {
        continue;
      }
      for (const std::int64_t batch :
           {2, 3, 9}) {  // 1, 2 and 4 rows of one block; 4 and 8 of a cluster
        const LstmTensors all({5, batch, 3, 20, 1, mixed_lengths(batch, 5), true}, DType::f32,
                              DType::f32, run.device);
        all.run(version.kernels);
        for (std::int64_t row = 0; row < batch; ++row) {
          LstmTensors one(
              {5, 1, 3, 20, 1, {mixed_lengths(batch, 5)[static_cast<std::size_t>(row)]}, true},
              DType::f32, DType::f32, run.device);
          const auto of_row = [&](const Tensor& tensor) {
            return tensor.slice(1, row, row + 1).contiguous();
          };
          one.x = of_row(all.x);
          one.h0 = of_row(all.h0);
          one.c0 = of_row(all.c0);
          one.dy = of_row(all.dy);
          one.dh_n = of_row(all.dh_n);
          one.dc_n = of_row(all.dc_n);
          one.run(version.kernels);
          EXPECT_TRUE(same_bits(one.y, of_row(all.y))) << version.name << " row " << row;
          EXPECT_TRUE(same_bits(one.dh0, of_row(all.dh0))) << version.name << " row " << row;
          EXPECT_TRUE(same_bits(one.dc0, of_row(all.dc0))) << version.name << " row " << row;
        }
      }
    }
  }
}

TEST(GpuLstm, WhatStandsBeyondALengthReachesNothing) {
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope scope(run.schedule);
    for (const auto& version : HEDDLE_VERSIONS(lstm, run.device)) {
      const DType dtype = types_of(version.math).front();
      const LstmCase sizes{6, 3, 4, 5, 2, {2, 6, 0}};
      const LstmTensors clean(sizes, dtype, dtype, run.device);
      const LstmTensors dirty(sizes, dtype, dtype, run.device);
      const Tensor x = dirty.x.to(Device{});
      const Tensor dy = dirty.dy.to(Device{});
      for (const std::int64_t row : {0, 2}) {
        const std::int64_t length = sizes.lengths[static_cast<std::size_t>(row)];
        x.select(1, row).slice(0, length).fill_(std::numeric_limits<double>::infinity());
        dy.select(1, row).slice(0, length).fill_(std::numeric_limits<double>::quiet_NaN());
      }
      LstmTensors changed = dirty;
      changed.x = x.to(run.device);
      changed.dy = dy.to(run.device);
      clean.run(version.kernels);
      changed.run(version.kernels);
      const auto expected = clean.results();
      const auto got = changed.results();
      for (std::size_t i = 0; i < got.size(); ++i) {
        EXPECT_TRUE(same_bits(got[i].tensor.to(Device{}), expected[i].tensor.to(Device{})))
            << version.name << ' ' << got[i].name;
      }
    }
  }
}

TEST(GpuLstm, GradientsMayBeLeftOut) {
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope scope(run.schedule);
    for (const auto& version : HEDDLE_VERSIONS(lstm, run.device)) {
      const DType dtype = types_of(version.math).front();
      const LstmTensors tensors({4, 3, 4, 5, 2, {2, 4, 0}, true}, dtype, dtype, run.device);
      tensors.run(version.kernels);
      const Tensor dweight_hidden = unwritten(tensors.weight_hidden.shape(), dtype).to(run.device);
      LstmInputGradients wanted;
      wanted.dweight_hidden = dweight_hidden.output_view();
      tensors.backward(version.kernels, wanted);
      EXPECT_TRUE(same_bits(dweight_hidden.to(Device{}), tensors.dweight_hidden.to(Device{})))
          << version.name;
      tensors.backward(version.kernels, {});
    }
  }
}

TEST(GpuLstm, Tf32IsUsedWhereAskedAlone) {
  const LstmTensors exact({3, 4, 5, 40, 2}, DType::f32, DType::f32, {.backend = Backend::sim});
  exact.run(kernels::sim::lstm_kernels());
  Stream& stream = current_stream({.backend = Backend::sim});
  const Math before = stream.math;
  stream.math = Math::tf32;
  const LstmTensors rounded({3, 4, 5, 40, 2}, DType::f32, DType::f32, {.backend = Backend::sim});
  rounded.run(kernels::sim::lstm_kernels());
  stream.math = before;
  EXPECT_FALSE(same_bits(exact.y, rounded.y));
  expect_close(rounded, exact, 2e-3, "tf32");
}

TEST(GpuLstm, RefusesWhatDoesNotFit) {
  const LstmTensors wrong({4, 2, 3, 3, 1, {2, 5}}, DType::f32, DType::f32,
                          {.backend = Backend::sim});
  const LstmTensors right({4, 2, 3, 3, 1}, DType::f32, DType::f32, {.backend = Backend::sim});
  for (const auto& version : kernels::sim::lstm_versions()) {
    const auto same_text = [&](const auto& call) {
      const std::string expected = message_of([&] { call(cpu_kernels().lstm); });
      EXPECT_NE(expected, "");
      EXPECT_EQ(message_of([&] { call(version.kernels); }), expected) << version.name;
    };
    same_text([&](const LstmKernels& kernels) { wrong.forward(kernels); });
    same_text([&](const LstmKernels& kernels) {
      LstmTensors tensors = right;
      tensors.bias = Tensor::zeros({1, 11});
      tensors.forward(kernels);
    });
    same_text([&](const LstmKernels& kernels) {
      LstmTensors tensors = right;
      tensors.y = Tensor::zeros({4, 2, 4});
      tensors.forward(kernels);
    });
    same_text([&](const LstmKernels& kernels) {
      LstmTensors tensors = right;
      tensors.weight_hidden = Tensor::zeros({3, 12, 3});
      tensors.forward(kernels);
    });
    same_text([&](const LstmKernels& kernels) {
      LstmTensors tensors = right;
      tensors.dx = Tensor::zeros({4, 2, 2});
      tensors.backward(kernels, tensors.all_gradients());
    });
  }
}

/// The fused cell by itself: one step against plain arithmetic.
TEST(GpuLstm, CellStepsAsTheFormulasSay) {
  using kernels::sim::CellStep;
  using kernels::sim::FourGates;
  using kernels::sim::SavedStep;
  for (const double z : {-3.0, -0.1, 0.0, 0.7, 4.0}) {
    const double c_before = 0.4 - z / 3;
    const FourGates<double> sums{{z, 0.5 * z, -z, 1 - z}};
    const CellStep<double> step = kernels::sim::cell_step<false>(sums, c_before);
    const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
    const double c = sigmoid(0.5 * z) * c_before + sigmoid(z) * std::tanh(-z);
    EXPECT_NEAR(step.c, c, 1e-15);
    EXPECT_NEAR(step.h, sigmoid(1 - z) * std::tanh(c), 1e-15);
    // Backward against differences, for a loss h + 2 c.
    double dc = 2;
    const SavedStep<double> saved{step.gates, step.c, c_before, 0};
    const FourGates<double> dz = kernels::sim::cell_step_backward<false>(saved, 1.0, dc);
    const auto loss = [&](const FourGates<double>& at, double before) {
      const CellStep<double> result = kernels::sim::cell_step<false>(at, before);
      return result.h + 2 * result.c;
    };
    constexpr double small = 1e-6;
    for (int gate = 0; gate < 4; ++gate) {
      FourGates<double> above = sums;
      FourGates<double> below = sums;
      above[gate] += small;
      below[gate] -= small;
      EXPECT_NEAR(dz[gate], (loss(above, c_before) - loss(below, c_before)) / (2 * small), 1e-8);
    }
    EXPECT_NEAR(dc, (loss(sums, c_before + small) - loss(sums, c_before - small)) / (2 * small),
                1e-8);
  }
}

}  // namespace
}  // namespace heddle::testing
