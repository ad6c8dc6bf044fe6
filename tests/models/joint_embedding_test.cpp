#include "models/joint_embedding.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>

#include "autograd/ops.h"
#include "core/error.h"
#include "models/build.h"
#include "tests/core/throws.h"
#include "tests/layers/parameter_check.h"
#include "tests/models/tiny_batch.h"

namespace heddle {
namespace {

ModelConfig tiny_config() {
  ModelConfig config;
  config.name = "joint_embedding";
  config.hidden = 3;
  config.joint.width = 4;
  config.joint.learned_temperature = 0.1;
  config.tokens.embedding = 2;
  config.image.channels = {2};
  config.dtype = DType::f64;
  return config;
}

std::unique_ptr<Model> build(const ModelConfig& config) {
  return build_model(config, tiny_inputs(), 0, false, Generator(1));
}

TEST(JointEmbedding, EmbeddingsHaveLengthOne) {
  const auto model = build(tiny_config());
  const ModelOutput output = (*model)(tiny_batch(DType::f64));
  ASSERT_EQ(output.embeddings.size(), 4u);
  for (const Variable& embedding : output.embeddings) {
    EXPECT_EQ(embedding.shape(), (Shape{3, 4}));
    for (const double square : sum(square(embedding), {1}).value().to_vector<double>()) {
      EXPECT_NEAR(square, 1.0, 1e-9);
    }
  }
  EXPECT_NEAR(output.similarity_scale.value().to_vector<double>()[0], 10.0, 1e-9);
  EXPECT_FALSE(output.logits.defined());
}

TEST(JointEmbedding, TheScaleIsBounded) {
  ModelConfig config = tiny_config();
  config.joint.learned_temperature = 1e-4;
  const ModelOutput output = (*build(config))(tiny_batch(DType::f64));
  EXPECT_NEAR(output.similarity_scale.value().to_vector<double>()[0], 100.0, 1e-9);
  config.joint.learned_temperature = std::nullopt;
  EXPECT_FALSE((*build(config))(tiny_batch(DType::f64)).similarity_scale.defined());
}

TEST(JointEmbedding, NoTowerSeesAnothersInput) {
  const auto model = build(tiny_config());
  ModelBatch batch = tiny_batch(DType::f64);
  const ModelOutput before = (*model)(batch);
  batch.inputs[3].values = batch.inputs[3].values.clone();
  batch.inputs[3].values.fill_(0.25);
  const ModelOutput after = (*model)(batch);
  for (std::size_t m = 0; m < 4; ++m) {
    EXPECT_EQ(before.embeddings[m].value().to_vector<double>() ==
                  after.embeddings[m].value().to_vector<double>(),
              m != 3);
  }
}

TEST(JointEmbedding, GradientsAreNumeric) {
  for (const bool projection : {true, false}) {
    ModelConfig config = tiny_config();
    config.joint.projection = projection;
    // Wide enough that no sample's are all 0, where the length of an embedding has a kink.
    config.features.hidden = projection ? 0 : 16;
    // Words and features alone: every parameter is moved, and those of pictures are many.
    ModelBatch few = tiny_batch(DType::f64);
    few.inputs = {few.inputs[0], few.inputs[3]};
    const auto model =
        build_model(config, {tiny_inputs()[0], tiny_inputs()[3]}, 0, false, Generator(1));
    const CleanBatch batch = model->clean(few);
    const GradcheckResult result = check_parameters(*model, [&] {
      const ModelOutput output = model->forward(batch);
      Variables outputs = output.embeddings;
      outputs.push_back(output.similarity_scale);
      return outputs;
    });
    EXPECT_TRUE(result.passed) << "projection " << projection << ": " << result.message;
  }
}

TEST(JointEmbedding, WithoutProjectionsTheSpaceIsTheEncoders) {
  ModelConfig config = tiny_config();
  config.joint.projection = false;
  const auto model = build(config);
  EXPECT_EQ(model->embedding_width(), 3);
  EXPECT_EQ((*model)(tiny_batch(DType::f64)).embeddings[1].shape(), (Shape{3, 3}));
  config.tokens.layers = 0;
  config.tokens.pool = SequencePool::final;
  const std::string message = message_of<InputError>([&] { build(config); });
  EXPECT_NE(message.find("has 3 numbers, that of \"text\" 2"), std::string::npos) << message;
}

TEST(JointEmbedding, SaysWhatItCannotBe) {
  const std::vector<InputSpec> one = {tiny_inputs().front()};
  EXPECT_THROW(build_model(tiny_config(), one, 0, false, Generator(1)), InputError);
  EXPECT_THROW(build_model(tiny_config(), tiny_inputs(), 2, false, Generator(1)), InputError);
}

}  // namespace
}  // namespace heddle
