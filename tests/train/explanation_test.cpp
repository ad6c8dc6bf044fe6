#include "train/explanation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "autograd/ops.h"
#include "core/error.h"
#include "models/input_watch.h"
#include "tests/train/small_run.h"
#include "train/explanation_page.h"
#include "train/loss.h"
#include "train/occlusion.h"
#include "train/shapley.h"
#include "train/trained_model.h"

namespace heddle {
namespace {

TEST(Shapley, GlovesAndAdditiveGames) {
  // Two have a left glove, the third the only right one; a pair is worth 1 (the classic example).
  const std::vector<double> gloves = {0, 0, 0, 0, 0, 1, 1, 1};
  const std::vector<double> shares = shapley_values(gloves);
  EXPECT_NEAR(shares[0], 1.0 / 6.0, 1e-15);
  EXPECT_NEAR(shares[1], 1.0 / 6.0, 1e-15);
  EXPECT_NEAR(shares[2], 4.0 / 6.0, 1e-15);
  // v(S) = 0.5 + Σ of what each brings.
  const std::vector<double> bring = {0.1, -0.3, 0.25, 0.05};
  std::vector<double> values;
  for (std::size_t mask = 0; mask < 16; ++mask) {
    double value = 0.5;
    for (std::size_t i = 0; i < 4; ++i) {
      value += (mask >> i & 1u) != 0 ? bring[i] : 0.0;
    }
    values.push_back(value);
  }
  const std::vector<double> additive = shapley_values(values);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(additive[i], bring[i], 1e-15);
  }
  EXPECT_THROW(shapley_values({1.0}), Error);
  EXPECT_THROW(shapley_values({1.0, 2.0, 3.0}), Error);
}

/// score = 2 a₀ + 3 a₁ + a₀ · b₀ (absent values are 0), with features a [2] and b [1].
class Formula : public Model {
 public:
  Formula() {
    inputs_ = {{.name = "a", .kind = InputSpec::Kind::features, .shape = {2}},
               {.name = "b", .kind = InputSpec::Kind::features, .shape = {1}}};
  }
  ModelOutput forward(const CleanBatch& batch) override {
    const Variable a = InputWatch::seen(batch.inputs[0].values, Variable(batch.inputs[0].values));
    const Variable b = InputWatch::seen(batch.inputs[1].values, Variable(batch.inputs[1].values));
    const Variable first = select(a, 1, 0);
    ModelOutput output;
    output.score = 2.0 * first + 3.0 * select(a, 1, 1) + first * select(b, 1, 0) + 0.0 * zero_;
    return output;
  }
  void visit(Visitor& visitor) override { visitor.parameter("zero", zero_); }
  const std::vector<InputSpec>& inputs() const override { return inputs_; }

