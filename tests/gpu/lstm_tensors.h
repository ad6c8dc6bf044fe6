#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/gpu/runs.h"
#include "tests/kernels/samples.h"

// What the tests of the LSTM share: all tensors of one call, and every version against doubles.

namespace heddle::testing {

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

inline std::vector<std::int64_t> mixed_lengths(std::int64_t batch, std::int64_t time) {
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

inline double tolerance_of_class(std::string_view math, DType dtype) {
  if (dtype == DType::f64) {
    return 1e-12;
  }
  return dtype == DType::bf16 ? 2e-2 : math == "tf32" ? 2e-3 : 2e-5;
}

/// Types a version is for.
inline std::vector<DType> types_of(std::string_view math) {
  if (math == "bf16") {
    return {DType::bf16};
  }
  return math == "tf32" ? std::vector{DType::f32}
                        : std::vector{DType::f32, DType::f64, DType::bf16};
}

inline void expect_close(const LstmTensors& got, const LstmTensors& expected, double tolerance,
                         const std::string& what) {
  const auto found = got.results();
  const auto right = expected.results();
  for (std::size_t i = 0; i < found.size(); ++i) {
    expect_near(found[i].tensor.to(Device{}), right[i].tensor.to_vector<double>(), tolerance,
                what + ' ' + found[i].name);
  }
}

/// Every version whose name begins so, and the default, in every run against doubles; the same bits
/// in all schedules.
inline void expect_versions_agree(const LstmCase& sizes, const std::vector<DType>& wanted,
                                  std::string_view beginning = "") {
  for (const DType dtype : wanted) {
    const LstmTensors expected(sizes, dtype, DType::f64, Device{});
    expected.run(cpu_kernels().lstm);
    std::vector<std::vector<Tensor>> of_version;
    for (const GpuRun& run : gpu_runs()) {
      const sim::ScheduleScope scope(run.schedule);
      std::vector<kernels::KernelVersion<LstmKernels>> tables = HEDDLE_VERSIONS(lstm, run.device);
      tables.push_back({"default", dtype == DType::bf16 ? "bf16" : "f32",
                        run.device.backend == Backend::sim ? kernels::sim::lstm_kernels()
                                                           : kernels_for(run.device).lstm});
      of_version.resize(tables.size());
      for (std::size_t v = 0; v < tables.size(); ++v) {
        const std::vector<DType> types = types_of(tables[v].math);
        if (std::find(types.begin(), types.end(), dtype) == types.end() ||
            (tables[v].name != "default" && !tables[v].name.starts_with(beginning))) {
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

}  // namespace heddle::testing
