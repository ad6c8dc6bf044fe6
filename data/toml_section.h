#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "core/error.h"

namespace heddle {

/// One table of a TOML file, read key by key; an error names file, line, table and key, and says
/// what was found and what was expected. Include it in few places: toml++ compiles slowly.
class TomlSection {
 public:
  /// `title`, such as "[split] ", begins each message. `table` and `file_name` must outlive it.
  TomlSection(const toml::table& table, std::string title, const std::string& file_name);

  template <typename... Parts>
  [[noreturn]] void fail_at(const toml::source_region& source, const Parts&... parts) const {
    fail<InputError>(file_name_, ": line ", source.begin.line, ": ", title_, parts...);
  }
  template <typename... Parts>
  [[noreturn]] void fail_here(const Parts&... parts) const {
    fail_at(table_.source(), parts...);
  }

  /// Errors: a key that is not among `names`; suggests the nearest.
  void know(std::initializer_list<const char*> names) const;
  bool has(const char* key) const { return table_.contains(key); }
  const toml::node* node(const char* key) const { return table_.get(key); }

  // Values; where the key is not there "", none, the fallback or nullptr.
  std::string text(const char* key) const;
  /// Errors: the key is not there.
  std::string required_text(const char* key) const;
  /// A relative path that stays below the folder it is relative to.
  std::string file(const char* key) const;
  /// The same of a list of files, or of one.
  std::vector<std::string> files(const char* key) const;
  /// A list of texts, or one text.
  std::vector<std::string> texts(const char* key) const;
  bool boolean(const char* key, bool fallback) const;
  std::int64_t integer(const char* key, std::int64_t fallback, std::int64_t least) const;
  /// Above 0 and below 1; 0 where the key is not there.
  double share(const char* key) const;
  /// Errors: no number, or one outside [low, high].
  double number(const char* key, double fallback, double low, double high) const;
  /// A table of relative paths as `file` allows them, under a key that is there and has a table.
  std::map<std::string, std::string> file_table(const char* key) const;
  const toml::table* table(const char* key) const;

  /// What a node holds, in words, for errors.
  static std::string found(const toml::node& node);

 private:
  void check_path(const toml::node& node, const char* key, const std::string& name) const;

  const toml::table& table_;
  std::string title_;
  const std::string& file_name_;
};

}  // namespace heddle