 private:
  std::vector<InputSpec> inputs_;
  Variable zero_ = Variable(Tensor::zeros({1}), true);
};

Dataset two_features() {
  Dataset dataset;
  dataset.name = "formula";
  dataset.samples = 3;
  Modality a;
  a.info = {.name = "a", .kind = ModalityKind::features, .shape = {2}};
  a.values = Tensor::from<float>({1, 2, 3, 4, 5, 6}, {3, 2});
  Modality b;
  b.info = {.name = "b", .kind = ModalityKind::features, .shape = {1}};
  b.values = Tensor::from<float>({10, 20, 30}, {3, 1});
  dataset.modalities = {a, b};
  dataset.targets = Tensor::from<float>({1, 3, 0}, {3});
  dataset.splits[0] = {0, 1};
  dataset.splits[2] = {2};
  dataset.validate();
  return dataset;
}

TEST(Explainer, SharesAndEffectsAreThoseOfTheFormula) {
  Formula model;
  const Dataset dataset = two_features();
  const std::vector<std::string> modalities = {"a", "b"};
  Explainer explainer(model, dataset, modalities);
  const Explanation told = explainer.explain(2);  // a = (5, 6), b = 30
  EXPECT_EQ(told.predicted, -1);
  EXPECT_NEAR(told.value, 10 + 18 + 150, 1e-4);
  // Of nothing: the mean target of the training split; a alone 28, b alone 0.
  ASSERT_EQ(told.subsets.size(), 4u);
  EXPECT_NEAR(told.subsets[0], 2.0, 1e-6);
  EXPECT_NEAR(told.subsets[1], 28.0, 1e-4);
  EXPECT_NEAR(told.subsets[2], 0.0, 1e-4);
  EXPECT_NEAR(told.shapley[0], (28.0 - 2.0) / 2 + 178.0 / 2, 1e-4);
  EXPECT_NEAR(told.shapley[1], (0.0 - 2.0) / 2 + 150.0 / 2, 1e-4);
  EXPECT_NEAR(told.shapley[0] + told.shapley[1], told.value - told.subsets[0], 1e-4);
  // Each feature at its mean over the training split: a₀ = 2, a₁ = 3, b = 15.
  ASSERT_EQ(told.parts.size(), 2u);
  EXPECT_EQ(told.parts[0].features, (std::vector<std::int64_t>{0, 1}));
  EXPECT_NEAR(told.parts[0].effects[0], 3 * 2 + 3 * 30, 1e-4);
  EXPECT_NEAR(told.parts[0].effects[1], 3 * 3, 1e-4);
  EXPECT_NEAR(told.parts[1].effects[0], 5 * 15, 1e-4);
  // Slopes 2 + b₀ = 32, 3 and a₀ = 5, times the inputs.
  EXPECT_NEAR(told.parts[0].gradients[0], 32 * 5, 1e-4);
  EXPECT_NEAR(told.parts[0].gradients[1], 3 * 6, 1e-4);
  EXPECT_NEAR(told.parts[1].gradients[0], 5 * 30, 1e-4);
  EXPECT_THROW(explainer.explain(3), InputError);
}

TEST(Occlusion, WordsGoAndTheRestMovesUp) {
  BatchModality batch{.name = "text",
                      .kind = ModalityKind::tokens,
                      .values = Tensor::from<std::int64_t>({5, 5, 6, 6, 7, 7}, {3, 2}),
                      .lengths = Tensor::from<std::int64_t>({3, 1}, {2})};
  const OcclusionPlan plan{.kind = ModalityKind::tokens, .parts = 3};
  EXPECT_TRUE(leave_out(batch, plan, 1, 0, {}));
  EXPECT_EQ(batch.values.to_vector<std::int64_t>(), (std::vector<std::int64_t>{5, 5, 7, 6, 0, 7}));
  EXPECT_EQ(batch.lengths.to_vector<std::int64_t>(), (std::vector<std::int64_t>{2, 1}));
  EXPECT_FALSE(leave_out(batch, plan, 0, 1, {})) << "one word: nothing would be left";
}

TEST(Occlusion, WindowsAndCellsBecomeTheMean) {
  BatchModality sound{.name = "audio",
                      .kind = ModalityKind::sequence,
                      .values = Tensor::from<float>({1, 2, 3, 6}, {4, 1, 1}),
                      .lengths = Tensor::from<std::int64_t>({4}, {1})};
  EXPECT_TRUE(leave_out(sound, {.kind = ModalityKind::sequence, .parts = 2, .step = 2}, 1, 0, {}));
  EXPECT_EQ(sound.values.to_vector<float>(), (std::vector<float>{1, 2, 3, 3}));

  BatchModality picture{.name = "image",
                        .kind = ModalityKind::image,
                        .values = Tensor::from<float>({0, 4, 8, 0, 4, 8}, {1, 1, 2, 3}),
                        .lengths = {}};
  const OcclusionPlan plan{
      .kind = ModalityKind::image, .parts = 2, .rows = 1, .cols = 2, .step = 2};
  EXPECT_TRUE(leave_out(picture, plan, 1, 0, {}));
  EXPECT_EQ(picture.values.to_vector<float>(), (std::vector<float>{0, 4, 4, 0, 4, 4}));
}

TEST(Explainer, ExplainsEveryModalityOfARealModel) {
  const RunConfig config = small_config();
  const LoadedData loaded = load_data(config.data);
  const Dataset& dataset = loaded.dataset;
  const Loss loss(config.loss, dataset);
  const auto model = model_for(config, dataset, loss);
  const std::vector<std::string> modalities = modalities_used(config, dataset);
  Explainer explainer(*model, dataset, modalities);
  const std::int64_t sample = dataset.indices(Split::test).front();
  const Explanation told = explainer.explain(sample);
  EXPECT_EQ(told.subsets.size(), 8u);
  EXPECT_NEAR(std::accumulate(told.shapley.begin(), told.shapley.end(), 0.0),
              told.value - told.subsets.front(), 1e-12);
  const auto words = static_cast<std::size_t>(dataset.modality("text").length(sample));
  EXPECT_EQ(told.parts[0].effects.size(), words);
  EXPECT_EQ(told.time_weights.size(), words);
  EXPECT_EQ(told.time_modality, "text");
  EXPECT_EQ(told.parts[1].effects.size(), 64u);  // 8 × 8 cells of 4 × 4 pixels
  EXPECT_EQ(told.parts[2].effects.size(), 12u);  // 24 frames in windows of 2
  double moved = 0.0;
  for (const PartEffects& part : told.parts) {
    for (const double effect : part.effects) {
      moved += std::abs(effect);
    }
  }
  EXPECT_GT(moved, 0.0);
  for (const PartEffects& part : told.parts) {
    ASSERT_EQ(part.gradients.size(), part.effects.size());
    EXPECT_GT(std::abs(std::accumulate(part.gradients.begin(), part.gradients.end(), 0.0)), 0.0)
        << part.modality;
  }

  const std::string page = explanation_page(config, dataset, modalities, {told});
  for (const char* part : {"<svg", "data:image/png", "Shapley", "class=\"words\""}) {
    EXPECT_NE(page.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(page.find("://"), std::string::npos) << "the page must ask the network for nothing";
  const auto json = nlohmann::json::parse(explanation_json(config, dataset, modalities, {told}));
  EXPECT_EQ(json["samples"][0]["subsets"].size(), 7u);
  EXPECT_EQ(json["samples"][0]["parts"][1]["rows"], 8);
  EXPECT_EQ(json["samples"][0]["parts"][0]["words"].size(), words);
}

}  // namespace
}  // namespace heddle
