#pragma once

#include <string>

#include "data/input_file.h"

namespace heddle {

/// The whole of a table's file, without a byte order mark. Errors (InputError): empty, above 2 GiB,
/// not UTF-8, a NUL.
std::string checked_table_text(const InputFile& file);

}  // namespace heddle
