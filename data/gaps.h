#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/dataset_description.h"

namespace heddle {

/// What is to be done about missing (NaN) and infinite numbers.
struct GapOptions {
  GapTreatment missing = GapTreatment::refuse;
  GapTreatment not_finite = GapTreatment::refuse;
  bool standardise = false;
  float deviation = 1.0f;  // of standardised features
  float power = 1.0f;      // of every number, with its sign, before all else: too large a one makes
                           // infinite numbers
  std::string where;       // begins each message
  /// Says in words where row r, feature (or position in the row) f of `values` came from.
  std::function<std::string(std::int64_t, std::int64_t)> place;
};

/// Takes the power that is asked for, treats the gaps of a modality's values as asked, and makes
/// every feature (or plane) have mean 0 and `deviation` over the training samples where that is
/// asked; numbers that were missing count for neither. A feature that never changes there becomes 0
/// everywhere it does not; one that is never known there has mean 0. All statistics are those of
/// the samples `train` alone, each with the weight of the samples that share it. With `indicator`
/// the features double: one 0/1 feature follows for each. Errors (InputError): gaps where they are
/// refused, with their count and the first one's place.
void treat_gaps(const GapOptions& options, std::span<const std::int64_t> train, Modality& modality);

}  // namespace heddle
