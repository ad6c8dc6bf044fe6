#include "train/auc.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "core/error.h"

namespace heddle {
namespace {

using Truth = std::vector<std::int64_t>;
using Scores = std::vector<double>;

// Values of sklearn.metrics.roc_auc_score, scikit-learn 1.x.
TEST(Auc, AgreesWithScikitLearn) {
  EXPECT_DOUBLE_EQ(auc(Truth{0, 0, 1, 1}, Scores{0.1, 0.4, 0.35, 0.8}), 0.75);
  EXPECT_DOUBLE_EQ(auc(Truth{0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1, 0},
                       Scores{0.1, 0.4, 0.35, 0.8, 0.65, 0.4, 0.2, 0.9, 0.4, 0.05, 0.7, 0.65}),
                   0.7083333333333334);
  Truth truth;
  Scores scores;
  for (int i = 0; i < 200; ++i) {
    truth.push_back(i * 7 % 11 < 5 ? 1 : 0);
    const double raw = i * 37 % 101 / 101.0 + 0.3 * static_cast<double>(truth.back());
    scores.push_back(std::round(100.0 * raw) / 100.0);
  }
  EXPECT_NEAR(auc(truth, scores), 0.5981953825990522, 1e-12);
}

TEST(Auc, OneClassHasNone) {
  EXPECT_TRUE(std::isnan(auc(Truth{1, 1}, Scores{0.1, 0.2})));
  EXPECT_THROW(auc(Truth{0, 2}, Scores{0.1, 0.2}), Error);
  EXPECT_THROW(auc(Truth{0}, Scores{0.1, 0.2}), Error);
}

TEST(Auc, IntervalsAreWiderForFewClusters) {
  Truth truth;
  Scores scores;
  Truth alone;
  Truth of_ten;
  for (int i = 0; i < 200; ++i) {
    truth.push_back(i / 10 % 2);
    scores.push_back(std::sin(i / 10) + 0.8 * static_cast<double>(truth.back()));
    alone.push_back(i);
    of_ten.push_back(i / 10);
  }
  const double area = auc(truth, scores);
  const AucInterval narrow = auc_interval(truth, scores, alone);
  const AucInterval wide = auc_interval(truth, scores, of_ten);
  EXPECT_LT(narrow.low, area);
  EXPECT_GT(narrow.high, area);
  EXPECT_GT(wide.high - wide.low, 2.0 * (narrow.high - narrow.low));
  const AucInterval again = auc_interval(truth, scores, of_ten);
  EXPECT_EQ(again.low, wide.low);
  // Of independent samples about as wide as the formula of Hanley and McNeil (1982) says.
  const double q1 = area / (2.0 - area);
  const double q2 = 2.0 * area * area / (1.0 + area);
  const double variance =
      (area * (1.0 - area) + 99.0 * (q1 - area * area) + 99.0 * (q2 - area * area)) / 10000.0;
  EXPECT_NEAR(narrow.high - narrow.low, 2.0 * 1.96 * std::sqrt(variance),
              0.35 * (narrow.high - narrow.low));
}

TEST(Auc, AScoreThatIsNotANumberHasNoPlace) {
  const std::vector<std::int64_t> truth = {0, 1, 1};
  const std::vector<double> scores = {0.1, std::nan(""), 0.3};
  EXPECT_TRUE(std::isnan(auc(truth, scores)));
  EXPECT_TRUE(std::isnan(auc_interval(truth, scores, truth).low));
}

}  // namespace
}  // namespace heddle
