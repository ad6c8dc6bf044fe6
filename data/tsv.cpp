#include "data/tsv.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "core/error.h"
#include "data/nearest_name.h"
#include "data/table_builder.h"
#include "data/utf8.h"

namespace heddle {
namespace {

constexpr std::int64_t largest_file = std::int64_t{1} << 31;
constexpr std::size_t most_columns = 4096;
constexpr std::size_t largest_field = std::size_t{1} << 20;

/// Takes the next line, without its end, off the front of `rest`.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  if (end != std::string_view::npos && line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return line;
}

/// The same of a row that ends with `row_end`, which stands after the last one too.
std::string_view take_row(std::string_view& rest, char row_end) {
  if (row_end == '\n') {
    return take_line(rest);
  }
  const std::size_t end = rest.find(row_end);
  const std::string_view row = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return row;
}

/// Takes the next field off the front of `line`; nothing left makes `more` false.
std::string_view take_field(std::string_view& line, bool& more, char field_end = '\t') {
  const std::size_t end = line.find(field_end);
  more = end != std::string_view::npos;
  const std::string_view field = line.substr(0, end);
  line.remove_prefix(more ? end + 1 : line.size());
  return field;
}

void check_bytes(std::string_view text, const std::string& file_name) {
  const auto line_at = [&](std::size_t byte) {
    return 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(byte), '\n');
  };
  if (const auto invalid = first_invalid_utf8(text)) {
    fail<InputError>(file_name, ": line ", line_at(*invalid), " (byte ", *invalid,
                     "): expected UTF-8 text");
  }
  const std::size_t nul = text.find('\0');
  check<InputError>(nul == std::string_view::npos, file_name, ": line ",
                    nul == std::string_view::npos ? 0 : line_at(nul), " (byte ", nul,
                    "): a NUL byte; expected text");
}

/// Checks one line's fields and returns how many there are.
std::size_t checked_fields(std::string_view line, std::int64_t number, const std::string& name) {
  check<InputError>(line.find('\r') == std::string_view::npos, name, ": line ", number,
                    ": a carriage return that ends no line; expected lines ended by LF or CR LF");
  std::size_t fields = 0;
  for (bool more = true; more; ++fields) {
    const std::string_view field = take_field(line, more);
    check<InputError>(field.size() <= largest_field, name, ": line ", number, ": field ",
                      fields + 1, " has ", field.size(), " bytes, expected at most ",
                      largest_field);
  }
  return fields;
}

std::vector<std::string> column_names(std::string_view line, const std::string& name) {
  const std::size_t count = checked_fields(line, 1, name);
  check<InputError>(count <= most_columns, name, ": line 1: ", count, " columns, expected at most ",
                    most_columns);
  std::vector<std::string> columns;
  for (bool more = true; more;) {
    columns.emplace_back(take_field(line, more));
    check<InputError>(!columns.back().empty(), name, ": line 1: column ", columns.size(),
                      " has no name");
  }
  std::vector<std::string> sorted = columns;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  check<InputError>(twice == sorted.end(), name, ": line 1: two columns are named \"",
                    twice == sorted.end() ? "" : *twice, "\"");
  return columns;
}

/// The line of a row where each has one; the header is line 1.
std::int64_t line_of_row(std::int64_t row) { return row + 2; }

/// A field as an error shows it: short, on one line.
std::string shown(std::string_view field) {
  constexpr std::size_t most = 40;
  return "\"" + std::string(field.substr(0, most)) + (field.size() > most ? "…\"" : "\"");
}

template <typename Number>
std::optional<Number> parsed(std::string_view field) {
  Number value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc() || end != field.data() + field.size()) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

Table read_tsv(const std::filesystem::path& path) { return read_tsv(InputFile::open(path)); }

