#include "data/table_builder.h"

#include <algorithm>
#include <utility>

#include "core/error.h"

namespace heddle {
namespace {

constexpr char record_separator = '\x1E';
constexpr char unit_separator = '\x1F';

}  // namespace

TableBuilder::TableBuilder(std::string file_name, std::vector<std::string> columns,
                           std::int64_t line) {
  check<InputError>(!columns.empty() && columns.size() <= most_columns, file_name, ": line ", line,
                    ": ", columns.size(), " columns, expected 1 … ", most_columns);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    check<InputError>(!columns[i].empty(), file_name, ": line ", line, ": column ", i + 1,
                      " has no name");
  }
  std::vector<std::string> sorted = columns;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  check<InputError>(twice == sorted.end(), file_name, ": line ", line, ": two columns are named \"",
                    twice == sorted.end() ? "" : *twice, "\"");
  table_.file_name_ = std::move(file_name);
  table_.columns_ = std::move(columns);
  table_.field_end_ = unit_separator;
  table_.row_end_ = record_separator;
}

void TableBuilder::add(std::span<const std::string> fields, std::int64_t line) {
  const std::string& name = table_.file_name_;
  check<InputError>(fields.size() == table_.columns_.size(), name, ": line ", line, ": ",
                    fields.size(), fields.size() == 1 ? " field" : " fields", ", expected ",
                    table_.columns_.size(), " as in the header line");
  for (std::size_t i = 0; i < fields.size(); ++i) {
    check<InputError>(fields[i].size() <= largest_field, name, ": line ", line, ": field ", i + 1,
                      " has ", fields[i].size(), " bytes, expected at most ", largest_field);
    check<InputError>(fields[i].find_first_of("\x1E\x1F") == std::string::npos, name, ": line ",
                      line, ": field ", i + 1, " has a separator character (U+001E or U+001F)");
    table_.text_ += fields[i];
    table_.text_ += i + 1 == fields.size() ? record_separator : unit_separator;
  }
  table_.lines_.push_back(line);
  ++table_.rows_;
}

}  // namespace heddle
