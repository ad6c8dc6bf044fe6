#pragma once

#include <string>

#include "data/dataset_description.h"
#include "data/toml_section.h"

namespace heddle {

/// Reads a [[modality]] of the dataset.toml called `file_name`. Errors (InputError): an unknown
/// key, one that does not go with the kind or with another, a value out of range; with its line.
DatasetDescription::ModalityPart read_modality_description(const TomlSection& section,
                                                           const std::string& file_name);

}  // namespace heddle