Table read_tsv(const InputFile& file) {
  const std::string& name = file.name();
  check<InputError>(file.size() <= largest_file, name, ": the file has ", file.size(),
                    " bytes, expected at most ", largest_file);
  check<InputError>(file.size() > 0, name,
                    ": line 1: the file is empty; expected a line with the column names");
  Table table;
  table.file_name_ = name;
  table.text_ = file.read_text(0, file.size());
  check_bytes(table.text_, name);
  std::string_view rest = table.text_;
  if (rest.starts_with("\xEF\xBB\xBF")) {
    rest.remove_prefix(3);
  }
  table.columns_ = column_names(take_line(rest), name);
  table.body_ = table.text_.size() - rest.size();
  while (!rest.empty()) {
    const std::int64_t number = line_of_row(table.rows_);
    const std::size_t fields = checked_fields(take_line(rest), number, name);
    check<InputError>(fields == table.columns_.size(), name, ": line ", number, ": ", fields,
                      fields == 1 ? " field" : " fields", ", expected ", table.columns_.size(),
                      " as in the header line");
    ++table.rows_;
  }
  return table;
}

Table stacked(std::vector<Table> tables) {
  check(!tables.empty(), "stacked: there is no table; expected at least one");
  Table result;
  result.file_name_ = tables.front().file_name_;
  result.columns_ = tables.front().columns_;
  for (const Table& table : tables) {
    std::erase_if(result.columns_,
                  [&](const std::string& column) { return !table.has_column(column); });
    result.rows_ += table.rows_;
  }
  result.parts_ = std::move(tables);
  return result;
}

Table stacked(std::vector<Table> tables, const std::vector<std::string>& names) {
  check(!tables.empty() && tables.size() == names.size(), "stacked: ", tables.size(),
        " tables and ", names.size(), " names; expected as many, at least one");
  TableBuilder column("the tables", {"table"}, 1);
  std::vector<std::int64_t> rows;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const Table& table = tables[i];
    check<InputError>(table.columns_ == tables.front().columns_, table.file_name_, ": ",
                      table.columns_.size(), " columns that are not those of ",
                      tables.front().file_name_, "; expected the same columns in the same order");
    column.add(std::span(&names[i], 1), 1);
    rows.insert(rows.end(), static_cast<std::size_t>(table.rows_), static_cast<std::int64_t>(i));
  }
  Table result = stacked(std::move(tables));
  check<InputError>(!result.has_column("table"), result.file_name_,
                    ": a column is named \"table\", as the one that says which file a row is from");
  result.joined_.push_back({std::move(rows), column.take()});
  return result;
}

struct Table::Place {
  const Table* table;
  std::int64_t row;
};

Table::Place Table::find(std::int64_t row) const {
  check(row >= 0 && row < rows_, "Table: got row ", row, ", expected 0 … ", rows_ - 1);
  for (const Table& part : parts_) {
    if (row < part.rows_) {
      return part.find(row);
    }
    row -= part.rows_;
  }
  return {this, row};
}

std::int64_t Table::line_of(std::int64_t row) const {
  const auto [table, at] = find(row);
  return table->lines_.empty() ? line_of_row(at) : table->lines_[static_cast<std::size_t>(at)];
}

std::string Table::place_of(std::int64_t row) const {
  return concat(find(row).table->file_name_, ": line ", line_of(row));
}

bool Table::has_column(std::string_view column) const {
  const bool own = parts_.empty()
                       ? column_index(column).has_value()
                       : std::all_of(parts_.begin(), parts_.end(),
                                     [&](const Table& part) { return part.has_column(column); });
  return own || std::any_of(joined_.begin(), joined_.end(),
                            [&](const Joined& joined) { return joined.table.has_column(column); });
}

std::optional<std::int64_t> Table::column_index(std::string_view column) const {
  const auto found = std::find(columns_.begin(), columns_.end(), column);
  return found == columns_.end() ? std::nullopt : std::optional(found - columns_.begin());
}

void Table::join(std::string_view rows, Table other) {
  const std::vector<std::int64_t> list = integers(rows);
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i] < 0 || list[i] >= other.rows()) {
      fail<InputError>(place_of(static_cast<std::int64_t>(i)), ": column \"", rows, "\" is ",
                       list[i], ", but ", other.file_name(), " has rows 0 … ", other.rows() - 1);
    }
  }
  joined_.push_back({list, std::move(other)});
}

