#pragma once

#include <cstdint>
#include <optional>

#include "data/dataset.h"
#include "train/config.h"
#include "train/report.h"

namespace heddle {

// What a sample looks like on a page.

/// Planes [channels, height, width] as 8-bit pixels; raw values in 0 … 1 are taken as they are,
/// others are stretched to that range. None where there are not 1, 3 or 4 planes.
std::optional<ReportImage> image_of(const Modality& modality, std::int64_t sample);

/// Frames of a sequence; with seconds and frequencies where `data` is built in.
ReportSpectrogram spectrogram_of(const Modality& modality, std::int64_t sample,
                                 const DataConfig& data);

}  // namespace heddle
