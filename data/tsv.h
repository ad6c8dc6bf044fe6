#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/input_file.h"

namespace heddle {

/// A table of text in columns, checked when it was read: every row has as many fields as the
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
  /// Finite; NaN where one of the texts `missing` stands.
  std::vector<double> numbers(std::string_view column,
                              const std::vector<std::string>& missing = {}) const;
  /// Numbers with gaps: an empty field, "nan", "na" or "null" (in any case) gives NaN, and "inf"
  /// and
  /// "-inf" what they say.
  std::vector<double> numbers_with_gaps(std::string_view column) const;

  /// Adds the columns of another table: row i of this one has those of row `rows[i]` of `other`,
  /// `rows` being a column of this table. Where both have a column, this table's counts.
  /// Errors (InputError): as `integers`; a row that `other` does not have.
  void join(std::string_view rows, Table other);

  /// The line of its file on which a row stands (the header is line 1).
  std::int64_t line_of(std::int64_t row) const;
  /// "<file>: line <n>" of a row, for errors of callers.
  std::string place_of(std::int64_t row) const;

 private:
  friend Table read_tsv(const InputFile& file);
  friend Table stacked(std::vector<Table> tables);
  friend Table stacked(std::vector<Table> tables, const std::vector<std::string>& names);
  friend class TableBuilder;
  Table() = default;

  struct Joined;
  struct Place;
  /// The table that holds a row, and which of its rows that is.
  Place find(std::int64_t row) const;
  using Visit = std::function<void(std::int64_t row, std::string_view field)>;
  std::optional<std::int64_t> column_index(std::string_view column) const;
  void visit_column(std::string_view column, const Visit& visit) const;
  void visit_joined(std::string_view column, const Visit& visit) const;
  [[noreturn]] void fail_without(std::string_view column) const;

  std::string file_name_;
  std::vector<std::string> columns_;
  std::int64_t rows_ = 0;
  std::string text_;
  std::size_t body_ = 0;  // where the rows begin in text_
  char field_end_ = '\t';
  char row_end_ = '\n';
  std::vector<std::int64_t> lines_;  // where each row begins in its file; empty: one row a line
  std::vector<Table> parts_;         // of stacked tables, which have no text of their own
  std::vector<Joined> joined_;
};

struct Table::Joined {
  std::vector<std::int64_t> rows;
  Table table;
};

/// Reads tab-separated values: UTF-8 (a byte order mark is skipped), one header line, lines ended
/// by LF or CR LF (the last may lack it), no quoting: a field is the bytes between two tabs. At
/// most 2 GiB, 4,096 columns, 1 MiB per field. Errors (InputError): file, line, what was expected.
Table read_tsv(const InputFile& file);
Table read_tsv(const std::filesystem::path& path);

/// The rows of several tables one after the other, with the columns that all of them have, in the
/// order of the first. Errors: no table.
Table stacked(std::vector<Table> tables);
/// The same of tables with the same columns, and one more column "table": the name of the table a
/// row is from. Errors (InputError): columns differ, or one is called "table".
Table stacked(std::vector<Table> tables, const std::vector<std::string>& names);

}  // namespace heddle
