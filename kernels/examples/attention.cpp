#include "kernels/examples/parts.h"

namespace heddle::examples {
namespace {

struct Tensors {
  Stream& stream;
  AttentionOptions options;
  Tensor q, k, v, out, logsumexp, dout, dq, dk, dv;
};

std::vector<ExampleCall> calls(const Sizes& sizes, DType dtype, Device device) {
  const Shape shape = {sizes.at("batch"), sizes.at("heads"), sizes.at("steps"), sizes.at("width")};
  const Tensor q = drawn(shape, dtype, device, 1);
  const Tensor k = drawn(shape, dtype, device, 3);
  const Tensor v = drawn(shape, dtype, device, 4);
  const Tensor out = Tensor::empty_like(q);
  const Tensor logsumexp = Tensor::empty({shape[0], shape[1], shape[2]},
                                         dtype == DType::bf16 ? DType::f32 : dtype, device);
  const AttentionOptions options = {.scale = 0.125, .causal = sizes.at("causal") != 0};
  const auto tensors = std::make_shared<Tensors>(Tensors{
      current_stream(device), options, q, k, v, out, logsumexp, drawn(shape, dtype, device, 5),
      Tensor::empty_like(q), Tensor::empty_like(k), Tensor::empty_like(v)});
  kernels_for(device).attention.forward(tensors->stream, options, q.view(), k.view(), v.view(), {},
                                        {}, out.output_view(), logsumexp.output_view());
  return calls_of<AttentionKernels, Tensors>(
      HEDDLE_VERSIONS(attention, device), tensors,
      [](const AttentionKernels& t) { return t.forward != nullptr; },
      [](const AttentionKernels& t) { return t.backward != nullptr; },
      [](const AttentionKernels& t, Tensors& on) {
        t.forward(on.stream, on.options, on.q.view(), on.k.view(), on.v.view(), {}, {},
                  on.out.output_view(), on.logsumexp.output_view());
      },
      [](const AttentionKernels& t, Tensors& on) {
        t.backward(on.stream, on.options, on.q.view(), on.k.view(), on.v.view(), {}, {},
                   on.out.view(), on.logsumexp.view(), on.dout.view(), on.dq.output_view(),
                   on.dk.output_view(), on.dv.output_view());
      });
}

Work work(const Sizes& sizes, DType dtype, bool backward) {
  const auto planes = static_cast<double>(sizes.at("batch") * sizes.at("heads"));
  const auto steps = static_cast<double>(sizes.at("steps"));
  const auto width = static_cast<double>(sizes.at("width"));
  const double pairs = planes * steps * steps * (sizes.at("causal") != 0 ? 0.5 : 1.0);
  return {planes * steps * width * (backward ? 8 : 4) * bytes_each(dtype),
          pairs * width * (backward ? 10 : 4)};
}

}  // namespace

KernelExample attention() {
  const auto sizes = [](std::int64_t batch, std::int64_t steps) {
    return Sizes{{"batch", batch}, {"heads", 8}, {"steps", steps}, {"width", 64}, {"causal", 0}};
  };
  return {.family = "attention",
          .sizes = {{"batch", 1}, {"heads", 2}, {"steps", 48}, {"width", 64}, {"causal", 0}},
          .ladder = {sizes(64, 50), sizes(32, 128), sizes(8, 512), sizes(8, 1024)},
          .work = work,
          .calls = calls};
}

}  // namespace heddle::examples
