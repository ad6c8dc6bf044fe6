#include <array>
#include <charconv>
#include <cmath>

#include "train/config_fields.h"

namespace heddle {

namespace {

std::string toml_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      constexpr std::string_view digits = "0123456789ABCDEF";
      result += "\\u00";
      result += digits[byte >> 4];
      result += digits[byte & 15];
    } else {
      result += c;
    }
  }
  return result + "\"";
}

/// The shortest text that reads back as the same number, always recognisable as a real one.
std::string shortest(double value) {
  if (std::isinf(value)) {
    return value < 0 ? "-inf" : "inf";
  }
  std::array<char, 40> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  std::string text(buffer.data(), end);
  return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

/// Writes one line per key under its table's name.
class TomlWriter : public ConfigFields {
 public:
  const std::string& text_so_far() const { return text_; }

  void enter(std::string_view table) override {
    path_.push_back(path_.empty() ? std::string(table) : path_.back() + "." + std::string(table));
    text_ += "\n[" + path_.back() + "]\n";
  }
  void leave() override { path_.pop_back(); }

  void flag(std::string_view key, bool& value) override { line(key, value ? "true" : "false"); }
  void text(std::string_view key, std::string& value) override { line(key, toml_string(value)); }
  void texts(std::string_view key, std::vector<std::string>& value) override {
    line(key, list(value, [](const std::string& entry) { return toml_string(entry); }));
  }
  void count(std::string_view key, std::int64_t& value, std::int64_t, std::int64_t) override {
    line(key, std::to_string(value));
  }
  void counts(std::string_view key, std::vector<std::int64_t>& value, std::int64_t) override {
    line(key, list(value, [](std::int64_t entry) { return std::to_string(entry); }));
  }
  void pairs(std::string_view key, std::vector<ModalityPair>& value) override {
    line(key, list(value, [](const ModalityPair& pair) {
           return "[" + toml_string(pair.left) + ", " + toml_string(pair.right) + "]";
         }));
  }
  void tables_in(std::string_view, std::vector<std::string>&) override {}
  void seed(std::string_view key, std::uint64_t& value) override {
    line(key, std::to_string(value));
  }
  void number(std::string_view key, double& value, Range) override { line(key, shortest(value)); }
  void word(std::string_view key, const std::vector<std::string>& words,
            std::size_t& index) override {
    line(key, toml_string(words[index]));
  }
  void optional_seed(std::string_view key, std::optional<std::uint64_t>& value) override {
    if (value) {
      seed(key, *value);
    }
  }
  void optional_count(std::string_view key, std::optional<std::int64_t>& value,
                      std::int64_t low) override {
    if (value) {
      count(key, *value, low, most);
    }
  }
  void optional_flag(std::string_view key, std::optional<bool>& value) override {
    if (value) {
      flag(key, *value);
    }
  }
  void optional_number(std::string_view key, std::optional<double>& value, Range range) override {
    if (value) {
      number(key, *value, range);
    }
  }

 private:
  void line(std::string_view key, const std::string& value) {
    text_ += std::string(key) + " = " + value + "\n";
  }
  template <typename T, typename Show>
  static std::string list(const std::vector<T>& entries, Show show) {
    std::string result = "[";
    for (std::size_t i = 0; i < entries.size(); ++i) {
      result += (i == 0 ? "" : ", ") + show(entries[i]);
    }
    return result + "]";
  }

  std::string text_;
  std::vector<std::string> path_;
};

}  // namespace

std::string lasting_toml(RunConfig config) {
  const TrainConfig defaults;
  config.train.device = defaults.device;
  config.train.math = defaults.math;
  config.train.graph = defaults.graph;
  return to_toml(config);
}

std::string to_toml(const RunConfig& config) {
  RunConfig copy = config;  // one description serves reading and writing
  TomlWriter writer;
  describe(writer, copy);
  return writer.text_so_far();
}

}  // namespace heddle
