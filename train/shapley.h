#pragma once

#include <vector>

namespace heddle {

/// Exact Shapley values (Shapley 1953; of features of a prediction: Štrumbelj and Kononenko, JMLR
/// 2010): what each of n players adds to a value, averaged over all orders in which they may come:
///   φ_i = Σ_{S ∌ i} |S|! (n − |S| − 1)! / n! · (v(S ∪ i) − v(S))
/// values[mask] = v of the players whose bit is set, 2^n of them; values[0] is that of nobody. The
/// shares add up to values.back() − values.front().
/// Errors: not a power of two from 2 on.
std::vector<double> shapley_values(const std::vector<double>& values);

}  // namespace heddle
