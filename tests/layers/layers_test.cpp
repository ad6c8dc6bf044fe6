#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "autograd/ops.h"
#include "autograd/tape.h"
#include "layers/attention_pool.h"
#include "layers/conv1d.h"
#include "layers/conv2d.h"
#include "layers/dropout.h"
#include "layers/embedding.h"
#include "layers/layer_norm.h"
#include "layers/linear.h"
#include "layers/linear_tanh.h"
#include "layers/lstm.h"
#include "layers/multihead_attention.h"
#include "tests/layers/parameter_check.h"

namespace heddle {
namespace {

Variable random(const Shape& shape, std::uint64_t seed, DType dtype = DType::f64) {
  Generator generator(seed);
  return Variable(random_normal(shape, 0.0, 1.0, generator, dtype));
}

double worst_difference(const Tensor& left, const Tensor& right) {
  if (!(left.shape() == right.shape())) {
    return std::numeric_limits<double>::infinity();
  }
  const std::vector<double> a = left.to_vector<double>();
  const std::vector<double> b = right.to_vector<double>();
  double worst = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    worst = std::max(worst, std::abs(a[i] - b[i]));
  }
  return worst;
}

TEST(Layers, SameGeneratorGivesSameParametersAndIsNotMoved) {
  const Generator generator(1);
  const Linear first(4, 3, generator);
  const Linear second(4, 3, generator);
  EXPECT_TRUE(same_bits(first.weight.value(), second.weight.value()));
  EXPECT_EQ(generator.state(), Generator(1).state());
}

TEST(Layers, LinearTanhWithContextIsLinearTanhOfBothSideBySide) {
  const LinearTanh layer(5, 4, Generator(2), {.dtype = DType::f64});
  const Variable x = random({3, 2, 3}, 1);
  const Variable context = random({2, 2}, 2);
  const Variable repeated = expand(reshape(context, {1, 2, 2}), {3, 2, 2});
  EXPECT_LT(worst_difference(layer(x, context).value(), layer(concat({x, repeated}, 2)).value()),
            1e-14);
  EXPECT_THROW(layer(x, random({2, 3}, 3)), Error);
  EXPECT_THROW(layer(x, random({3, 2}, 3)), Error);
}

TEST(Layers, LinearTanhContextHasTheRightGradients) {
  LinearTanh layer(5, 4, Generator(2), {.dtype = DType::f64});
  const Variable x = random({3, 2, 3}, 1);
  const Variable context = random({2, 2}, 2);
  const GradcheckResult result =
      check_parameters(layer, [&]() -> Variables { return {layer(x, context)}; });
  EXPECT_TRUE(result.passed) << result.message;
}

TEST(Layers, LstmStacksLayersAndReturnsTheLastStates) {
  Lstm lstm(3, 4, Generator(3), {.layers = 2, .bidirectional = true, .dtype = DType::f64});
  const Variable x = random({5, 2, 3}, 1);
  const Tensor lengths = Tensor::from<std::int64_t>({5, 3}, {2});
  const LstmResult result = lstm(x, lengths);
  EXPECT_EQ(result.y.shape(), (Shape{5, 2, 8}));
  EXPECT_EQ(lstm.layers[1].weight_input.shape(), (Shape{2, 16, 8}));
  const Tensor last = final_states(result).value();
  EXPECT_EQ(last.shape(), (Shape{2, 8}));
  // Forward half: the state at the row's own last step. Reverse half: the state at step 0.
  const Tensor y = result.y.value();
  EXPECT_TRUE(same_bits(last.select(0, 1).slice(0, 0, 4).contiguous(),
                        y.select(0, 2).select(0, 1).slice(0, 0, 4).contiguous()));
  EXPECT_TRUE(same_bits(last.slice(1, 4).contiguous(), y.select(0, 0).slice(1, 4).contiguous()));
}

TEST(Layers, LstmHiddenWeightsAreOrthogonalPerGateAndForgetBiasOne) {
  const Lstm lstm(3, 4, Generator(3), {.bidirectional = true, .dtype = DType::f64});
  const Tensor gate = lstm.layers[0].weight_hidden.value().select(0, 1).slice(0, 8, 12);
  const Tensor product = matmul(Variable(gate), Variable(gate.transpose(0, 1))).value();
  for (std::int64_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(product.select(0, i).select(0, i).item<double>(), 1.0, 1e-14);
  }
  EXPECT_NEAR(product.select(0, 0).select(0, 1).item<double>(), 0.0, 1e-14);
  EXPECT_EQ(lstm.layers[0].bias.value().select(0, 0).select(0, 4).item<double>(), 1.0);
}

TEST(Layers, LstmParametersPassGradcheck) {
  Lstm lstm(2, 2, Generator(4), {.layers = 2, .bidirectional = true, .dtype = DType::f64});
  const Variable x = random({3, 2, 2}, 5);
  const Tensor lengths = Tensor::from<std::int64_t>({1, 3}, {2});
  const GradcheckResult result = check_parameters(lstm, [&]() -> Variables {
    const LstmResult out = lstm(x, lengths);
    return {out.y, final_states(out)};
  });
  EXPECT_TRUE(result.passed) << result.message;
}

TEST(Layers, MultiheadAttentionIgnoresHiddenKeysAndTheirOrder) {
  const MultiheadAttention layer(6, 2, Generator(5), DType::f64);
  const Variable queries = random({3, 2, 6}, 1);
  const Variable memory = random({4, 2, 6}, 2);
  const Tensor lengths = Tensor::from<std::int64_t>({2, 2}, {2});
  const Tensor short_memory = layer(queries, slice(memory, 0, 0, 2)).value();
  EXPECT_LT(
      worst_difference(layer(queries, memory, {.key_lengths = lengths}).value(), short_memory),
      1e-14);
  const Variable swapped = concat({slice(memory, 0, 1, 2), slice(memory, 0, 0, 1)}, 0);
  EXPECT_LT(worst_difference(layer(queries, swapped).value(), short_memory), 1e-14);
}

TEST(Layers, MultiheadAttentionOfOneKeyIsItsValue) {
  const MultiheadAttention layer(6, 3, Generator(5), DType::f64);
  const Variable memory = random({1, 2, 6}, 2);
  const Tensor expected = layer.out(layer.value(memory)).value();
  EXPECT_LT(worst_difference(layer(random({1, 2, 6}, 1), memory).value(), expected), 1e-14);
}

TEST(Layers, CausalSelfAttentionDoesNotLookAhead) {
  const MultiheadAttention layer(4, 2, Generator(6), DType::f64);
  const Variable x = random({5, 1, 4}, 3);
  const Tensor whole = layer(x, {.causal = true}).value();
  const Tensor first = layer(slice(x, 0, 0, 3), {.causal = true}).value();
  EXPECT_LT(worst_difference(whole.slice(0, 0, 3), first), 1e-14);
  EXPECT_THROW(MultiheadAttention(6, 4, Generator(6)), Error);
}

TEST(Layers, MultiheadAttentionPassesGradcheck) {
  MultiheadAttention layer(4, 2, Generator(7), DType::f64);
  const Variable x = random({3, 2, 4}, 4);
  const GradcheckResult result = check_parameters(layer, [&]() -> Variables { return {layer(x)}; });
  EXPECT_TRUE(result.passed) << result.message;
}

TEST(Layers, DropoutKeepsTheMeanWhileTrainingAndDoesNothingAfter) {
  Dropout layer(0.25, Generator(8));
  const Variable ones(Tensor::full({100, 100}, 1.0));
  const std::vector<double> values = layer(ones).value().to_vector<double>();
  double sum = 0.0;
  std::size_t zeros = 0;
  for (const double value : values) {
    sum += value;
    zeros += value == 0.0 ? 1 : 0;
    EXPECT_TRUE(value == 0.0 || std::abs(value - 4.0 / 3.0) < 1e-6);
  }
  EXPECT_NEAR(sum / 10000.0, 1.0, 0.03);
  EXPECT_NEAR(static_cast<double>(zeros), 2500.0, 200.0);
  const Generator::State place = layer.stream.state();
  const Tensor second = layer(ones).value();
  layer.stream = Generator(place);
  EXPECT_TRUE(same_bits(layer(ones).value(), second)) << "the stream's state is all there is";
  set_training(layer, false);
  EXPECT_TRUE(layer(ones).same_as(ones));
  EXPECT_THROW(Dropout(1.0, Generator(8)), Error);
}

TEST(Layers, LayerNormHasMeanZeroAndDeviationOne) {
  const LayerNorm layer(64, 1e-5, DType::f64);
  const Tensor y = layer(random({3, 64}, 9)).value();
  for (std::int64_t row = 0; row < 3; ++row) {
    double sum = 0.0;
    double square = 0.0;
    for (const double value : y.select(0, row).to_vector<double>()) {
      sum += value;
      square += value * value;
    }
    EXPECT_NEAR(sum / 64, 0.0, 1e-12);
    EXPECT_NEAR(square / 64, 1.0, 1e-4);
  }
}

TEST(Layers, ConvolutionsHaveTheDocumentedShapes) {
  const Conv2d pixels(3, 5, 3, Generator(10), {.window = {.padding_rows = 1, .padding_cols = 1}});
  EXPECT_EQ(pixels(random({2, 3, 6, 7}, 1, DType::f32)).shape(), (Shape{2, 5, 6, 7}));
  const Conv1d frames(3, 4, 5, Generator(11), {.stride = 2, .padding = 2, .bias = false});
  EXPECT_EQ(frames(random({2, 3, 9}, 1, DType::f32)).shape(), (Shape{2, 4, 5}));
  EXPECT_FALSE(frames.bias.defined());
}

/// What a chain gives, and the gradients of Σ y² of the layer's parameters.
template <typename Layer, typename Chain>
std::vector<Tensor> with_gradients(Layer& layer, const Chain& chain) {
  Tape tape;
  const Variable y = chain();
  std::vector<Tensor> found{y.value()};
  Variables leaves;
  for (const NamedParameter& parameter : parameters_of(layer)) {
    leaves.push_back(parameter.variable);
  }
  for (const Variable& gradient : tape.gradient({sum(square(y))}, leaves)) {
    found.push_back(gradient.value());
  }
  return found;
}

TEST(Layers, AnActivationBehindALayerIsTheSameInOnePass) {
  const auto activate = [](const Variable& z, Activation activation) {
    switch (activation) {
      case Activation::relu:
        return relu(z);
      case Activation::gelu:
        return gelu(z);
      case Activation::sigmoid:
        return sigmoid(z);
      case Activation::tanh:
        break;
    }
    return tanh(z);
  };
  const auto expect_same = [&](auto layer, const Variable& x) {
    if (layer.bias.defined()) {  // as training leaves it
      layer.bias = Variable(random(layer.bias.shape(), 20).value(), true);
    }
    for (const Activation activation :
         {Activation::relu, Activation::gelu, Activation::sigmoid, Activation::tanh}) {
      const std::vector<Tensor> got = with_gradients(layer, [&] { return layer(x, activation); });
      const std::vector<Tensor> expected =
          with_gradients(layer, [&] { return activate(layer(x), activation); });
      ASSERT_EQ(got.size(), expected.size());
      for (std::size_t i = 0; i < got.size(); ++i) {
        EXPECT_LT(worst_difference(got[i], expected[i]), 1e-12)
            << "activation " << static_cast<int>(activation) << ", tensor " << i;
      }
    }
  };
  for (const bool bias : {true, false}) {
    expect_same(Linear(4, 3, Generator(14), {.bias = bias, .dtype = DType::f64}),
                random({2, 5, 4}, 1));
    expect_same(Conv1d(3, 4, 5, Generator(15),
                       {.stride = 2, .padding = 2, .bias = bias, .dtype = DType::f64}),
                random({2, 3, 9}, 2));
    expect_same(Conv2d(3, 5, 3, Generator(16), {.bias = bias, .dtype = DType::f64}),
                random({2, 3, 6, 7}, 3));
  }
}

TEST(Layers, EmbeddingLooksUpRows) {
  const Embedding layer(5, 3, Generator(12));
  const Tensor found = layer(Tensor::from<std::int64_t>({4, 0, 4}, {3, 1})).value();
  EXPECT_EQ(found.shape(), (Shape{3, 1, 3}));
  EXPECT_TRUE(same_bits(found.select(0, 2).select(0, 0).contiguous(),
                        layer.weight.value().select(0, 4).contiguous()));
  EXPECT_THROW(layer(Tensor::from<std::int64_t>({5}, {1})), Error);
  EXPECT_THROW(Embedding(0, 3, Generator(12)), Error);
}

TEST(Layers, AttentionPoolOfOneStepIsThatStep) {
  const AttentionPool layer(3, Generator(13), DType::f64);
  const Variable u = random({4, 2, 3}, 1);
  const Pooled pooled = layer(u, Tensor::from<std::int64_t>({1, 1}, {2}));
  EXPECT_LT(worst_difference(pooled.values.value(), u.value().select(0, 0)), 1e-15);
  EXPECT_EQ(pooled.weights.value().select(0, 0).to_vector<double>(),
            (std::vector<double>{1.0, 1.0}));
}

}  // namespace
}  // namespace heddle
