#include "train/shapley.h"

#include <bit>
#include <cstddef>

#include "core/error.h"

namespace heddle {

std::vector<double> shapley_values(const std::vector<double>& values) {
  check(values.size() >= 2 && std::has_single_bit(values.size()), "shapley_values: ", values.size(),
        " values; expected 2^n of them, one for every subset of n players");
  const auto players = static_cast<std::size_t>(std::countr_zero(values.size()));
  // weight[s] = s! (n − s − 1)! / n!, built up by ratios so that no factorial overflows.
  std::vector<double> weight(players);
  weight[0] = 1.0 / static_cast<double>(players);
  for (std::size_t s = 1; s < players; ++s) {
    weight[s] = weight[s - 1] * static_cast<double>(s) / static_cast<double>(players - s);
  }
  std::vector<double> shares(players, 0.0);
  for (std::size_t mask = 0; mask < values.size(); ++mask) {
    const auto size = static_cast<std::size_t>(std::popcount(mask));
    for (std::size_t player = 0; player < players; ++player) {
      const std::size_t bit = std::size_t{1} << player;
      if ((mask & bit) == 0) {
        shares[player] += weight[size] * (values[mask | bit] - values[mask]);
      }
    }
  }
  return shares;
}

}  // namespace heddle
