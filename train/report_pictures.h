#pragma once

#include <string>
#include <vector>

#include "train/report.h"

namespace heddle::report {

/// The `src` of an image element. Errors: pixels that do not match the size.
std::string image_source(const ReportImage& image);

/// A heat map of log-mel frames: time to the right, low frequencies at the bottom, coloured from
/// the lowest to the highest finite value (others are drawn as the lowest).
/// Errors: values that do not match the size.
std::string spectrogram_source(const ReportSpectrogram& spectrogram);

/// A heat map of attention between utterances, each row scaled by its largest weight.
/// Errors: rows of unequal length, or none.
std::string attention_source(const std::vector<std::vector<double>>& weights);

}  // namespace heddle::report
