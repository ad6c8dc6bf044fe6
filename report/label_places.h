#pragma once

#include <string>
#include <vector>

namespace heddle::report {

/// A rectangle of a drawing, y downwards.
struct Box {
  double left = 0.0;
  double top = 0.0;
  double right = 0.0;
  double bottom = 0.0;
};

struct PlacedLabel {
  double x = 0.0;  // middle of the text
  double y = 0.0;
  bool far = false;  // needs a line to its point
};

/// Puts a label beside each of the points (x[i], y[i]), where it covers neither another label, nor
/// a point, nor anything `taken`, nor leaves `inside`: the nearest free place of a few rings around
/// the point, and the least bad where none is free. `widths[i]` and `height` are of the text.
std::vector<PlacedLabel> place_labels(const std::vector<double>& x, const std::vector<double>& y,
                                      const std::vector<double>& widths, double height,
                                      const Box& inside, std::vector<Box> taken);

}  // namespace heddle::report
