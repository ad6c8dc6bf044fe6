// The convolutional encoders against the same networks written out, one operation after the other.

#include <gtest/gtest.h>

#include "autograd/ops.h"
#include "core/random.h"
#include "models/audio_encoder.h"
#include "models/image_encoder.h"

namespace heddle {
namespace {

Tensor random(const Shape& shape, std::uint64_t seed) {
  Generator generator(seed);
  return random_normal(shape, 0.0, 1.0, generator);
}

/// Biases as training leaves them.
template <typename Stage>
void draw_biases(std::vector<Stage>& stages) {
  std::uint64_t seed = 10;
  for (Stage& stage : stages) {
    stage.bias = Variable(random(stage.bias.shape(), seed++), true);
  }
}

TEST(Encoders, CnnIsConvolutionReluMaximumInTheSameBits) {
  ImageEncoderConfig config;
  config.channels = {4, 5, 6};
  config.dropout = 0.0;
  CnnEncoder encoder({3, 12, 8}, 7, config, Generator(1), DType::f32);
  draw_biases(encoder.map.stages);
  const Tensor pictures = random({5, 3, 12, 8}, 2);
  Variable expected(pictures);
  for (const Conv2d& stage : encoder.map.stages) {
    expected = max_pool2d(relu(stage(expected)));
  }
  expected = encoder.linear(reshape(expected, {5, 6}));
  EXPECT_TRUE(same_bits(encoder(pictures).value(), expected.value()));
}

TEST(Encoders, TwoLayersOverFeaturesAreTheFormula) {
  LinearEncoder encoder(4, 5, 3, 0.0, Generator(1), DType::f64);
  ASSERT_TRUE(encoder.inside.has_value());
  const Linear& first = *encoder.inside;
  const Variable x(random({6, 2, 2}, 2).to(DType::f64));
  const Variable expected = encoder.linear(relu(first(reshape(x, {6, 4}))));
  EXPECT_TRUE(same_bits(encoder(x.value()).value(), expected.value()));
  EXPECT_EQ(encoder.width(), 3);
  EXPECT_FALSE(LinearEncoder(4, 0, 3, 0.0, Generator(1), DType::f64).inside.has_value());
}

TEST(Encoders, AudioStagesAreReluOfConvolutionsInTheSameBits) {
  SequenceEncoderConfig config;
  config.channels = {4, 6};
  ConvAudioEncoder encoder(3, config, Generator(5), DType::f32);
  draw_biases(encoder.stages);
  const Tensor frames = random({11, 2, 3}, 6);
  Variable expected = permute(Variable(frames), {1, 2, 0});
  for (const Conv1d& stage : encoder.stages) {
    expected = relu(stage(expected));
  }
  EXPECT_TRUE(same_bits(encoder(frames, {}).states.value().contiguous(),
                        permute(expected, {2, 0, 1}).value().contiguous()));
}

}  // namespace
}  // namespace heddle
