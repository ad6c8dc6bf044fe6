#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "core/error.h"
#include "data/input_file.h"
#include "data/nearest_name.h"
#include "data/utf8.h"
#include "train/config_fields.h"

namespace heddle {

namespace {

constexpr std::int64_t largest_file = std::int64_t{16} << 20;

std::string place_of(const toml::node& node) {
  const auto& source = node.source();
  const std::string file = source.path ? *source.path : "configuration";
  return source.begin ? concat(file, ":", source.begin.line) : file;
}

std::string shown(const toml::node& node) {
  std::ostringstream text;
  node.visit([&](const auto& value) { text << value; });
  std::string result = text.str();
  std::replace(result.begin(), result.end(), '\n', ' ');
  constexpr std::size_t longest = 60;
  return result.size() <= longest ? result : result.substr(0, longest) + "…";
}

/// Fills a configuration from a TOML tree, and holds every key against those that were asked for.
class TomlReader : public ConfigFields {
 public:
  explicit TomlReader(const toml::table& root) { levels_.push_back({&root, "", {}}); }

  void enter(std::string_view name) override {
    const toml::node* node = find(name);
    const toml::table* table = node != nullptr ? node->as_table() : nullptr;
    check<InputError>(node == nullptr || table != nullptr, where(node, name),
                      " must be a table: write [", path(name), "]");
    levels_.push_back({table, path(name), {}});
  }

  void leave() override {
    refuse_unknown();
    levels_.pop_back();
  }

  /// Checks the keys of the tree's root; call it last.
  void refuse_unknown() const {
    const Level& level = levels_.back();
    if (level.table == nullptr) {
      return;
    }
    for (const auto& [key, node] : *level.table) {
      const std::string name(key.str());
      check<InputError>(
          std::find(level.known.begin(), level.known.end(), name) != level.known.end(),
          place_of(node), ": key \"", name, "\" is not known ",
          level.path.empty() ? "here" : "in [" + level.path + "]", suggestion(name, level.known));
    }
  }

  void flag(std::string_view key, bool& value) override { read(key, value, "true or false"); }
  void text(std::string_view key, std::string& value) override {
    read(key, value, "a string in quotes");
  }

  void count(std::string_view key, std::int64_t& value, std::int64_t low,
             std::int64_t high) override {
    if (const toml::node* node = read(key, value, "a whole number")) {
      check<InputError>(low <= value && value <= high, where(node, key), " is ", value,
                        "; expected a whole number ",
                        high == most ? concat("of at least ", low) : concat(low, " … ", high));
    }
  }

  void seed(std::string_view key, std::uint64_t& value) override {
    auto number = static_cast<std::int64_t>(value);
    if (const toml::node* node = read(key, number, "a whole number")) {
      check<InputError>(number >= 0, where(node, key), " is ", number, "; a seed is not negative");
      value = static_cast<std::uint64_t>(number);
    }
  }

  void number(std::string_view key, double& value, Range range) override {
    if (const toml::node* node = read(key, value, "a number")) {
      check<InputError>(range.low <= value && value <= range.high, where(node, key), " is ", value,
                        "; expected ", range.low, " … ", range.high);
    }
  }

  void texts(std::string_view key, std::vector<std::string>& value) override {
    read_list(key, value, "strings in quotes");
  }
  void pairs(std::string_view key, std::vector<ModalityPair>& value) override {
    const toml::node* node = find(key);
    if (node == nullptr) {
      return;
    }
    constexpr const char* expected = "a list of pairs, such as [[\"text\", \"image\"]]";
    const toml::array* list = node->as_array();
    check<InputError>(list != nullptr, where(node, key), " is ", shown(*node), "; expected ",
                      expected);
    value.clear();
    for (const toml::node& entry : *list) {
      const toml::array* pair = entry.as_array();
      check<InputError>(pair != nullptr && pair->size() == 2, where(&entry, key), " holds ",
                        shown(entry), "; expected ", expected);
      value.push_back({convert<std::string>(*pair->get(0), key, "a modality's name in quotes"),
                       convert<std::string>(*pair->get(1), key, "a modality's name in quotes")});
    }
  }
  void counts(std::string_view key, std::vector<std::int64_t>& value, std::int64_t low) override {
    if (const toml::node* node = read_list(key, value, "whole numbers")) {
      check<InputError>(!value.empty(), where(node, key),
                        " is empty; expected at least one number");
      for (const std::int64_t entry : value) {
        check<InputError>(low <= entry && entry <= most, where(node, key), " holds ", entry,
                          "; expected whole numbers of at least ", low);
      }
    }
  }

