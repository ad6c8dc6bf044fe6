#include "train/contrastive_loss.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "core/error.h"
#include "core/random.h"

namespace heddle {
namespace {

using Matrix = std::vector<std::vector<double>>;

/// Six samples: 0, 1 and 4 show the same; 2 lacks its picture; 5 its caption.
constexpr std::size_t count = 6;
const std::vector<std::int64_t> shown = {0, 0, 1, 2, 0, 3};
const std::vector<bool> with_text = {true, true, true, true, true, false};
const std::vector<bool> with_image = {true, true, false, true, true, true};

Dataset six_samples() {
  Dataset dataset;
  dataset.name = "six";
  dataset.samples = count;
  dataset.identities = shown;
  dataset.splits[0] = {0, 1, 2, 3, 4, 5};
  for (const auto& [name, has] : {std::pair{"text", with_text}, {"image", with_image}}) {
    Modality& modality = dataset.modalities.emplace_back();
    modality.info.name = name;
    modality.info.shape = {2};
    modality.values = Tensor::zeros({count, 2});
    modality.present.assign(has.begin(), has.end());
  }
  return dataset;
}

RunConfig config_of(ContrastiveLossKind kind) {
  RunConfig config;
  config.task.kind = TaskKind::retrieve;
  config.task.pairs = {{"text", "image"}};
  config.model.name = "joint_embedding";
  config.loss.contrastive = kind;
  config.loss.temperature = 0.2;
  config.loss.margin = 0.3;
  return config;
}

PairTargets targets_for(const RunConfig& config) {
  const Dataset dataset = six_samples();
  const std::vector<std::int64_t> all = dataset.splits[0];
  return ContrastiveLoss(config, dataset)
      .targets_of(collate(dataset, all), DType::f64, Device{})
      .front();
}

Tensor random_cosines() {
  Generator generator(3);
  return random_uniform({count, count}, -1.0, 1.0, generator, DType::f64);
}

Matrix matrix_of(const Tensor& values) {
  const std::vector<double> flat = values.to_vector<double>();
  Matrix result(count, std::vector<double>(count));
  for (std::size_t i = 0; i < count * count; ++i) {
    result[i / count][i % count] = flat[i];
  }
  return result;
}

bool counts(std::size_t i) { return with_text[i] && with_image[i]; }
/// Whether text i and image j are a wrong pair.
bool wrong(std::size_t i, std::size_t j) {
  return with_text[i] && with_image[j] && shown[i] != shown[j];
}

double infonce_by_hand(const Matrix& s, double temperature) {
  double sum = 0.0;
  double samples = 0.0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!counts(i)) {
      continue;
    }
    samples += 1.0;
    const double own = std::exp(s[i][i] / temperature);
    double row = own;
    double column = own;
    for (std::size_t j = 0; j < count; ++j) {
      row += wrong(i, j) ? std::exp(s[i][j] / temperature) : 0.0;
      column += wrong(j, i) ? std::exp(s[j][i] / temperature) : 0.0;
    }
    sum += 0.5 * (-std::log(own / row) - std::log(own / column));
  }
  return sum / samples;
}

double triplet_by_hand(const Matrix& s, double margin, bool hardest) {
  double sum = 0.0;
  double samples = 0.0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!counts(i)) {
      continue;
    }
    samples += 1.0;
    double row = 0.0;
    double column = 0.0;
    for (std::size_t j = 0; j < count; ++j) {
      const double over_row = wrong(i, j) ? std::max(0.0, margin - s[i][i] + s[i][j]) : 0.0;
      const double over_column = wrong(j, i) ? std::max(0.0, margin - s[i][i] + s[j][i]) : 0.0;
      row = hardest ? std::max(row, over_row) : row + over_row;
      column = hardest ? std::max(column, over_column) : column + over_column;
    }
    sum += row + column;
  }
  return sum / samples;
}

TEST(ContrastiveLoss, SamplesOfOneIdentityAreNoNegatives) {
  const PairTargets targets = targets_for(config_of(ContrastiveLossKind::infonce));
  const Matrix negatives = matrix_of(targets.negatives);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < count; ++j) {
      EXPECT_EQ(negatives[i][j], wrong(i, j) ? 1.0 : 0.0) << i << ' ' << j;
    }
  }
  EXPECT_EQ(targets.own.to_vector<std::int64_t>(), (std::vector<std::int64_t>{0, 1, -1, 3, 4, -1}));
  EXPECT_EQ(targets.weights.to_vector<double>(),
            (std::vector<double>{0.25, 0.25, 0.0, 0.25, 0.25, 0.0}));
}

