#include "report/label_places.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace heddle::report {
namespace {

constexpr double point_radius = 5.5;
constexpr std::array<double, 6> rings = {9, 16, 26, 40, 58, 80};
constexpr int directions = 12;
constexpr double near = 16.0;
constexpr std::size_t most_compared = 400;  // beyond so many points labels cover each other anyway

double overlap(const Box& a, const Box& b) {
  const double across = std::min(a.right, b.right) - std::max(a.left, b.left);
  const double down = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  return across > 0.0 && down > 0.0 ? across * down : 0.0;
}

double outside(const Box& box, const Box& inside) {
  return std::max({0.0, inside.left - box.left, box.right - inside.right, inside.top - box.top,
                   box.bottom - inside.bottom});
}

}  // namespace

std::vector<PlacedLabel> place_labels(const std::vector<double>& x, const std::vector<double>& y,
                                      const std::vector<double>& widths, double height,
                                      const Box& inside, std::vector<Box> taken) {
  for (std::size_t i = 0; i < std::min(x.size(), most_compared); ++i) {
    taken.push_back(
        {x[i] - point_radius, y[i] - point_radius, x[i] + point_radius, y[i] + point_radius});
  }
  std::vector<PlacedLabel> labels;
  for (std::size_t i = 0; i < x.size(); ++i) {
    PlacedLabel best;
    Box best_box;
    double least = -1.0;
    for (const double ring : rings) {
      for (int direction = 0; direction < directions && least != 0.0; ++direction) {
        const double angle = 2.0 * std::numbers::pi * direction / directions;
        // The edge of the text, not its middle, lies on the ring.
        const double across = std::cos(angle) * (ring + widths[i] / 2.0);
        const double down = -std::sin(angle) * (ring + height / 2.0);
        const Box box{x[i] + across - widths[i] / 2.0, y[i] + down - height / 2.0,
                      x[i] + across + widths[i] / 2.0, y[i] + down + height / 2.0};
        double cost = 50.0 * outside(box, inside);
        for (const Box& other : taken) {
          cost += overlap(box, other);
        }
        if (least < 0.0 || cost < least) {
          least = cost;
          best = {x[i] + across, y[i] + down, ring > near};
          best_box = box;
        }
      }
    }
    labels.push_back(best);
    if (taken.size() < 2 * most_compared) {
      taken.push_back(best_box);
    }
  }
  return labels;
}

}  // namespace heddle::report
