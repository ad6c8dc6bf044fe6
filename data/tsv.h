#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/input_file.h"

namespace heddle {

/// A table of tab-separated text, checked when it was read: every row has as many fields as the
/// header line. It keeps the text as it lies in the file and walks it for each column asked for, so
/// that it needs little more memory than the file.
class Table {
 public:
  const std::string& file_name() const { return file_name_; }
  const std::vector<std::string>& columns() const { return columns_; }
  std::int64_t rows() const { return rows_; }
  bool has_column(std::string_view column) const;

  // A column, one entry per row. Errors (InputError): no such column (suggests the nearest), or a
  // field that is not what is asked for, with its line.
  std::vector<std::string> text(std::string_view column) const;
  std::vector<std::int64_t> integers(std::string_view column) const;  // decimal, −2^63 … 2^63 − 1
  std::vector<double> numbers(std::string_view column) const;         // finite

  /// "<file>: line <n>" of a row (the header is line 1), for errors of callers.
  std::string place_of(std::int64_t row) const;

 private:
  friend Table read_tsv(const InputFile& file);
  friend Table stacked(std::vector<Table> tables);
  /// Rows of one file.
  struct Part {
    std::string file_name;
    std::vector<std::string> columns;
    std::int64_t rows = 0;
    std::string text;
    std::size_t body = 0;  // where the rows begin in text
  };
  Table() = default;

  void check_column(std::string_view column) const;
  template <typename Visit>
  void visit_column(std::string_view column, const Visit& visit) const;

  std::string file_name_;
  std::vector<std::string> columns_;
  std::int64_t rows_ = 0;
  std::vector<Part> parts_;
};

/// Reads tab-separated values: UTF-8 (a byte order mark is skipped), one header line, lines ended
/// by LF or CR LF (the last may lack it), no quoting: a field is the bytes between two tabs. At
/// most 2 GiB, 4,096 columns, 1 MiB per field. Errors (InputError): file, line, what was expected.
Table read_tsv(const InputFile& file);
Table read_tsv(const std::filesystem::path& path);

/// The rows of several tables one after the other, with the columns that all of them have, in the
/// order of the first. Errors: no table.
Table stacked(std::vector<Table> tables);

}  // namespace heddle
