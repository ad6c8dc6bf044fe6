#pragma once

#include "core/tensor.h"
#include "data/dataset_description.h"
#include "data/folder_modalities.h"

namespace heddle {

/// Features [samples, F] from columns of the table: the numbers of "columns" (NaN where a cell is
/// empty, infinities as they stand), then for each column of "categories" one 0/1 feature per value
/// that occurs in the training split, in byte order (a value that does not is 0 in all of them).
/// Errors (InputError): a cell that is no number, with its line; above 10,000 values.
Tensor column_features(const DatasetDescription::ModalityPart& part, const FolderSource& source);

}  // namespace heddle
