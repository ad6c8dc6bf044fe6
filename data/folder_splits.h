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
  std::uint64_t valid_seed = 0;      // picks them
  std::int64_t fold = 0;             // the one to test on, where there are folds
  bool held_out_unlabelled = false;  // train on that fold's training samples without labels
};

/// So many samples in order, all of one split: what a table of its own gives.
struct SplitRows {
  Split split = Split::train;
  std::int64_t rows = 0;
};

/// Fills groups, splits and folds of `dataset` (its `samples` must be set). Where there are folds,
/// a sample of the fold is tested if it is in the test split, or if there is no split column; one
/// of another fold is trained (or validated) on if its split says so, or if there is no split
/// column; all others are left out. Training samples that have no label, or are not to show it, go
/// to Dataset::unlabelled, unless their group is validated or tested on. `tables` where each split
/// has a table, else empty; they say as much as a split column. Then the validation part is taken
/// out of the training split. Errors (InputError): a sample to validate or test on has no label; a
/// value of the split column that is not listed, a group in two splits, a fold that there is not,
/// both a validation split and a share.
void assign_splits(const DatasetDescription& description, const std::optional<Table>& table,
                   const std::vector<SplitRows>& tables, const SplitChoice& choice,
                   Dataset& dataset);

/// For each sample whether it is in a split, or trained on without a label.
std::vector<bool> in_use(const Dataset& dataset);

}  // namespace heddle
