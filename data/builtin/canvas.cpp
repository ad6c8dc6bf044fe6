#include "data/builtin/canvas.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace heddle {
namespace {

float squared(float x) { return x * x; }

/// Distance from (x, y) to the segment from a to b, squared.
float squared_distance(float x, float y, Point a, Point b) {
  const float dx = b.x - a.x;
  const float dy = b.y - a.y;
  const float length = dx * dx + dy * dy;
  const float along = length > 0 ? ((x - a.x) * dx + (y - a.y) * dy) / length : 0.0f;
  const float t = std::clamp(along, 0.0f, 1.0f);
  return squared(x - a.x - t * dx) + squared(y - a.y - t * dy);
}

}  // namespace

Canvas::Canvas(std::int64_t side)
    : side_(side), planes_(static_cast<std::size_t>(3 * side * side)) {}

void Canvas::fill_gradient(Colour top, Colour bottom) {
  float* pixel = planes_.data();
  const std::array<std::pair<float, float>, 3> ends = {
      {{top.red, bottom.red}, {top.green, bottom.green}, {top.blue, bottom.blue}}};
  for (const auto& [first, last] : ends) {
    for (std::int64_t y = 0; y < side_; ++y) {
      const float t = static_cast<float>(y) / static_cast<float>(side_ - 1);
      pixel = std::fill_n(pixel, side_, first + t * (last - first));
    }
  }
}

template <typename Distance>
void Canvas::blend(Point low, Point high, Colour colour, const Distance& distance) {
  const auto bounded = [&](float place) {
    return static_cast<std::int64_t>(std::clamp(place, 0.0f, static_cast<float>(side_)));
  };
  const std::int64_t plane = side_ * side_;
  for (std::int64_t y = bounded(low.y - 1); y < bounded(high.y + 2); ++y) {
    for (std::int64_t x = bounded(low.x - 1); x < bounded(high.x + 2); ++x) {
      const float outside = distance(static_cast<float>(x) + 0.5f, static_cast<float>(y) + 0.5f);
      const float cover = std::clamp(0.5f - outside, 0.0f, 1.0f);
      float* pixel = planes_.data() + y * side_ + x;
      pixel[0] += cover * (colour.red - pixel[0]);
      pixel[plane] += cover * (colour.green - pixel[plane]);
      pixel[2 * plane] += cover * (colour.blue - pixel[2 * plane]);
    }
  }
}

void Canvas::ellipse(Point centre, Point radii, float tilt, Colour colour) {
  const float cosine = std::cos(tilt);
  const float sine = std::sin(tilt);
  const float reach = std::max(radii.x, radii.y);
  blend({centre.x - reach, centre.y - reach}, {centre.x + reach, centre.y + reach}, colour,
        [&](float x, float y) {
          const float across = ((x - centre.x) * cosine + (y - centre.y) * sine) / radii.x;
          const float down = ((y - centre.y) * cosine - (x - centre.x) * sine) / radii.y;
          // Exact for a circle, and near enough for eyes.
          return (std::sqrt(across * across + down * down) - 1) * std::min(radii.x, radii.y);
        });
}

void Canvas::line(std::span<const Point> points, float width, Colour colour) {
  Point low = points[0];
  Point high = points[0];
  for (const Point point : points) {
    low = {std::min(low.x, point.x), std::min(low.y, point.y)};
    high = {std::max(high.x, point.x), std::max(high.y, point.y)};
  }
  const float radius = width / 2;
  blend({low.x - radius, low.y - radius}, {high.x + radius, high.y + radius}, colour,
        [&](float x, float y) {
          float nearest = squared_distance(x, y, points[0], points[0]);
          for (std::size_t i = 1; i < points.size(); ++i) {
            nearest = std::min(nearest, squared_distance(x, y, points[i - 1], points[i]));
          }
          return std::sqrt(nearest) - radius;
        });
}

}  // namespace heddle
