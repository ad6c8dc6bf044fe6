#pragma once

#include <string>
#include <string_view>

#include "report/page.h"
#include "train/report.h"

namespace heddle::report {

// The parts of the page, in the order they appear. Each returns HTML, empty where the report holds
// nothing for it.

std::string page_header(const RunReport& report);
std::string result_section(const RunReport& report);
std::string subsets_section(const RunReport& report);
std::string charts_section(const RunReport& report);
std::string metrics_section(const RunReport& report);
std::string confusions_section(const RunReport& report);
std::string scatters_section(const RunReport& report);
std::string samples_section(const RunReport& report);
std::string videos_section(const RunReport& report);
std::string run_section(const RunReport& report);

std::string_view page_style();   // CSS, besides base_style()
std::string_view page_script();  // JavaScript

// Pieces that more than one section uses.

/// One chart of lines as a `<figure>`.
std::string line_chart(const ReportChart& chart);

/// A modality's name with its own colour and shape.
std::string modality_chip(const std::string& name);

/// A bar from 0 to 1 (values outside and NaN are drawn at the nearest end).
std::string meter(double value);

/// "✓ right" or "✗ wrong", told apart by word and shape.
std::string verdict(bool right);

/// The name of class `index`, or "class 7" where it has none. Escaped.
std::string class_name(const std::vector<std::string>& classes, std::int64_t index);

}  // namespace heddle::report
