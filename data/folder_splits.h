#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "data/dataset.h"
#include "data/dataset_description.h"
#include "data/tsv.h"

namespace heddle {

/// So many samples in order, all of one split: what a table of its own gives.
struct SplitRows {
  Split split = Split::train;
  std::int64_t rows = 0;
};

/// Fills groups and splits of `dataset` (its `samples` must be set), and takes the validation part
/// of `valid_share` of the training groups, or samples where there are no groups, by `valid_seed`.
/// `tables` where each split has a table, else empty.
/// Errors (InputError): a value of the split column that is not listed, a group in two splits, both
/// a validation split and a share.
void assign_splits(const DatasetDescription& description, const std::optional<Table>& table,
                   const std::vector<SplitRows>& tables, double valid_share,
                   std::uint64_t valid_seed, Dataset& dataset);

/// For each sample whether it is in a split.
std::vector<bool> in_a_split(const Dataset& dataset);

}  // namespace heddle
