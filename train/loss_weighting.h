#pragma once

#include <cstdint>
#include <vector>

#include "autograd/variable.h"

namespace heddle {

/// Which distribution a part of the loss is the negative log likelihood of, but for its scale σ.
enum class Likelihood : std::uint8_t {
  classes,   // softmax(logits / σ²); the part is a cross-entropy
  gaussian,  // N(score, σ²); the part is a squared error
  laplace,   // Laplace(score, σ); the part is an absolute error
};

/// A part of what training makes small.
struct LossPart {
  Variable value;       // one value, not weighted
  double weight = 1.0;  // what counts for more or less than another part's likelihood
  Likelihood likelihood = Likelihood::classes;
};

/// Without log variances Σ_i weight_i · L_i. With them, s_i = log σ_i² being learned (Kendall, Gal
/// & Cipolla, "Multi-task learning using uncertainty to weigh losses", CVPR 2018, arXiv
/// 1705.07115), Σ_i weight_i · N_i with
///   classes    N = e^{−s} L + s/2     the paper's (10): Σ_c e^{f_c/σ²} ≈ σ (Σ_c e^{f_c})^{1/σ²}
///   gaussian   N = e^{−s} L / 2 + s/2     its (7), log √(2π) left out
///   laplace    N = e^{−s/2} L + s/2     log 2 left out
/// so that a part which is noisy for good counts less, and none can be made small by its σ alone.
/// `log_variances` [parts], or undefined. Errors: another number of them.
Variable weighted_sum(const std::vector<LossPart>& parts, const Variable& log_variances);

}  // namespace heddle