  void word(std::string_view key, const std::vector<std::string>& words,
            std::size_t& index) override {
    std::string value = words[index];
    if (const toml::node* node = read(key, value, "a string in quotes")) {
      const auto found = std::find(words.begin(), words.end(), value);
      check<InputError>(found != words.end(), where(node, key), " is \"", value, "\"",
                        suggestion(value, words));
      index = static_cast<std::size_t>(found - words.begin());
    }
  }

  void tables_in(std::string_view table, std::vector<std::string>& names) override {
    const toml::node* node = find(table);
    const toml::table* inner = node != nullptr ? node->as_table() : nullptr;
    if (inner != nullptr) {
      names.clear();
      for (const auto& [key, entry] : *inner) {
        names.emplace_back(key.str());
      }
    }
  }

  void optional_seed(std::string_view key, std::optional<std::uint64_t>& value) override {
    if (find(key) != nullptr) {
      seed(key, value.emplace());
    }
  }
  void optional_count(std::string_view key, std::optional<std::int64_t>& value,
                      std::int64_t low) override {
    if (find(key) != nullptr) {
      count(key, value.emplace(), low, most);
    }
  }
  void optional_flag(std::string_view key, std::optional<bool>& value) override {
    if (find(key) != nullptr) {
      flag(key, value.emplace());
    }
  }
  void optional_number(std::string_view key, std::optional<double>& value, Range range) override {
    if (find(key) != nullptr) {
      number(key, value.emplace(), range);
    }
  }

 private:
  struct Level {
    const toml::table* table;  // null where the file lacks it
    std::string path;
    std::vector<std::string> known;
  };

  std::string path(std::string_view key) const {
    const std::string& outer = levels_.back().path;
    return outer.empty() ? std::string(key) : concat(outer, ".", key);
  }
  std::string where(const toml::node* node, std::string_view key) const {
    return concat(node != nullptr ? place_of(*node) : "configuration", ": ", path(key));
  }

  const toml::node* find(std::string_view key) {
    Level& level = levels_.back();
    if (std::find(level.known.begin(), level.known.end(), key) == level.known.end()) {
      level.known.emplace_back(key);
    }
    return level.table != nullptr ? level.table->get(key) : nullptr;
  }

  template <typename T>
  const toml::node* read(std::string_view key, T& value, const char* expected) {
    const toml::node* node = find(key);
    if (node == nullptr) {
      return nullptr;
    }
    value = convert<T>(*node, key, expected);
    return node;
  }

  template <typename T>
  const toml::node* read_list(std::string_view key, std::vector<T>& value, const char* expected) {
    const toml::node* node = find(key);
    if (node == nullptr) {
      return nullptr;
    }
    const toml::array* list = node->as_array();
    check<InputError>(list != nullptr, where(node, key), " is ", shown(*node),
                      "; expected a list of ", expected, " in [ ]");
    value.clear();
    for (const toml::node& entry : *list) {
      value.push_back(convert<T>(entry, key, expected));
    }
    return node;
  }

  template <typename T>
  T convert(const toml::node& node, std::string_view key, const char* expected) const {
    // A whole number may stand for a real one; nothing else is converted.
    const std::optional<T> found =
        std::is_same_v<T, double> && node.is_integer() ? node.value<T>() : node.value_exact<T>();
    check<InputError>(found.has_value(), where(&node, key), " is ", shown(node), "; expected ",
                      expected);
    return *found;
  }

