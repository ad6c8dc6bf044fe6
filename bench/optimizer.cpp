// Adam on one large tensor.

#include "train/optimizer.h"

#include "bench/operation.h"
#include "bench/torch.h"

namespace heddle::bench {
namespace {

struct Update {
  Variable weights;
  std::vector<NamedParameter> parameters;
  Optimizer optimizer;
  Tensor loss;

  Update(std::int64_t elements, Device device)
      : weights(drawn({elements}, 1).to(device), true),
        parameters{{"weights", weights}},
        optimizer({.kind = OptimizerKind::adam}, parameters),
        loss(Tensor::scalar(1.0).to(device)) {
    weights.set_grad(Variable(drawn({elements}, 2).to(device)));
  }
};

Case adam_case(std::int64_t elements) {
  const Sizes sizes{{"parameters", elements}};
  const auto count = static_cast<double>(elements);
  Case what;
  what.name = name_of(sizes);
  what.direction = "step";
  // Weight, gradient and both moments are read, all but the gradient written.
  what.bytes = 28 * count;
  what.operations = 14 * count;
  what.contenders = [=](const Setting& setting) {
    const auto ours = std::make_shared<Update>(elements, setting.device);
    std::vector<Contender> all{{.name = "heddle",
                                .math = "f32",
                                .run = [ours] { ours->optimizer.step(ours->loss); },
                                .remote = {},
                                .error = {},
                                .poison = {},
                                .absent = {}}};
    for (Contender& torch : torch_contenders({"adam", sizes, "forward"}, setting)) {
      all.push_back(std::move(torch));
    }
    return all;
  };
  return what;
}

}  // namespace

const std::string_view family = "optimizer";

std::vector<Case> cases(Device /*device*/) { return {adam_case(3'000'000)}; }

}  // namespace heddle::bench
