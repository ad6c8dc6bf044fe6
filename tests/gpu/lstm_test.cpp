#include <gtest/gtest.h>

#include "kernels/gpu/lstm_cell.h"
#include "tests/gpu/runs.h"
#include "tests/kernels/expect_error.h"
#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

struct LstmCase {
  std::int64_t time, batch, input, hidden, directions;
  std::vector<std::int64_t> lengths = {};  // empty: not given
  bool has_state = false;                  // h0, c0, dh_n and dc_n given
  bool has_bias = true;

  std::string name() const {
    return concat("T", time, " B", batch, " I", input, " H", hidden, " D", directions,
                  lengths.empty() ? "" : " lengths", has_state ? " states" : "");
  }
};

std::vector<std::int64_t> mixed_lengths(std::int64_t batch, std::int64_t time) {
  std::vector<std::int64_t> lengths;
  for (std::int64_t i = 0; i < batch; ++i) {
    lengths.push_back((time + i * 5) % (time + 1));
  }
  return lengths;
}

/// All tensors of one call, forward and backward, on a device.
struct LstmTensors {
  LstmCase sizes;
  Device device;
  Tensor x, weight_input, weight_hidden, bias, lengths, h0, c0;
  Tensor y, h_n, c_n, gates, cells;
  Tensor dy, dh_n, dc_n;
  Tensor dx, dweight_input, dweight_hidden, dbias, dh0, dc0;

  /// Numbers as they are in `storage`, in type `dtype`.
  LstmTensors(const LstmCase& given, DType storage, DType dtype, Device where)
      : sizes(given), device(where) {
    const auto& [time, batch, input, hidden, directions, row_lengths, has_state, has_bias] = sizes;
    const auto numbers = [&](const Shape& shape, std::uint64_t seed, double scale) {
      Generator generator(seed);
      return random_uniform(shape, -scale, scale, generator, DType::f32)
          .to(storage)
          .to(dtype)
          .to(device);
    };
    const auto blank = [&](const Shape& shape) { return unwritten(shape, dtype).to(device); };
    const double scale = 1.5 / std::sqrt(static_cast<double>(std::max<std::int64_t>(hidden, 1)));
    const Shape state{directions, batch, hidden};
    x = numbers({time, batch, input}, 1, 1.0);
    weight_input = numbers({directions, 4 * hidden, input}, 2, scale);
    weight_hidden = numbers({directions, 4 * hidden, hidden}, 3, scale);
    bias = numbers({directions, 4 * hidden}, 4, 0.5);
    if (!row_lengths.empty()) {
      lengths = lengths_tensor(row_lengths).to(device);
    }
    h0 = numbers(state, 5, 1.0);
    c0 = numbers(state, 6, 1.0);
    y = blank({time, batch, directions * hidden});
    h_n = blank(state);
    c_n = blank(state);
    gates = blank({directions, time, batch, 4 * hidden});
    cells = blank({directions, time, batch, hidden});
    dy = numbers(y.shape(), 7, 1.0);
    dh_n = numbers(state, 8, 1.0);
    dc_n = numbers(state, 9, 1.0);
    dx = blank(x.shape());
    dweight_input = blank(weight_input.shape());
    dweight_hidden = blank(weight_hidden.shape());
    dbias = blank(bias.shape());
    dh0 = blank(state);
    dc0 = blank(state);
  }

  LstmInputs inputs() const {
    LstmInputs in{x.view(), weight_input.view(), weight_hidden.view(), {}, {}, {}, {}};
    if (sizes.has_bias) {
      in.bias = bias.view();
    }
    if (lengths.defined()) {
      in.lengths = lengths.view();
    }
    if (sizes.has_state) {
      in.h0 = h0.view();
      in.c0 = c0.view();
    }
    return in;
  }
  void forward(const LstmKernels& kernels) const {
    kernels.forward(current_stream(device), inputs(),
                    {y.output_view(), h_n.output_view(), c_n.output_view(), gates.output_view(),
                     cells.output_view()});
  }
  LstmInputGradients all_gradients() const {
    return {dx.output_view(),    dweight_input.output_view(), dweight_hidden.output_view(),
            dbias.output_view(), dh0.output_view(),           dc0.output_view()};
  }
  void backward(const LstmKernels& kernels, const LstmInputGradients& to) const {
    LstmOutputGradients from{dy.view(), {}, {}};
    if (sizes.has_state) {
      from.dh_n = dh_n.view();
      from.dc_n = dc_n.view();
    }
    kernels.backward(current_stream(device), inputs(), {y.view(), gates.view(), cells.view()}, from,
                     to);
  }
  void run(const LstmKernels& kernels) const {
    forward(kernels);
    backward(kernels, all_gradients());
  }

  struct Result {
    const char* name;
    const Tensor& tensor;
  };
  std::vector<Result> results() const {
    return {{"y", y},
            {"h_n", h_n},
            {"c_n", c_n},
            {"dx", dx},
            {"dweight_input", dweight_input},
            {"dweight_hidden", dweight_hidden},
            {"dbias", dbias},
            {"dh0", dh0},
            {"dc0", dc0}};
  }
};

