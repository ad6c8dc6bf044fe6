// activation(x + bias), fused, beside our own addition and function one after the other.

#include "autograd/ops.h"
#include "bench/operation.h"

namespace heddle::bench {
namespace {

/// x [outer, channels, inner]: inner 1 behind a linear layer, else behind a convolution.
struct Shapes {
  std::int64_t outer, channels, inner;
};

struct Named {
  const char* name;
  Activation activation;
  Variable (*function)(const Variable&, Where);
  double operations;  // of an element, forward
};

Case bias_activation_case(const Named& what, const Shapes& shapes, bool backward) {
  const auto [outer, channels, inner] = shapes;
  const auto count = static_cast<double>(outer * channels * inner);
  const auto inputs = [=] {
    return std::vector<Tensor>{drawn({outer, channels, inner}, 1, 3.0), drawn({channels}, 2)};
  };
  const Sizes sizes{{"outer", outer}, {"channels", channels}, {"inner", inner}};
  Case result = case_of({
      .sizes = sizes,
      .backward = backward,
      // x → y; backward x or y, and dy → dx.
      .bytes = 4 * count * (backward ? 5 : 2),
      .operations = (what.operations + 1) * count * (backward ? 2 : 1),
      .function = [activation = what.activation](
                      const Variables& in) { return bias_activation(in[0], in[1], activation, 1); },
      .inputs = inputs,
      .name = heddle::concat(what.name, ", ", name_of(sizes)),
      .torch_sizes =
          {{"function", what.name}, {"outer", outer}, {"channels", channels}, {"inner", inner}},
  });
  result.contenders = [fused = result.contenders, function = what.function, inputs,
                       backward](const Setting& setting) {
    std::vector<Contender> all = fused(setting);
    const auto composed = [function](const Variables& in) {
      return function(in[0] + reshape(in[1], {in[1].size(0), 1}), Where::current());
    };
    Contender ours =
        contender_of(std::make_shared<Operation>(composed, inputs(), backward, setting), setting);
    ours.name = "heddle, composed";
    all.insert(all.begin() + 1, std::move(ours));
    return all;
  };
  return result;
}

}  // namespace

const std::string_view family = "bias_activation";

std::vector<Case> cases(Device /*device*/) {
  const std::vector<Named> functions = {{"relu", Activation::relu, relu, 1},
                                        {"gelu", Activation::gelu, gelu, 4},
                                        {"tanh", Activation::tanh, tanh, 1}};
  std::vector<Case> all;
  for (const Shapes& shapes :
       {Shapes{64, 128, 1}, Shapes{3200, 512, 1}, Shapes{12800, 128, 1}, Shapes{64, 24, 256}}) {
    for (const bool backward : {false, true}) {
      for (const Named& function : functions) {
        all.push_back(bias_activation_case(function, shapes, backward));
      }
    }
  }
  return all;
}

}  // namespace heddle::bench