void Table::fail_without(std::string_view column) const {
  const Table* without = this;
  for (auto part = parts_.begin(); part != without->parts_.end();) {
    if (part->has_column(column)) {
      ++part;
    } else {
      without = &*part;
      part = without->parts_.begin();
    }
  }
  std::vector<std::string> known = without->columns_;
  for (const Joined& joined : joined_) {
    known.insert(known.end(), joined.table.columns().begin(), joined.table.columns().end());
  }
  fail<InputError>(without->file_name_, ": no column is named \"", column, "\"",
                   suggestion(column, known));
}

void Table::visit_joined(std::string_view column, const Visit& visit) const {
  for (const Joined& joined : joined_) {
    if (joined.table.has_column(column)) {
      const std::vector<std::string> fields = joined.table.text(column);
      for (std::int64_t row = 0; row < rows_; ++row) {
        const auto at = static_cast<std::size_t>(joined.rows[static_cast<std::size_t>(row)]);
        visit(row, std::string_view(fields[at]));
      }
      return;
    }
  }
  fail_without(column);
}

void Table::visit_column(std::string_view column, const Visit& visit) const {
  const bool in_parts =
      !parts_.empty() && std::all_of(parts_.begin(), parts_.end(),
                                     [&](const Table& part) { return part.has_column(column); });
  if (in_parts) {
    std::int64_t before = 0;
    for (const Table& part : parts_) {
      part.visit_column(
          column, [&](std::int64_t row, std::string_view field) { visit(before + row, field); });
      before += part.rows_;
    }
    return;
  }
  const std::optional<std::int64_t> index = column_index(column);
  if (!index) {
    visit_joined(column, visit);
    return;
  }
  std::string_view rest = std::string_view(text_).substr(body_);
  for (std::int64_t row = 0; row < rows_; ++row) {
    std::string_view line = take_row(rest, row_end_);
    bool more = true;
    std::string_view field = take_field(line, more, field_end_);
    for (std::int64_t skipped = 0; skipped < *index; ++skipped) {
      field = take_field(line, more, field_end_);
    }
    visit(row, field);
  }
}

std::vector<std::string> Table::text(std::string_view column) const {
  std::vector<std::string> fields;
  visit_column(column, [&](std::int64_t, std::string_view field) { fields.emplace_back(field); });
  return fields;
}

std::vector<std::int64_t> Table::integers(std::string_view column) const {
  std::vector<std::int64_t> values;
  visit_column(column, [&](std::int64_t row, std::string_view field) {
    const auto value = parsed<std::int64_t>(field);
    if (!value) {
      fail<InputError>(place_of(row), ": column \"", column, "\" has ", shown(field),
                       ", expected a whole number");
    }
    values.push_back(*value);
  });
  return values;
}

std::vector<double> Table::numbers(std::string_view column,
                                   const std::vector<std::string>& missing) const {
  std::vector<double> values;
  visit_column(column, [&](std::int64_t row, std::string_view field) {
    if (std::find(missing.begin(), missing.end(), field) != missing.end()) {
      values.push_back(std::numeric_limits<double>::quiet_NaN());
      return;
    }
    const auto value = parsed<double>(field);
    if (!value || !std::isfinite(*value)) {
      fail<InputError>(place_of(row), ": column \"", column, "\" has ", shown(field),
                       ", expected a finite number");
    }
    values.push_back(*value);
  });
  return values;
}

std::vector<double> Table::numbers_with_gaps(std::string_view column) const {
  std::vector<double> values;
  visit_column(column, [&](std::int64_t row, std::string_view field) {
    std::string lowered(field.substr(0, 8));
    for (char& c : lowered) {
      c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    if (lowered.empty() || lowered == "na" || lowered == "null" || lowered == "nan") {
      values.push_back(std::numeric_limits<double>::quiet_NaN());
      return;
    }
    const auto value = parsed<double>(field);
    if (!value || std::isnan(*value)) {
      fail<InputError>(place_of(row), ": column \"", column, "\" has ", shown(field),
                       ", expected a number, inf, or nothing");
    }
    values.push_back(*value);
  });
  return values;
}

}  // namespace heddle