double tolerance_of_class(std::string_view math, DType dtype) {
  if (dtype == DType::f64) {
    return 1e-12;
  }
  return dtype == DType::bf16 ? 2e-2 : math == "tf32" ? 2e-3 : 2e-5;
}

/// Types a version is for.
std::vector<DType> types_of(std::string_view math) {
  if (math == "bf16") {
    return {DType::bf16};
  }
  return math == "tf32" ? std::vector{DType::f32}
                        : std::vector{DType::f32, DType::f64, DType::bf16};
}

void expect_close(const LstmTensors& got, const LstmTensors& expected, double tolerance,
                  const std::string& what) {
  const auto found = got.results();
  const auto right = expected.results();
  for (std::size_t i = 0; i < found.size(); ++i) {
    expect_near(found[i].tensor.to(Device{}), right[i].tensor.to_vector<double>(), tolerance,
                what + ' ' + found[i].name);
  }
}

using Table = kernels::KernelVersion<LstmKernels>;

/// Every version in every run, and the default; the same bits in all schedules.
void expect_versions_agree(const LstmCase& sizes, const std::vector<DType>& wanted) {
  for (const DType dtype : wanted) {
    const LstmTensors expected(sizes, dtype, DType::f64, Device{});
    expected.run(cpu_kernels().lstm);
    std::vector<std::vector<Tensor>> of_version;
    for (const GpuRun& run : gpu_runs()) {
      const sim::ScheduleScope scope(run.schedule);
      std::vector<Table> tables = HEDDLE_VERSIONS(lstm, run.device);
      tables.push_back({"default", dtype == DType::bf16 ? "bf16" : "f32",
                        run.device.backend == Backend::sim ? kernels::sim::lstm_kernels()
                                                           : kernels_for(run.device).lstm});
      of_version.resize(tables.size());
      for (std::size_t v = 0; v < tables.size(); ++v) {
        const std::vector<DType> types = types_of(tables[v].math);
        if (std::find(types.begin(), types.end(), dtype) == types.end()) {
          continue;
        }
        const std::string what =
            concat(tables[v].name, ", ", run.name(), ", ", name_of(dtype), ", ", sizes.name());
        const LstmTensors got(sizes, dtype, dtype, run.device);
        got.run(tables[v].kernels);
        expect_close(got, expected, tolerance_of_class(tables[v].math, dtype), what);
        if (run.device.backend != Backend::sim) {
          continue;
        }
        std::vector<Tensor>& first = of_version[v];
        const bool is_first = first.empty();
        std::size_t i = 0;
        for (const auto& [name, tensor] : got.results()) {
          if (is_first) {
            first.push_back(tensor);
          } else {
            EXPECT_TRUE(same_bits(tensor, first[i])) << what << ' ' << name;
          }
          ++i;
        }
      }
    }
  }
}

const std::vector<DType> all_types{DType::f32, DType::f64, DType::bf16};

TEST(GpuLstm, VersionsAgreeWithDoubles) {
  for (const LstmCase& sizes : std::vector<LstmCase>{
           {1, 1, 1, 1, 1},
           {2, 3, 2, 1, 2, {2, 0, 1}, true},
           {7, 3, 5, 31, 2, {0, 7, 3}, true},
           {7, 9, 3, 33, 1, mixed_lengths(9, 7)},
           {2, 1, 33, 33, 2, {}, true, false},
       }) {
    expect_versions_agree(sizes, all_types);
  }
}

TEST(GpuLstm, VersionsAgreeWithDoublesWithMoreUnits) {
  expect_versions_agree({3, 9, 4, 64, 2, mixed_lengths(9, 3), true}, {DType::f32, DType::bf16});
  expect_versions_agree({2, 5, 4, 128, 2, {2, 0, 1, 2, 2}, true}, {DType::f32, DType::bf16});
  expect_versions_agree({2, 2, 3, 190, 1, {2, 1}, true}, {DType::bf16});
}

TEST(GpuLstm, VersionsAgreeWithDoublesBeyondOneMultiprocessor) {
  expect_versions_agree({3, 3, 2, 200, 1, {3, 0, 2}, true}, {DType::f32, DType::bf16});
  expect_versions_agree({2, 9, 2, 129, 2, mixed_lengths(9, 2)}, {DType::f32});
}

TEST(GpuLstm, NothingToDoIsDone) {
  for (const LstmCase& sizes : std::vector<LstmCase>{{0, 3, 2, 2, 2, {}, true},
                                                     {4, 0, 2, 2, 1, {}},
                                                     {4, 2, 0, 3, 2, {}},
                                                     {3, 4, 2, 2, 2, {0, 0, 0, 0}, true}}) {
    expect_versions_agree(sizes, {DType::f32, DType::bf16});
  }
}

/// Rows of one block change with the batch and the number of multiprocessors; bits must not.
TEST(GpuLstm, ARowAloneGivesTheSameBitsAsInABatch) {
  for (const GpuRun& run : gpu_runs()) {
    for (const auto& version : HEDDLE_VERSIONS(lstm, run.device)) {
      if (version.name != "persistent_block" && version.name != "persistent_grid") {
        continue;
      }
      for (const std::int64_t batch : {2, 3, 9}) {  // 1, 2 and 4 rows of one block
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
