#pragma once

#include <filesystem>

#include "data/input_file.h"
#include "data/tsv.h"

namespace heddle {

/// Reads comma-separated values as RFC 4180 has them: UTF-8 (a byte order mark is skipped), one
/// header line, records ended by LF or CR LF; a field in double quotes may hold commas, line ends
/// and, written twice, quotes. Limits as read_tsv. Errors (InputError): a quote inside an unquoted
/// field, text after a closing quote, a quote that is never closed, a row with more or fewer fields
/// than the header; with the line.
Table read_csv(const InputFile& file);

/// Reads JSON lines: each line one object, whose keys are columns (all keys of the file, in the
/// order in which they first occur; a key that a line lacks, or null, gives an empty field). Texts
/// are taken as they are, numbers as they would be written again, true and false as such. Lines of
/// white space are skipped. Errors (InputError): a line that is no object, a key given twice in
/// one, a value that is a list or an object; with the line.
Table read_jsonl(const InputFile& file);

/// By the ending of its name: .csv, .jsonl, anything else as .tsv.
Table read_table(const std::filesystem::path& path);

}  // namespace heddle
