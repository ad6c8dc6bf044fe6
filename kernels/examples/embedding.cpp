#include "kernels/examples/parts.h"

namespace heddle::examples {
namespace {

struct Tensors {
  Stream& stream;
  Tensor table, ids, out, dtable;
};

std::vector<ExampleCall> calls(const Sizes& sizes, DType dtype, Device device) {
  const std::int64_t rows = sizes.at("rows");
  const std::int64_t width = sizes.at("width");
  const Tensor table = drawn({rows, width}, dtype, device);
  const auto tensors = std::make_shared<Tensors>(
      Tensors{current_stream(device), table, drawn_ids({sizes.at("ids")}, rows, device),
              drawn({sizes.at("ids"), width}, dtype, device, 3), Tensor::empty_like(table)});
  return calls_of<EmbeddingKernels, Tensors>(
      HEDDLE_VERSIONS(embedding, device), tensors,
      [](const EmbeddingKernels& t) { return t.forward != nullptr; },
      [](const EmbeddingKernels& t) { return t.backward != nullptr; },
      [](const EmbeddingKernels& t, Tensors& on) {
        t.forward(on.stream, on.table.view(), on.ids.view(), on.out.output_view());
      },
      [](const EmbeddingKernels& t, Tensors& on) {
        t.backward(on.stream, on.ids.view(), on.out.view(), on.dtable.output_view());
      });
}

Work work(const Sizes& sizes, DType dtype, bool backward) {
  const auto moved = static_cast<double>(sizes.at("ids") * sizes.at("width"));
  const auto table = static_cast<double>(sizes.at("rows") * sizes.at("width"));
  return {(moved * (backward ? 1 : 2) + (backward ? table : 0)) * bytes_each(dtype),
          backward ? moved : 0};
}

}  // namespace

KernelExample embedding() {
  return {.family = "embedding",
          .sizes = {{"rows", 100}, {"width", 64}, {"ids", 128}},
          .ladder = {{{"rows", 10000}, {"width", 300}, {"ids", 3200}},
                     {{"rows", 100000}, {"width", 512}, {"ids", 65536}}},
          .work = work,
          .calls = calls};
}

}  // namespace heddle::examples
