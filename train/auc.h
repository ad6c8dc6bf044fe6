#pragma once

#include <cstdint>
#include <span>

namespace heddle {

/// Area under the receiver operating characteristic: the probability that a sample of class 1 has a
/// higher score than one of class 0, ties counted half (Mann–Whitney). NaN where a class is
/// missing or a score is NaN. Errors: different lengths, a truth other than 0 and 1.
double auc(std::span<const std::int64_t> truth, std::span<const double> scores);

struct AucInterval {
  double low = 0.0;
  double high = 0.0;
};

/// 95 % interval of the AUC by bootstrap over clusters (Efron and Tibshirani 1993, §13.3): whole
/// clusters are drawn with replacement, `resamples` times, because samples of one patient are not
/// independent; the 2.5th and 97.5th percentile of what comes out. `clusters` has one number per
/// sample. Drawings that lack a class are left out; NaN where all do, or a score is NaN. A function
/// of its arguments alone.
AucInterval auc_interval(std::span<const std::int64_t> truth, std::span<const double> scores,
                         std::span<const std::int64_t> clusters, std::int64_t resamples = 2000);

}  // namespace heddle
