#include "data/tsv.h"

#include <algorithm>
#include <charconv>
#include <cmath>
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

/// Takes the next field off the front of `line`; nothing left makes `more` false.
std::string_view take_field(std::string_view& line, bool& more) {
  const std::size_t end = line.find('\t');
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

/// The line of its file on which a row stands; the header is line 1.
std::int64_t line_of(std::int64_t row) { return row + 2; }

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
  Table::Part part;
  part.file_name = name;
  part.text = file.read_text(0, file.size());
  check_bytes(part.text, name);
  std::string_view rest = part.text;
  if (rest.starts_with("\xEF\xBB\xBF")) {
    rest.remove_prefix(3);
  }
  part.columns = column_names(take_line(rest), name);
  part.body = part.text.size() - rest.size();
  while (!rest.empty()) {
    const std::int64_t number = line_of(part.rows);
    const std::size_t fields = checked_fields(take_line(rest), number, name);
    check<InputError>(fields == part.columns.size(), name, ": line ", number, ": ", fields,
                      fields == 1 ? " field" : " fields", ", expected ", part.columns.size(),
                      " as in the header line");
    ++part.rows;
  }
  Table table;
  table.file_name_ = name;
  table.columns_ = part.columns;
  table.rows_ = part.rows;
  table.parts_.push_back(std::move(part));
  return table;
}

Table stacked(std::vector<Table> tables) {
  check(!tables.empty(), "stacked: there is no table; expected at least one");
  Table result = std::move(tables.front());
  for (std::size_t i = 1; i < tables.size(); ++i) {
    Table& next = tables[i];
    std::erase_if(result.columns_,
                  [&](const std::string& column) { return !next.has_column(column); });
    result.rows_ += next.rows_;
    std::move(next.parts_.begin(), next.parts_.end(), std::back_inserter(result.parts_));
  }
  return result;
}

bool Table::has_column(std::string_view column) const {
  return std::find(columns_.begin(), columns_.end(), column) != columns_.end();
}

void Table::check_column(std::string_view column) const {
  for (const Part& part : parts_) {
    check<InputError>(
        std::find(part.columns.begin(), part.columns.end(), column) != part.columns.end(),
        part.file_name, ": no column is named \"", column, "\"", suggestion(column, part.columns));
  }
}

std::string Table::place_of(std::int64_t row) const {
  std::int64_t before = 0;
  for (const Part& part : parts_) {
    if (row < before + part.rows) {
      return concat(part.file_name, ": line ", line_of(row - before));
    }
    before += part.rows;
  }
  fail("Table: got row ", row, ", expected 0 … ", rows_ - 1);
}

template <typename Visit>
void Table::visit_column(std::string_view column, const Visit& visit) const {
  check_column(column);
  std::int64_t number = 0;
  for (const Part& part : parts_) {
    const auto index =
        std::find(part.columns.begin(), part.columns.end(), column) - part.columns.begin();
    std::string_view rest = std::string_view(part.text).substr(part.body);
    for (std::int64_t row = 0; row < part.rows; ++row) {
      std::string_view line = take_line(rest);
      bool more = true;
      std::string_view field = take_field(line, more);
      for (std::ptrdiff_t skipped = 0; skipped < index; ++skipped) {
        field = take_field(line, more);
      }
      visit(number++, field);
    }
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

std::vector<double> Table::numbers(std::string_view column) const {
  std::vector<double> values;
  visit_column(column, [&](std::int64_t row, std::string_view field) {
    const auto value = parsed<double>(field);
    if (!value || !std::isfinite(*value)) {
      fail<InputError>(place_of(row), ": column \"", column, "\" has ", shown(field),
                       ", expected a finite number");
    }
    values.push_back(*value);
  });
  return values;
}

}  // namespace heddle
