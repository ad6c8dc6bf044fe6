#include "layers/visit.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "autograd/ops.h"
#include "layers/dropout.h"
#include "layers/linear.h"
#include "layers/lstm.h"
#include "layers/sequential.h"

namespace heddle {
namespace {

struct Block {
  Linear first{3, 4, Generator(1).named("first"), {.bias = false}};
  Lstm second{4, 2, Generator(1).named("second"), {.layers = 2, .dropout = 0.5}};

  void visit(Visitor& visitor) {
    visitor.layer("first", first);
    visitor.layer("second", second);
  }
};

std::vector<std::string> names_of(const std::vector<NamedParameter>& parameters) {
  std::vector<std::string> names;
  for (const NamedParameter& parameter : parameters) {
    names.push_back(parameter.name);
  }
  return names;
}

TEST(Visit, NamesParametersByTheirPathInOrder) {
  Block block;
  const std::vector<NamedParameter> parameters = parameters_of(block);
  EXPECT_EQ(names_of(parameters),
            (std::vector<std::string>{
                "first.weight", "second.0.weight_input", "second.0.weight_hidden", "second.0.bias",
                "second.1.weight_input", "second.1.weight_hidden", "second.1.bias"}));
  EXPECT_EQ(count_elements(parameters), 12 + (8 * 4 + 8 * 2 + 8) + (8 * 2 + 8 * 2 + 8));
}

TEST(Visit, HandlesAreTheLayersOwnParameters) {
  Block block;
  const std::vector<NamedParameter> parameters = parameters_of(block);
  EXPECT_TRUE(parameters[0].variable.same_as(block.first.weight));
  for (const NamedParameter& parameter : parameters) {
    EXPECT_TRUE(parameter.variable.needs_grad()) << parameter.name;
  }
}

TEST(Visit, SwitchesTrainingAndFindsGenerators) {
  Block block;
  set_training(block, false);
  EXPECT_FALSE(block.second.dropout.training);
  set_training(block, true);
  EXPECT_TRUE(block.second.dropout.training);
  const std::vector<NamedGenerator> generators = generators_of(block);
  ASSERT_EQ(generators.size(), 1u);
  EXPECT_EQ(generators[0].name, "second.dropout.mask");
  EXPECT_EQ(generators[0].generator, &block.second.dropout.stream);
}

TEST(Visit, SequentialNamesLayersByPlaceAndAppliesThemInOrder) {
  const Generator root(7);
  Sequential chain(
      Linear(3, 5, root.named("in")), [](const Variable& x) { return relu(x); },
      Linear(5, 2, root.named("out")));
  EXPECT_EQ(names_of(parameters_of(chain)),
            (std::vector<std::string>{"0.weight", "0.bias", "2.weight", "2.bias"}));
  Generator draws(8);
  const Variable x(random_normal({4, 3}, 0.0, 1.0, draws));
  const Variable expected = std::get<2>(chain.layers)(relu(std::get<0>(chain.layers)(x)));
  EXPECT_TRUE(same_bits(chain(x).value(), expected.value()));
}

TEST(Visit, RefusesANamelessParameter) {
  struct Nameless {
    Variable weight{Tensor::zeros({1}), true};
    void visit(Visitor& visitor) { visitor.parameter("", weight); }
  } nameless;
  EXPECT_THROW(parameters_of(nameless), Error);
}

}  // namespace
}  // namespace heddle
