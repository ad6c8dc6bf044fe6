#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "data/dataset.h"
#include "data/dataset_description.h"
#include "data/tsv.h"

namespace heddle {

struct SplitChoice {
  double valid_share = 0;  // of the training groups, or samples where there are no groups; 0: none
  std::uint64_t valid_seed = 0;  // picks them
  std::int64_t fold = 0;         // the one to test on, where there are folds
};

/// Fills groups, splits and folds of `dataset` (its `samples` must be set). Where there are folds,
/// a sample of the fold is tested if it is in the test split, or if there is no split column; one
/// of another fold is trained (or validated) on if its split says so, or if there is no split
/// column; all others are left out. Then the validation part is taken out of the training split.
/// Errors (InputError): a value of the split column that is not listed, a group in two splits, a
/// fold that there is not, both a validation split and a share.
void assign_splits(const DatasetDescription& description, const std::optional<Table>& table,
                   const SplitChoice& choice, Dataset& dataset);

}  // namespace heddle