TEST(ContrastiveLoss, InfoNceIsItsFormula) {
  const RunConfig config = config_of(ContrastiveLossKind::infonce);
  const Tensor cosines = random_cosines();
  const PairTargets targets = targets_for(config);
  EXPECT_NEAR(contrastive_loss(Variable(cosines), {}, targets, config.loss).item<double>(),
              infonce_by_hand(matrix_of(cosines), 0.2), 1e-12);
  const Variable scale(Tensor::full({1}, 8.0, DType::f64));
  EXPECT_NEAR(contrastive_loss(Variable(cosines), scale, targets, config.loss).item<double>(),
              infonce_by_hand(matrix_of(cosines), 1.0 / 8.0), 1e-12);
}

TEST(ContrastiveLoss, TripletIsItsFormula) {
  RunConfig config = config_of(ContrastiveLossKind::triplet);
  const Tensor cosines = random_cosines();
  for (const bool hardest : {true, false}) {
    config.loss.negatives = hardest ? TripletNegatives::hardest : TripletNegatives::all;
    EXPECT_NEAR(
        contrastive_loss(Variable(cosines), {}, targets_for(config), config.loss).item<double>(),
        triplet_by_hand(matrix_of(cosines), 0.3, hardest), 1e-12);
  }
}

TEST(ContrastiveLoss, ByHandForTwoPairs) {
  // S = [[1, 0], [0.5, 0]]. Temperature 1, rows: log(1 + e^−1), log(1 + e^0.5); columns:
  // log(1 + e^−0.5), log(1 + e^0). Margin 0.2, rows: [0.2 − 1 + 0]₊ = 0, [0.2 − 0 + 0.5]₊ = 0.7;
  // columns: [0.2 − 1 + 0.5]₊ = 0, [0.2 − 0 + 0]₊ = 0.2.
  const Variable cosines(Tensor::from<double>({1.0, 0.0, 0.5, 0.0}, {2, 2}));
  const PairTargets targets = {.negatives = Tensor::from<double>({0.0, 1.0, 1.0, 0.0}, {2, 2}),
                               .own = Tensor::from<std::int64_t>({0, 1}, {2}),
                               .weights = Tensor::from<double>({0.5, 0.5}, {2})};
  LossConfig config;
  config.temperature = 1.0;
  EXPECT_NEAR(contrastive_loss(cosines, {}, targets, config).item<double>(), 0.6136407, 1e-6);
  config.contrastive = ContrastiveLossKind::triplet;
  config.margin = 0.2;
  EXPECT_NEAR(contrastive_loss(cosines, {}, targets, config).item<double>(), 0.45, 1e-12);
}

TEST(ContrastiveLoss, GradientsAreThoseOfTheFormula) {
  for (const auto kind : {ContrastiveLossKind::infonce, ContrastiveLossKind::triplet}) {
    const RunConfig config = config_of(kind);
    const PairTargets targets = targets_for(config);
    const Variable cosines(random_cosines(), true);
    const Variable scale(Tensor::full({1}, 3.0, DType::f64), kind == ContrastiveLossKind::infonce);
    const GradcheckResult result = gradcheck(
        [&](const Variables& x) {
          return Variables{contrastive_loss(x[0], x[1], targets, config.loss)};
        },
        {cosines, scale}, {.step = 1e-5});
    EXPECT_TRUE(result.passed) << result.message;
  }
}

TEST(ContrastiveLoss, ABatchOfOneIdentityCostsNothing) {
  // All wrong answers are gone: −log 1, and no violation.
  PairTargets targets = {.negatives = Tensor::zeros({3, 3}, DType::f64),
                         .own = Tensor::from<std::int64_t>({0, 1, 2}, {3}),
                         .weights = Tensor::full({3}, 1.0 / 3.0, DType::f64)};
  const Variable cosines(
      Tensor::from<double>({0.1, 0.9, 0.9, 0.9, 0.1, 0.9, 0.9, 0.9, 0.1}, {3, 3}));
  LossConfig config;
  EXPECT_EQ(contrastive_loss(cosines, {}, targets, config).item<double>(), 0.0);
  config.contrastive = ContrastiveLossKind::triplet;
  EXPECT_EQ(contrastive_loss(cosines, {}, targets, config).item<double>(), 0.0);
}

TEST(ContrastiveLoss, NamesAnUnknownModality) {
  RunConfig config = config_of(ContrastiveLossKind::infonce);
  config.task.pairs = {{"text", "images"}};
  try {
    ContrastiveLoss(config, six_samples());
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("\"images\""), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("image"), std::string::npos);
  }
}

}  // namespace
}  // namespace heddle
