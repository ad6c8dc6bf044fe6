#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/tsv.h"

namespace heddle {

/// Puts a table together from rows that another format was read into.
class TableBuilder {
 public:
  static constexpr std::size_t most_columns = 4096;
  static constexpr std::size_t largest_field = std::size_t{1} << 20;   // bytes
  static constexpr std::int64_t largest_file = std::int64_t{1} << 31;  // bytes

  /// Errors (InputError): no column, too many, one without a name, or two of the same name.
  TableBuilder(std::string file_name, std::vector<std::string> columns, std::int64_t line);

  /// `line` is where the row begins in its file. Errors (InputError): another number of fields than
  /// there are columns, a field above 1 MiB, or one with the characters U+001E and U+001F (record
  /// and unit separator).
  void add(std::span<const std::string> fields, std::int64_t line);
  Table take() { return std::move(table_); }

 private:
  Table table_;
};

}  // namespace heddle
