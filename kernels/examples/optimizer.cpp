#include <span>
#include <vector>

#include "core/error.h"
#include "kernels/examples/parts.h"

namespace heddle::examples {
namespace {

/// Adam over `tensors` parameters of `elements` numbers each.
struct Tensors {
  Stream& stream;
  std::vector<Tensor> values, gradients, first, second;
  Tensor scalars;
  std::vector<UpdateSlot> slots;
};

std::vector<ExampleCall> calls(const Sizes& sizes, DType dtype, Device device) {
  check(dtype != DType::bf16,
        "optimizer: got bf16, expected f32 or f64 (weights are kept in them)");
  const auto tensors =
      std::make_shared<Tensors>(Tensors{current_stream(device), {}, {}, {}, {}, {}, {}});
  std::vector<double> scalars(StepScalars::count, 0.0);
  scalars[0] = scalars[1] = 1.0;
  scalars[2] = 0.1;
  scalars[3] = 0.001;
  scalars[5] = 1.0;
  tensors->scalars =
      Tensor::from(std::span<const double>(scalars), {StepScalars::count}).to(device);
  for (std::int64_t i = 0; i < sizes.at("tensors"); ++i) {
    const Shape shape = {sizes.at("elements")};
    tensors->values.push_back(drawn(shape, dtype, device));
    tensors->gradients.push_back(drawn(shape, dtype, device, 3));
    tensors->first.push_back(Tensor::zeros(shape, dtype, device));
    tensors->second.push_back(Tensor::zeros(shape, dtype, device));
    UpdateSlot& slot = tensors->slots.emplace_back();
    slot.value = tensors->values.back().output_view();
    slot.gradient = tensors->gradients.back().view();
    slot.first = tensors->first.back().output_view();
    slot.second = tensors->second.back().output_view();
    slot.learning_rate = 1e-3;
  }
  return calls_of<OptimizerKernels, Tensors>(
      HEDDLE_VERSIONS(optimizer, device), tensors,
      [](const OptimizerKernels& t) { return t.adam != nullptr; }, nullptr,
      [](const OptimizerKernels& t, Tensors& on) {
        t.adam(on.stream, {}, on.scalars.view(), on.slots);
      },
      nullptr);
}

Work work(const Sizes& sizes, DType dtype, bool /*backward*/) {
  const auto elements = static_cast<double>(sizes.at("tensors") * sizes.at("elements"));
  return {7 * elements * bytes_each(dtype), 14 * elements};
}

}  // namespace

KernelExample optimizer() {
  return {
      .family = "optimizer",
      .sizes = {{"tensors", 3}, {"elements", 1000}},
      .ladder = {{{"tensors", 30}, {"elements", 4096}}, {{"tensors", 12}, {"elements", 315000}}},
      .work = work,
      .calls = calls};
}

}  // namespace heddle::examples
