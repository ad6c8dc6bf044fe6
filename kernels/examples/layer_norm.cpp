#include "kernels/examples/parts.h"

namespace heddle::examples {
namespace {

struct Tensors {
  Stream& stream;
  Tensor x, scale, shift, y, mean, rstd, dy, dx, dscale, dshift;
};

std::vector<ExampleCall> calls(const Sizes& sizes, DType dtype, Device device) {
  const std::int64_t rows = sizes.at("rows");
  const std::int64_t cols = sizes.at("cols");
  const DType of_rows = dtype == DType::bf16 ? DType::f32 : dtype;
  const Tensor x = drawn({rows, cols}, dtype, device);
  const Tensor scale = drawn({cols}, dtype, device, 3);
  const Tensor shift = drawn({cols}, dtype, device, 4);
  const auto tensors = std::make_shared<Tensors>(
      Tensors{current_stream(device), x, scale, shift, Tensor::empty_like(x),
              Tensor::empty({rows}, of_rows, device), Tensor::empty({rows}, of_rows, device),
              drawn({rows, cols}, dtype, device, 5), Tensor::empty_like(x),
              Tensor::empty_like(scale), Tensor::empty_like(shift)});
  kernels_for(device).layer_norm.forward(tensors->stream, 1e-5, x.view(), scale.view(),
                                         shift.view(), tensors->y.output_view(),
                                         tensors->mean.output_view(), tensors->rstd.output_view());
  return calls_of<LayerNormKernels, Tensors>(
      HEDDLE_VERSIONS(layer_norm, device), tensors,
      [](const LayerNormKernels& t) { return t.forward != nullptr; },
      [](const LayerNormKernels& t) { return t.backward != nullptr; },
      [](const LayerNormKernels& t, Tensors& on) {
        t.forward(on.stream, 1e-5, on.x.view(), on.scale.view(), on.shift.view(),
                  on.y.output_view(), on.mean.output_view(), on.rstd.output_view());
      },
      [](const LayerNormKernels& t, Tensors& on) {
        t.backward(on.stream, on.x.view(), on.scale.view(), on.mean.view(), on.rstd.view(),
                   on.dy.view(), on.dx.output_view(), on.dscale.output_view(),
                   on.dshift.output_view());
      });
}

Work work(const Sizes& sizes, DType dtype, bool backward) {
  const auto elements = static_cast<double>(sizes.at("rows") * sizes.at("cols"));
  return {elements * (backward ? 3 : 2) * bytes_each(dtype), elements * (backward ? 11 : 7)};
}

}  // namespace

KernelExample layer_norm() {
  return {.family = "layer_norm",
          .sizes = {{"rows", 64}, {"cols", 256}},
          .ladder = {{{"rows", 3200}, {"cols", 512}}, {{"rows", 8192}, {"cols", 4096}}},
          .work = work,
          .calls = calls};
}

}  // namespace heddle::examples
