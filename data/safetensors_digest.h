#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "data/safetensors.h"

namespace heddle {

/// The order of the data: by place, empty tensors before what begins at the same byte, then by
/// name.
void sort_by_place(std::vector<SafetensorsFile::Entry>& entries);

/// SHA-256 of what a header says, whatever way its JSON is written: of each tensor, in the order of
/// the data (`entries` must be in it), name, type, sizes and place relative to the data; then of
/// each metadata entry but `sha256_header_key`, in the order of the keys, key and value. Texts are
/// preceded by their length.
std::string header_digest(std::span<const SafetensorsFile::Entry> entries,
                          const std::map<std::string, std::string>& metadata);

}  // namespace heddle
