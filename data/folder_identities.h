#pragma once

#include "data/dataset.h"
#include "data/dataset_description.h"
#include "data/folder_modalities.h"

namespace heddle {

/// Fills `dataset.identities` and their names where the description names a column: row numbers of
/// a table that has the names, or texts that are names themselves. Errors (InputError): a row that
/// table does not have.
void load_identities(const DatasetDescription::IdentityPart& part, const FolderSource& source,
                     Dataset& dataset);

}  // namespace heddle