  std::vector<Level> levels_;
};

toml::table parse(std::string_view text, const std::string& name) {
  const auto invalid = first_invalid_utf8(text);
  check<InputError>(!invalid.has_value(), name, ": byte ", invalid.value_or(0), " is not UTF-8");
  try {
    return toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    fail<InputError>(name, ":", error.source().begin.line, ": ", error.description());
  }
}

/// "a.b=c" as a tree; what is no TOML value counts as a string. A table in braces takes the place
/// of the whole one.
toml::table parse_override(const std::string& assignment) {
  const std::string name = concat("--set ", assignment);
  const std::size_t equals = assignment.find('=');
  check<InputError>(equals != std::string::npos && equals > 0, name,
                    ": expected KEY=VALUE, such as optimizer.learning_rate=1e-3");
  const std::string key = assignment.substr(0, equals);
  const std::string value = assignment.substr(equals + 1);
  const auto plain = [](char c) { return c != '\'' && c != '\n' && c != '\r' && c != '#'; };
  check<InputError>(
      key.find_first_of("\n\r#'\"= ") == std::string::npos &&
          std::all_of(value.begin(), value.end(), [](char c) { return c != '\n' && c != '\r'; }),
      name, ": expected KEY=VALUE on one line, KEY being names joined by dots");
  try {
    return toml::parse(concat(key, " = ", value), name);
  } catch (const toml::parse_error&) {
    check<InputError>(std::all_of(value.begin(), value.end(), plain), name,
                      ": the value is neither TOML nor a plain word");
    return parse(concat(key, " = '", value, "'"), name);
  }
}

void merge(toml::table& into, toml::table&& from) {
  for (auto&& [key, node] : from) {
    toml::node* old = into.get(key.str());
    const bool is_whole = node.is_table() && node.as_table()->is_inline();  // "data={…}"
    if (old != nullptr && old->is_table() && node.is_table() && !is_whole) {
      merge(*old->as_table(), std::move(*node.as_table()));
    } else {
      into.insert_or_assign(key.str(), std::move(node));
    }
  }
}

void override(toml::table& tree, std::span<const std::string> overrides) {
  for (const std::string& assignment : overrides) {
    merge(tree, parse_override(assignment));
  }
}

RunConfig read_run_config(const toml::table& tree) {
  RunConfig config;
  TomlReader reader(tree);
  describe(reader, config);
  reader.refuse_unknown();
  validate(config);
  return config;
}

toml::table parse_file(const std::filesystem::path& path) {
  const InputFile file = InputFile::open(path);
  check<InputError>(file.size() <= largest_file, path.string(), ": ", file.size(),
                    " bytes; a configuration has at most ", largest_file);
  return parse(file.read_text(0, file.size()), path.string());
}

/// A path that stands in the file `from`.
std::filesystem::path path_in(const std::filesystem::path& from, const std::string& path) {
  return std::filesystem::absolute(from.parent_path() / path).lexically_normal();
}

void make_absolute(std::string& description, const std::filesystem::path& from) {
  if (!description.empty()) {
    description = path_in(from, description).string();
  }
}

/// What of a configuration file is a member's own, in a joint run.
toml::table member_tree(const std::filesystem::path& path) {
  toml::table tree = parse_file(path);
  static_cast<void>(read_run_config(tree));  // it must be right as a whole
  constexpr std::array of_member = {"task", "data", "model", "train", "loss", "evaluate"};
  constexpr std::array of_training = {"batch_size", "batch_tokens", "modality_dropout",
                                      "modality_dropout_start", "evaluation_batch_size"};
  const auto keep = [](toml::table& table, const auto& names) {
    std::vector<std::string> others;
    for (const auto& [key, node] : table) {
      if (std::find(names.begin(), names.end(), key.str()) == names.end()) {
        others.emplace_back(key.str());
      }
    }
    for (const std::string& other : others) {
      table.erase(other);
    }
  };
  keep(tree, of_member);
  if (toml::table* training = tree["train"].as_table()) {
    keep(*training, of_training);
  }
  if (toml::table* data = tree["data"].as_table();
      data != nullptr && data->contains("description")) {
    const std::string description = (*data)["description"].value_or(std::string());
    data->insert_or_assign("description", path_in(path, description).string());
  }
  return tree;
}

/// Puts what members' files say under what stands in their tables.
void take_member_files(toml::table& tree, const std::filesystem::path& path) {
  toml::table* members = tree["member"].as_table();
  if (members == nullptr) {
    return;
  }
  for (auto&& [name, node] : *members) {
    toml::table* member = node.as_table();
    const toml::node* file = member != nullptr ? member->get("config") : nullptr;
    if (file == nullptr) {
      continue;
    }
    const auto* named = file->as_string();
    check<InputError>(named != nullptr, place_of(*file), ": member.", name.str(), ".config is ",
                      shown(*file), "; expected the path of a configuration file");
    toml::table whole = member_tree(path_in(path, named->get()));
    member->erase("config");
    merge(whole, std::move(*member));
    *member = std::move(whole);
  }
}

}  // namespace

RunConfig parse_run_config(std::string_view text, const std::string& name,
                           std::span<const std::string> overrides) {
  toml::table tree = parse(text, name);
  override(tree, overrides);
  return read_run_config(tree);
}

RunConfig load_run_config(const std::filesystem::path& path,
                          std::span<const std::string> overrides) {
  toml::table tree = parse_file(path);
  override(tree, overrides);
  take_member_files(tree, path);
  RunConfig config = read_run_config(tree);
  make_absolute(config.data.description, path);
  make_absolute(config.model.tokens.vectors, path);
  for (JointMember& member : config.members) {
    make_absolute(member.config.data.description, path);
  }
  return config;
}

}  // namespace heddle
