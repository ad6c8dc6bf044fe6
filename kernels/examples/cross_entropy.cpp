#include "kernels/examples/parts.h"

namespace heddle::examples {
namespace {

struct Tensors {
  Stream& stream;
  Tensor logits, targets, losses, row_weights, logsumexp, dlosses, dlogits;
};

std::vector<ExampleCall> calls(const Sizes& sizes, DType dtype, Device device) {
  const std::int64_t rows = sizes.at("rows");
  const std::int64_t classes = sizes.at("classes");
  const DType of_rows = dtype == DType::bf16 ? DType::f32 : dtype;
  const Tensor logits = drawn({rows, classes}, dtype, device);
  const auto row = [&] { return Tensor::empty({rows}, of_rows, device); };
  const auto tensors = std::make_shared<Tensors>(
      Tensors{current_stream(device), logits, drawn_ids({rows}, classes, device), row(), row(),
              row(), drawn({rows}, of_rows, device, 3), Tensor::empty_like(logits)});
  kernels_for(device).cross_entropy.forward(
      tensors->stream, {}, logits.view(), tensors->targets.view(), {},
      tensors->losses.output_view(), tensors->row_weights.output_view(),
      tensors->logsumexp.output_view());
  return calls_of<CrossEntropyKernels, Tensors>(
      HEDDLE_VERSIONS(cross_entropy, device), tensors,
      [](const CrossEntropyKernels& t) { return t.forward != nullptr; },
      [](const CrossEntropyKernels& t) { return t.backward != nullptr; },
      [](const CrossEntropyKernels& t, Tensors& on) {
        t.forward(on.stream, {}, on.logits.view(), on.targets.view(), {}, on.losses.output_view(),
                  on.row_weights.output_view(), on.logsumexp.output_view());
      },
      [](const CrossEntropyKernels& t, Tensors& on) {
        t.backward(on.stream, {}, on.logits.view(), on.targets.view(), {}, on.logsumexp.view(),
                   on.dlosses.view(), on.dlogits.output_view());
      });
}

Work work(const Sizes& sizes, DType dtype, bool backward) {
  const auto logits = static_cast<double>(sizes.at("rows") * sizes.at("classes"));
  return {logits * (backward ? 2 : 1) * bytes_each(dtype), logits * (backward ? 4 : 3)};
}

}  // namespace

KernelExample cross_entropy() {
  return {.family = "cross_entropy",
          .sizes = {{"rows", 64}, {"classes", 100}},
          .ladder = {{{"rows", 64}, {"classes", 2}},
                     {{"rows", 8192}, {"classes", 1000}},
                     {{"rows", 8192}, {"classes", 32768}}},
          .work = work,
          .calls = calls};
}

}  // namespace heddle::examples
