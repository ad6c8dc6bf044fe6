#pragma once

#include <string>
#include <vector>

#include "report/benchmark.h"

namespace heddle::report {

/// How a point is drawn: its colour and its shape say the same.
enum class RoofMark { plain, lost, first, best };

struct RoofPoint {
  std::string label;         // short, beside the point
  std::string name;          // the whole, in the table of numbers
  double intensity = 0.0;    // operations per byte
  double gflop_per_s = 0.0;  // achieved
  double gb_per_s = 0.0;
  double roof_fraction = 0.0;
  RoofMark mark = RoofMark::plain;
};

/// `milliseconds` for one run of `what`, as a point.
RoofPoint roof_point(const BenchmarkRates& rates, const BenchmarkCase& what, double milliseconds,
                     std::string label, std::string name, RoofMark mark);

/// A roofline (S. Williams, A. Waterman, D. Patterson, "Roofline", CACM 52(4), 2009) as a
/// `<figure>`: achieved rate over operations per byte, both logarithmic, under the measured copy
/// bandwidth and multiply-add rate. Points without operations or bytes are in its table alone.
/// `title` and `key` are HTML.
std::string roofline(const std::string& title, const BenchmarkRates& rates,
                     const std::vector<RoofPoint>& points, const std::string& key);

}  // namespace heddle::report
