#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/benchmark_groups.h"

namespace heddle::report {

// The parts of the page of benchmarks. Each returns HTML.

/// Machine, commit, date, how it was measured.
std::string benchmark_header(const std::vector<BenchmarkFile>& files);

/// Family × opponent: geometric mean, worst row, rows lost.
std::string overall_section(const std::vector<BenchmarkFile>& files,
                            const std::vector<Family>& families);

/// Bars of our ratio to each opponent on a logarithmic axis around 1, case by case.
std::string ratio_bars(const SettingRows& setting);

/// Each case of a setting under the roof of its machine.
std::string setting_roofline(const SettingRows& setting);

/// Each version of each case of a ladder under the roof of its machine.
std::string ladder_roofline(const LadderRows& ladder);

/// Bars of the time of each version, naive to best, case by case.
std::string ladder_bars(const LadderRows& ladder);

/// Rows without a time, with the reason; empty where there are none.
std::string absent_section(const std::vector<BenchmarkFile>& files,
                           const std::vector<Family>& families);

std::string_view benchmark_style();  // CSS, besides base_style()

// Pieces that more than one part uses.

/// "2 threads, f32", with the number of the file where there are several.
std::string setting_title(const SettingRows& setting, std::size_t files);

/// "0.526 ms", "12.3 µs". HTML.
std::string milliseconds(double value);

/// A ratio with three significant digits: "0.513", "1.40", "11.8".
std::string ratio_text(double ratio);

/// The name of a version in a chart: a, b, … z, aa, ab, …
std::string letter(std::size_t index);

/// "1.1×10⁻⁷", or "not compared".
std::string error_text(const std::optional<double>& error);

}  // namespace heddle::report
