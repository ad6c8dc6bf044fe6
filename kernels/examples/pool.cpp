#include "kernels/examples/parts.h"

namespace heddle::examples {
namespace {

/// Largest values of windows of 2 × 2.
struct Tensors {
  Stream& stream;
  Tensor x, y, places, dy, dx;
};

std::vector<ExampleCall> calls(const Sizes& sizes, DType dtype, Device device) {
  const std::int64_t batch = sizes.at("batch");
  const std::int64_t channels = sizes.at("channels");
  const std::int64_t size = sizes.at("size");
  const Tensor x = drawn({batch, channels, size, size}, dtype, device);
  const Shape pooled = {batch, channels, size / 2, size / 2};
  const auto tensors = std::make_shared<Tensors>(
      Tensors{current_stream(device), x, Tensor::empty(pooled, dtype, device),
              Tensor::empty(pooled, DType::i64, device), drawn(pooled, dtype, device, 3),
              Tensor::empty_like(x)});
  kernels_for(device).pool.max_forward(tensors->stream, {}, x.view(), tensors->y.output_view(),
                                       tensors->places.output_view());
  return calls_of<PoolKernels, Tensors>(
      HEDDLE_VERSIONS(pool, device), tensors,
      [](const PoolKernels& t) { return t.max_forward != nullptr; },
      [](const PoolKernels& t) { return t.max_backward != nullptr; },
      [](const PoolKernels& t, Tensors& on) {
        t.max_forward(on.stream, {}, on.x.view(), on.y.output_view(), on.places.output_view());
      },
      [](const PoolKernels& t, Tensors& on) {
        t.max_backward(on.stream, {}, on.places.view(), on.dy.view(), on.dx.output_view());
      });
}

Work work(const Sizes& sizes, DType dtype, bool backward) {
  const auto x = static_cast<double>(sizes.at("batch") * sizes.at("channels") * sizes.at("size") *
                                     sizes.at("size"));
  return {x * 1.25 * bytes_each(dtype) + x / 4 * 8, backward ? x / 4 : 0};
}

}  // namespace

KernelExample pool() {
  return {.family = "pool",
          .sizes = {{"batch", 2}, {"channels", 4}, {"size", 16}},
          .ladder = {{{"batch", 64}, {"channels", 32}, {"size", 32}},
                     {{"batch", 64}, {"channels", 64}, {"size", 128}}},
          .work = work,
          .calls = calls};
}

}  // namespace heddle::examples
