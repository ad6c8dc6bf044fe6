#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace heddle {

struct Colour {
  float red = 0;
  float green = 0;
  float blue = 0;
};

struct Point {
  float x = 0;
  float y = 0;
};

/// A small picture to draw on, with soft edges: each shape covers a pixel by how far the pixel's
/// centre lies inside it (½ on the edge, none half a pixel outside). x to the right, y down; the
/// centre of the top left pixel is (0.5, 0.5).
class Canvas {
 public:
  explicit Canvas(std::int64_t side);

  /// `top` at the top, `bottom` at the bottom, evenly between.
  void fill_gradient(Colour top, Colour bottom);
  /// An ellipse turned by `tilt` radians.
  void ellipse(Point centre, Point radii, float tilt, Colour colour);
  /// A line through `points`, `width` pixels wide, with round ends and corners.
  void line(std::span<const Point> points, float width, Colour colour);

  /// [3, side, side]: a plane of red, then green, then blue.
  std::vector<float> take_planes() { return std::move(planes_); }

 private:
  /// Blends `colour` into the pixels of a box by `distance(x, y)`, pixels outside the shape (< 0
  /// inside).
  template <typename Distance>
  void blend(Point low, Point high, Colour colour, const Distance& distance);

  std::int64_t side_;
  std::vector<float> planes_;
};

}  // namespace heddle
