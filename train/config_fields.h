#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "train/config.h"

namespace heddle {

/// The keys of a configuration, told one after the other to something that reads or writes them.
/// One description (config_fields.cpp) serves reading, checking, suggesting and writing.
class ConfigFields {
 public:
  struct Range {
    double low = -std::numeric_limits<double>::infinity();
    double high = std::numeric_limits<double>::infinity();
  };
  static constexpr std::int64_t most = std::int64_t{1} << 48;

  virtual ~ConfigFields() = default;
  virtual void enter(std::string_view table) = 0;
  virtual void leave() = 0;
  virtual void flag(std::string_view key, bool& value) = 0;
  virtual void text(std::string_view key, std::string& value) = 0;
  virtual void texts(std::string_view key, std::vector<std::string>& value) = 0;
  /// Whole numbers in [low, high].
  virtual void count(std::string_view key, std::int64_t& value, std::int64_t low,
                     std::int64_t high = most) = 0;
  virtual void counts(std::string_view key, std::vector<std::int64_t>& value, std::int64_t low) = 0;
  virtual void seed(std::string_view key, std::uint64_t& value) = 0;
  virtual void number(std::string_view key, double& value, Range range) = 0;
  /// One of several words; `index` counts them.
  virtual void word(std::string_view key, const std::vector<std::string>& words,
                    std::size_t& index) = 0;
  /// A list of pairs of texts, [["text", "image"], …].
  virtual void pairs(std::string_view key, std::vector<ModalityPair>& value) = 0;
  /// The names of the tables inside a table: `names` becomes those that are there.
  virtual void tables_in(std::string_view table, std::vector<std::string>& names) = 0;
  // Keys that may be missing.
  virtual void optional_seed(std::string_view key, std::optional<std::uint64_t>& value) = 0;
  virtual void optional_count(std::string_view key, std::optional<std::int64_t>& value,
                              std::int64_t low) = 0;
  virtual void optional_flag(std::string_view key, std::optional<bool>& value) = 0;
  virtual void optional_number(std::string_view key, std::optional<double>& value, Range range) = 0;

  template <typename Body>
  void table(std::string_view name, Body body) {
    enter(name);
    body();
    leave();
  }
  /// `words` in the order of the enumerators, which count from 0.
  template <typename Enum>
  void choice(std::string_view key, Enum& value, const std::vector<std::string>& words) {
    auto index = static_cast<std::size_t>(value);
    word(key, words, index);
    value = static_cast<Enum>(index);
  }
  /// A word that is kept as it is written. A name that is none of them is told as the first.
  void name_among(std::string_view key, std::string& value, const std::vector<std::string>& names) {
    const auto found = std::find(names.begin(), names.end(), value);
    auto which = static_cast<std::size_t>(found == names.end() ? 0 : found - names.begin());
    word(key, names, which);
    value = names[which];
  }
};

/// Tells `fields` every key of `config` that its choices leave meaningful, in the order of the
/// file.
void describe(ConfigFields& fields, RunConfig& config);
/// The part of it in [model] (config_fields_model.cpp).
void describe_model(ConfigFields& fields, ModelConfig& model);

}  // namespace heddle
