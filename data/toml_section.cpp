#include "data/toml_section.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "data/nearest_name.h"

namespace heddle {

TomlSection::TomlSection(const toml::table& table, std::string title, const std::string& file_name)
    : table_(table), title_(std::move(title)), file_name_(file_name) {}

void TomlSection::know(std::initializer_list<const char*> names) const {
  const std::vector<std::string> known(names.begin(), names.end());
  for (const auto& [key, node] : table_) {
    if (std::find(known.begin(), known.end(), key.str()) == known.end()) {
      fail_at(key.source(), "unknown key \"", key.str().substr(0, 80), "\"",
              suggestion(key.str(), known));
    }
  }
}

std::string TomlSection::text(const char* key) const {
  const toml::node* node = table_.get(key);
  if (node == nullptr) {
    return "";
  }
  const auto* value = node->as_string();
  if (value == nullptr || value->get().empty()) {
    fail_at(node->source(), key, " is ", found(*node), ", expected text in quotes");
  }
  return value->get();
}

std::string TomlSection::required_text(const char* key) const {
  if (!has(key)) {
    fail_here("has no key \"", key, "\"");
  }
  return text(key);
}

std::string TomlSection::file(const char* key) const {
  std::string name = text(key);
  if (!name.empty()) {
    check_path(*table_.get(key), key, name);
  }
  return name;
}

std::vector<std::string> TomlSection::files(const char* key) const {
  std::vector<std::string> names = texts(key);
  for (const std::string& name : names) {
    check_path(*table_.get(key), key, name);
  }
  return names;
}

std::map<std::string, std::string> TomlSection::file_table(const char* key) const {
  const toml::table& table = *table_.get(key)->as_table();
  std::map<std::string, std::string> files;
  for (const auto& [value, node] : table) {
    if (!node.is_string() || node.as_string()->get().empty()) {
      fail_at(node.source(), key, ".", value.str(), " is ", found(node),
              ", expected the name of a file");
    }
    check_path(node, key, node.as_string()->get());
    files.emplace(value.str(), node.as_string()->get());
  }
  if (files.empty()) {
    fail_at(table.source(), key, " is an empty table, expected value = \"FILE\", …");
  }
  return files;
}

void TomlSection::check_path(const toml::node& node, const char* key,
                             const std::string& name) const {
  const std::filesystem::path path(name);
  const bool climbs = std::find(path.begin(), path.end(), "..") != path.end();
  if (path.is_absolute() || climbs || name.find('\0') != std::string::npos) {
    fail_at(node.source(), key, " is \"", name.substr(0, 80),
            "\", expected a file in the data folder (set folder to say where that is)");
  }
}

std::vector<std::string> TomlSection::texts(const char* key) const {
  const toml::node* node = table_.get(key);
  if (node == nullptr) {
    return {};
  }
  if (node->is_string()) {
    return {text(key)};
  }
  const toml::array* array = node->as_array();
  std::vector<std::string> values;
  for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
    const toml::node& element = *array->get(i);
    if (!element.is_string()) {
      fail_at(element.source(), key, " has ", found(element), ", expected texts in quotes");
    }
    values.push_back(element.as_string()->get());
  }
  if (values.empty()) {
    fail_at(node->source(), key, " is ", found(*node), ", expected a list of texts in quotes");
  }
  return values;
}

bool TomlSection::boolean(const char* key, bool fallback) const {
  const toml::node* node = table_.get(key);
  if (node == nullptr) {
    return fallback;
  }
  if (!node->is_boolean()) {
    fail_at(node->source(), key, " is ", found(*node), ", expected true or false");
  }
  return node->as_boolean()->get();
}

std::int64_t TomlSection::integer(const char* key, std::int64_t fallback,
                                  std::int64_t least) const {
  const toml::node* node = table_.get(key);
  if (node == nullptr) {
    return fallback;
  }
  if (!node->is_integer() || node->as_integer()->get() < least) {
    fail_at(node->source(), key, " is ", found(*node), ", expected a whole number from ", least,
            " on");
  }
  return node->as_integer()->get();
}

double TomlSection::share(const char* key) const {
  const toml::node* node = table_.get(key);
  if (node == nullptr) {
    return 0;
  }
  const double value = node->value<double>().value_or(-1);
  if (!node->is_number() || !(value > 0 && value < 1)) {
    fail_at(node->source(), key, " is ", found(*node), ", expected a share between 0 and 1");
  }
  return value;
}

double TomlSection::number(const char* key, double fallback, double low, double high) const {
  const toml::node* node = table_.get(key);
  if (node == nullptr) {
    return fallback;
  }
  const double value = node->is_number() ? node->value<double>().value_or(low - 1) : low - 1;
  if (!(value >= low && value <= high)) {
    fail_at(node->source(), key, " is ", found(*node), ", expected a number from ", low, " to ",
            high);
  }
  return value;
}

const toml::table* TomlSection::table(const char* key) const {
  const toml::node* node = table_.get(key);
  if (node != nullptr && !node->is_table()) {
    fail_at(node->source(), key, " is ", found(*node), ", expected a table: [", key, "]");
  }
  return node == nullptr ? nullptr : node->as_table();
}

std::string TomlSection::found(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::string: {
      const std::string& text = node.as_string()->get();
      return text.empty() ? "an empty text" : "the text \"" + text.substr(0, 40) + "\"";
    }
    case toml::node_type::integer:
      return std::to_string(node.as_integer()->get());
    case toml::node_type::floating_point:
      return concat(node.as_floating_point()->get());
    case toml::node_type::boolean:
      return node.as_boolean()->get() ? "true" : "false";
    case toml::node_type::array:
      return node.as_array()->empty() ? "an empty list" : "a list";
    case toml::node_type::table:
      return "a table";
    default:
      return "a date or time";
  }
}

}  // namespace heddle
