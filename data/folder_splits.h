#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "data/dataset.h"
#include "data/dataset_description.h"
#include "data/tsv.h"

namespace heddle {

/// Fills groups and splits of `dataset` (its `samples` must be set), and takes the validation part
/// of `valid_share` of the training groups, or samples where there are no groups, by `valid_seed`.
/// Errors (InputError): a value of the split column that is not listed, a group in two splits, both
/// a validation split and a share.
void assign_splits(const DatasetDescription& description, const std::optional<Table>& table,
                   double valid_share, std::uint64_t valid_seed, Dataset& dataset);

}  // namespace heddle
