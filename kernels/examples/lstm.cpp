#include "kernels/examples/parts.h"

namespace heddle::examples {
namespace {

struct Tensors {
  Stream& stream;
  Tensor x, weight_input, weight_hidden, bias;
  Tensor y, h_n, c_n, gates, cells;
  Tensor dy, dx, dweight_input, dweight_hidden, dbias;

  LstmInputs inputs() const {
    return {.x = x.view(),
            .weight_input = weight_input.view(),
            .weight_hidden = weight_hidden.view(),
            .bias = bias.view(),
            .lengths = {},
            .h0 = {},
            .c0 = {}};
  }
  LstmOutputs outputs() const {
    return {y.output_view(), h_n.output_view(), c_n.output_view(), gates.output_view(),
            cells.output_view()};
  }
};

/// Both directions.
std::vector<ExampleCall> calls(const Sizes& sizes, DType dtype, Device device) {
  const std::int64_t time = sizes.at("time");
  const std::int64_t batch = sizes.at("batch");
  const std::int64_t input = sizes.at("input");
  const std::int64_t hidden = sizes.at("hidden");
  const auto empty = [&](const Shape& shape) { return Tensor::empty(shape, dtype, device); };
  const auto drawn_small = [&](const Shape& shape, std::uint64_t seed) {
    Generator generator(seed);
    return random_uniform(shape, -0.1, 0.1, generator).to(dtype).to(device);
  };
  const auto tensors = std::make_shared<Tensors>(Tensors{
      current_stream(device), drawn({time, batch, input}, dtype, device),
      drawn_small({2, 4 * hidden, input}, 3), drawn_small({2, 4 * hidden, hidden}, 4),
      drawn_small({2, 4 * hidden}, 5), empty({time, batch, 2 * hidden}), empty({2, batch, hidden}),
      empty({2, batch, hidden}), empty({2, time, batch, 4 * hidden}),
      empty({2, time, batch, hidden}), drawn({time, batch, 2 * hidden}, dtype, device, 6),
      empty({time, batch, input}), empty({2, 4 * hidden, input}), empty({2, 4 * hidden, hidden}),
      empty({2, 4 * hidden})});
  kernels_for(device).lstm.forward(tensors->stream, tensors->inputs(), tensors->outputs());
  return calls_of<LstmKernels, Tensors>(
      HEDDLE_VERSIONS(lstm, device), tensors,
      [](const LstmKernels& t) { return t.forward != nullptr; },
      [](const LstmKernels& t) { return t.backward != nullptr; },
      [](const LstmKernels& t, Tensors& on) { t.forward(on.stream, on.inputs(), on.outputs()); },
      [](const LstmKernels& t, Tensors& on) {
        t.backward(on.stream, on.inputs(), {on.y.view(), on.gates.view(), on.cells.view()},
                   {.dy = on.dy.view(), .dh_n = {}, .dc_n = {}},
                   {.dx = on.dx.output_view(),
                    .dweight_input = on.dweight_input.output_view(),
                    .dweight_hidden = on.dweight_hidden.output_view(),
                    .dbias = on.dbias.output_view(),
                    .dh0 = {},
                    .dc0 = {}});
      });
}

Work work(const Sizes& sizes, DType dtype, bool backward) {
  const auto steps = static_cast<double>(sizes.at("time") * sizes.at("batch"));
  const auto input = static_cast<double>(sizes.at("input"));
  const auto hidden = static_cast<double>(sizes.at("hidden"));
  const double weights = 8 * hidden * (input + hidden);
  const double numbers = backward ? 2 * weights + steps * (2 * input + 14 * hidden)
                                  : weights + steps * (input + 12 * hidden);
  return {numbers * bytes_each(dtype), 16 * steps * hidden * (input + hidden) * (backward ? 2 : 1)};
}

}  // namespace

KernelExample lstm() {
  const auto sizes = [](std::int64_t batch, std::int64_t hidden) {
    return Sizes{{"time", 50}, {"batch", batch}, {"input", 300}, {"hidden", hidden}};
  };
  return {.family = "lstm",
          .sizes = {{"time", 6}, {"batch", 4}, {"input", 32}, {"hidden", 32}},
          .ladder = {sizes(64, 64), sizes(64, 128), sizes(64, 192), sizes(64, 256), sizes(32, 512)},
          .work = work,
          .calls = calls};
}

}  // namespace heddle::examples
