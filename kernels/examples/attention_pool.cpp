#include "kernels/examples/parts.h"

namespace heddle::examples {
namespace {

struct Tensors {
  Stream& stream;
  Tensor u, w, a, pooled, dpooled, du, dw;
};

std::vector<ExampleCall> calls(const Sizes& sizes, DType dtype, Device device) {
  const std::int64_t time = sizes.at("time");
  const std::int64_t batch = sizes.at("batch");
  const std::int64_t hidden = sizes.at("hidden");
  const Tensor u = drawn({time, batch, hidden}, dtype, device);
  const Tensor w = drawn({hidden}, dtype, device, 3);
  const Tensor a = Tensor::empty({time, batch}, dtype, device);
  const Tensor pooled = Tensor::empty({batch, hidden}, dtype, device);
  const auto tensors = std::make_shared<Tensors>(
      Tensors{current_stream(device), u, w, a, pooled, drawn({batch, hidden}, dtype, device, 4),
              Tensor::empty_like(u), Tensor::empty_like(w)});
  kernels_for(device).attention_pool.forward(tensors->stream, u.view(), w.view(), {},
                                             a.output_view(), pooled.output_view());
  return calls_of<AttentionPoolKernels, Tensors>(
      HEDDLE_VERSIONS(attention_pool, device), tensors,
      [](const AttentionPoolKernels& t) { return t.forward != nullptr; },
      [](const AttentionPoolKernels& t) { return t.backward != nullptr; },
      [](const AttentionPoolKernels& t, Tensors& on) {
        t.forward(on.stream, on.u.view(), on.w.view(), {}, on.a.output_view(),
                  on.pooled.output_view());
      },
      [](const AttentionPoolKernels& t, Tensors& on) {
        t.backward(on.stream, on.u.view(), on.w.view(), {}, on.a.view(), on.dpooled.view(), {},
                   on.du.output_view(), on.dw.output_view());
      });
}

Work work(const Sizes& sizes, DType dtype, bool backward) {
  const auto u = static_cast<double>(sizes.at("time") * sizes.at("batch") * sizes.at("hidden"));
  return {u * (backward ? 2 : 1) * bytes_each(dtype), u * (backward ? 8 : 4)};
}

}  // namespace

KernelExample attention_pool() {
  const auto sizes = [](std::int64_t time, std::int64_t batch, std::int64_t hidden) {
    return Sizes{{"time", time}, {"batch", batch}, {"hidden", hidden}};
  };
  return {.family = "attention_pool",
          .sizes = sizes(12, 4, 64),
          .ladder = {sizes(50, 64, 128), sizes(50, 64, 512), sizes(256, 256, 512)},
          .work = work,
          .calls = calls};
}

}  // namespace heddle::examples
