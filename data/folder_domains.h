#pragma once

#include <string>

#include "data/dataset.h"
#include "data/folder_modalities.h"

namespace heddle {

/// Fills `dataset.domains` from a column of the table (empty: none is asked for): its values in the
/// training split and among unlabelled samples, in byte order. Errors (InputError): no table, or no
/// such column.
void load_domains(const std::string& column, const FolderSource& source, Dataset& dataset);

}  // namespace heddle
