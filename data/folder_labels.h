#pragma once

#include "data/dataset.h"
#include "data/dataset_description.h"
#include "data/folder_modalities.h"

namespace heddle {

/// Fills labels and class names of `dataset`, whose splits must be set (classes may be those of the
/// training split). Errors (InputError): a class outside the names, not an integer, too many.
void load_labels(const DatasetDescription& description, const FolderSource& source,
                 Dataset& dataset);

/// Fills the targets. Errors (InputError): a number that is not finite, a file of another length.
void load_targets(const DatasetDescription& description, const FolderSource& source,
                  Dataset& dataset);

}  // namespace heddle
