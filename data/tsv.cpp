#include "data/tsv.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "core/error.h"
#include "data/nearest_name.h"
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
    const std::int64_t number = table.line_of(table.rows_);
    const std::size_t fields = checked_fields(take_line(rest), number, name);
    check<InputError>(fields == table.columns_.size(), name, ": line ", number, ": ", fields,
                      fields == 1 ? " field" : " fields", ", expected ", table.columns_.size(),
                      " as in the header line");
    ++table.rows_;
  }
  return table;
}

Table stacked(const std::vector<Table>& tables, const std::vector<std::string>& names) {
  check(!tables.empty() && tables.size() == names.size(), "stacked: ", tables.size(),
        " tables and ", names.size(), " names; expected as many, at least one");
  const Table& first = tables.front();
  check<InputError>(!first.has_column("table"), first.file_name_,
                    ": a column is named \"table\", as the one that says which file a row is from");
  // The separators of records and units: a field of a CSV file may hold tabs and line ends.
  Table result;
  result.field_end_ = '\x1F';
  result.row_end_ = '\x1E';
  result.columns_ = first.columns_;
  result.columns_.emplace_back("table");
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const Table& table = tables[i];
    check<InputError>(table.columns_ == first.columns_, table.file_name_, ": ",
                      table.columns_.size(), " columns that are not those of ", first.file_name_,
                      "; expected the same columns in the same order");
    check<InputError>(table.row_end_ == result.row_end_ ||
                          table.text_.find_first_of("\x1E\x1F") == std::string::npos,
                      table.file_name_, ": a separator character (U+001E or U+001F)");
    result.file_name_ += (i == 0 ? "" : " + ") + table.file_name_;
    result.rows_ += table.rows_;
    std::string_view rest = std::string_view(table.text_).substr(table.body_);
    for (std::int64_t row = 0; row < table.rows_; ++row) {
      const std::size_t begun = result.text_.size();
      result.text_.append(take_row(rest, table.row_end_));
      std::replace(result.text_.begin() + static_cast<std::ptrdiff_t>(begun), result.text_.end(),
                   table.field_end_, result.field_end_);
      result.text_ += result.field_end_;
      result.text_.append(names[i]) += result.row_end_;
    }
  }
  return result;
}

bool Table::has_column(std::string_view column) const {
  return column_index(column).has_value() ||
         std::any_of(joined_.begin(), joined_.end(),
                     [&](const Joined& joined) { return joined.table.has_column(column); });
}

std::optional<std::int64_t> Table::column_index(std::string_view column) const {
  const auto found = std::find(columns_.begin(), columns_.end(), column);
  return found == columns_.end() ? std::nullopt : std::optional(found - columns_.begin());
}

void Table::join(std::string_view rows, Table other) {
  const std::vector<std::int64_t> list = integers(rows);
  for (std::size_t i = 0; i < list.size(); ++i) {
    check<InputError>(list[i] >= 0 && list[i] < other.rows(), file_name_, ": line ",
                      line_of(static_cast<std::int64_t>(i)), ": column \"", rows, "\" is ", list[i],
                      ", but ", other.file_name(), " has rows 0 … ", other.rows() - 1);
  }
  joined_.push_back({list, std::move(other)});
}

template <typename Visit>
void Table::visit_column(std::string_view column, const Visit& visit) const {
  const std::optional<std::int64_t> index = column_index(column);
  if (!index) {
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
    std::vector<std::string> known = columns_;
    for (const Joined& joined : joined_) {
      known.insert(known.end(), joined.table.columns().begin(), joined.table.columns().end());
    }
    fail<InputError>(file_name_, ": no column is named \"", column, "\"",
                     suggestion(column, known));
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
    check<InputError>(value.has_value(), file_name_, ": line ", line_of(row), ": column \"", column,
                      "\" has ", shown(field), ", expected a whole number");
    values.push_back(*value);
  });
  return values;
}

std::vector<double> Table::numbers(std::string_view column) const {
  std::vector<double> values;
  visit_column(column, [&](std::int64_t row, std::string_view field) {
    const auto value = parsed<double>(field);
    check<InputError>(value.has_value() && std::isfinite(*value), file_name_, ": line ",
                      line_of(row), ": column \"", column, "\" has ", shown(field),
                      ", expected a finite number");
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
    check<InputError>(value.has_value() && !std::isnan(*value), file_name_, ": line ", line_of(row),
                      ": column \"", column, "\" has ", shown(field),
                      ", expected a number, inf, or nothing");
    values.push_back(*value);
  });
  return values;
}

}  // namespace heddle
