#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "data/csv.h"
#include "data/table_builder.h"
#include "data/table_text.h"

namespace heddle {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t largest_line = std::size_t{16} << 20;  // bytes

/// One line as an object of plain values, every key once.
Json object_of(std::string_view line, const std::string& where) {
  std::string twice;
  bool nested = false;
  std::map<std::string, int> seen;
  const auto look = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::key && depth == 1 &&
        ++seen[parsed.get_ref<const std::string&>()] == 2) {
      twice = parsed.get_ref<const std::string&>();
    }
    nested = nested || (depth >= 1 && (event == Json::parse_event_t::object_start ||
                                       event == Json::parse_event_t::array_start));
    return true;
  };
  Json object;
  try {
    object = Json::parse(line, look);
  } catch (const Json::exception&) {
    fail<InputError>(where, "expected a JSON object on one line");
  }
  check<InputError>(object.is_object(), where, "expected a JSON object on one line");
  check<InputError>(twice.empty(), where, "the key \"", twice, "\" is given twice");
  check<InputError>(!nested, where,
                    "a value is a list or an object; expected texts, numbers, true, false or null");
  return object;
}

std::string field_of(const Json& value) {
  return value.is_null() ? "" : value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

Table read_jsonl(const InputFile& file) {
  const std::string text = checked_table_text(file);
  std::vector<std::string> columns;
  std::map<std::string, std::size_t> position;
  std::vector<std::pair<std::int64_t, std::vector<std::string>>> rows;
  std::int64_t number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    const std::string where = concat(file.name(), ": line ", ++number, ": ");
    check<InputError>(line.size() <= largest_line, where, line.size(), " bytes, expected at most ",
                      largest_line);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) {
      continue;
    }
    std::vector<std::string> fields(columns.size());
    const Json object = object_of(line, where);
    for (const auto& [key, value] : object.items()) {
      const auto [entry, is_new] = position.emplace(key, columns.size());
      if (is_new) {
        columns.push_back(key);
        fields.emplace_back();
        check<InputError>(columns.size() <= TableBuilder::most_columns, where, "more than ",
                          TableBuilder::most_columns, " different keys in the file");
      }
      fields[entry->second] = field_of(value);
    }
    rows.emplace_back(number, std::move(fields));
  }
  TableBuilder builder(file.name(), columns, 1);
  for (auto& [line, fields] : rows) {
    fields.resize(columns.size());
    builder.add(fields, line);
  }
  return builder.take();
}

}  // namespace heddle
