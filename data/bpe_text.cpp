#include <algorithm>
#include <charconv>

#include "core/error.h"
#include "data/bpe.h"
#include "data/utf8.h"

namespace heddle {
namespace {

constexpr std::string_view head = "heddle bpe 1";
constexpr std::int64_t most_symbols = std::int64_t{1} << 24;
constexpr std::size_t longest_symbol = std::size_t{1}
                                       << 20;  // bytes, as the longest field of a table

/// Spaces, control characters, backslashes and bytes that are no UTF-8 as \xNN.
std::string escaped(std::string_view symbol) {
  constexpr std::string_view digits = "0123456789abcdef";
  const bool is_text = !first_invalid_utf8(symbol);
  std::string text;
  for (const char c : symbol) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte <= ' ' || byte == 0x7F || c == '\\' || (byte >= 0x80 && !is_text)) {
      text += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    } else {
      text += c;
    }
  }
  return text;
}

class Lines {
 public:
  Lines(std::string_view text, const std::string& name) : rest_(text), name_(name) {}

  template <typename... Parts>
  [[noreturn]] void fail_here(const Parts&... parts) const {
    fail<InputError>(name_, ": line ", line_, ": ", parts...);
  }
  std::string_view next() {
    ++line_;
    const std::size_t end = rest_.find('\n');
    if (end == std::string_view::npos) {
      fail_here("the file ends here; expected more lines");
    }
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }
  /// "<word> <number>".
  std::int64_t count(std::string_view word) {
    const std::string_view line = next();
    std::int64_t number = -1;
    if (line.starts_with(word) && line.size() > word.size() + 1) {
      const char* begin = line.data() + word.size() + 1;
      const char* end = line.data() + line.size();
      const auto result = std::from_chars(begin, end, number);
      number = result.ec == std::errc() && result.ptr == end ? number : -1;
    }
    if (number < 0 || number > most_symbols) {
      fail_here("got \"", line.substr(0, 40), "\", expected \"", word, " \" and a number");
    }
    return number;
  }
  std::string unescaped(std::string_view text) const {
    std::string symbol;
    while (!text.empty()) {
      if (text.front() != '\\') {
        symbol += text.front();
        text.remove_prefix(1);
        continue;
      }
      unsigned byte = 256;
      if (text.size() >= 4 && text[1] == 'x') {
        const auto result = std::from_chars(text.data() + 2, text.data() + 4, byte, 16);
        byte = result.ptr == text.data() + 4 ? byte : 256;
      }
      if (byte > 255) {
        fail_here("expected two digits after \\x in \"", text.substr(0, 40), "\"");
      }
      symbol += static_cast<char>(byte);
      text.remove_prefix(4);
    }
    return symbol;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  const std::string& name_;
  std::int64_t line_ = 0;
};

}  // namespace

std::string Bpe::to_text() const {
  std::string text = concat(head, "\ncharacters ", characters_, "\n");
  for (std::int64_t i = 0; i < characters_; ++i) {
    text += escaped(symbols_[static_cast<std::size_t>(i)]) + "\n";
  }
  text += concat("merges ", merges(), "\n");
  for (const Pair& pair : pairs_) {
    text += escaped(symbols_[static_cast<std::size_t>(pair.first)]) + " " +
            escaped(symbols_[static_cast<std::size_t>(pair.second)]) + "\n";
  }
  return text;
}

Bpe Bpe::from_text(std::string_view text, const std::string& name) {
  Lines lines(text, name);
  if (lines.next() != head) {
    lines.fail_here("expected \"", head, "\", for it begins every file of this kind");
  }
  std::vector<std::string> characters;
  const std::int64_t count = lines.count("characters");
  for (std::int64_t i = 0; i < count; ++i) {
    characters.push_back(lines.unescaped(lines.next()));
    const std::string& last = characters.back();
    if (last.empty() || first_character(last) != last.size() ||
        (i > 0 && characters[static_cast<std::size_t>(i - 1)] >= last)) {
      lines.fail_here("expected one character, after the one before in byte order");
    }
  }
  Bpe bpe;
  bpe.add_characters(std::move(characters));
  const std::int64_t merges = lines.count("merges");
  for (std::int64_t i = 0; i < merges; ++i) {
    const std::string_view line = lines.next();
    const std::size_t space = std::min(line.find(' '), line.size());
    const Pair pair = {
        bpe.number_of(lines.unescaped(line.substr(0, space))),
        bpe.number_of(lines.unescaped(line.substr(std::min(space + 1, line.size()))))};
    if (pair.first == unknown || pair.second == unknown) {
      lines.fail_here("got \"", line.substr(0, 40),
                      "\", expected two symbols that were there before, and a space between");
    }
    if (bpe.joins_.contains(static_cast<std::uint64_t>(pair.first) << 32 |
                            static_cast<std::uint64_t>(pair.second))) {
      lines.fail_here("the pair \"", line.substr(0, 40), "\" is there twice");
    }
    if (bpe.symbols_[static_cast<std::size_t>(pair.first)].size() +
            bpe.symbols_[static_cast<std::size_t>(pair.second)].size() >
        longest_symbol) {
      lines.fail_here("the joined symbol is longer than ", longest_symbol, " bytes");
    }
    bpe.add_merge(pair);
  }
  if (!lines.at_end()) {
    lines.next();
    lines.fail_here("expected the end of the file after ", merges, " pairs");
  }
  return bpe;
}

}  // namespace heddle
