#include "data/bpe.h"

#include <algorithm>
#include <optional>

#include "core/error.h"
#include "data/utf8.h"

namespace heddle {
namespace {

std::uint64_t key_of(std::int64_t left, std::int64_t right) {
  return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint64_t>(right);
}

/// Replaces each `pair` from the left by `symbol`.
void join(std::vector<std::int64_t>& word, std::pair<std::int64_t, std::int64_t> pair,
          std::int64_t symbol) {
  std::size_t out = 0;
  for (std::size_t in = 0; in < word.size(); ++in) {
    const bool both = in + 1 < word.size() && word[in] == pair.first && word[in + 1] == pair.second;
    word[out++] = both ? symbol : word[in];
    in += both ? 1 : 0;
  }
  word.resize(out);
}

constexpr const char* replacement = "\xEF\xBF\xBD";  // U+FFFD

}  // namespace

std::size_t first_character(std::string_view text) {
  check(!text.empty(), "first_character: the text is empty");
  const auto lead = static_cast<std::uint8_t>(text.front());
  const std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  const bool whole = length <= text.size() && !first_invalid_utf8(text.substr(0, length));
  return whole ? length : 1;
}

std::vector<std::string> bpe_words(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t space = std::min(text.find(' ', begin), text.size());
    words.emplace_back(text.substr(begin, space - begin));
    words.back() += ' ';
    begin = space + 1;
  }
  return words;
}

void Bpe::add_characters(std::vector<std::string> sorted) {
  characters_ = static_cast<std::int64_t>(sorted.size());
  symbols_ = std::move(sorted);
  for (std::size_t i = 0; i < symbols_.size(); ++i) {
    numbers_.emplace(symbols_[i], static_cast<std::int64_t>(i));
  }
}

std::int64_t Bpe::add_merge(Pair pair) {
  std::string joined = symbols_[static_cast<std::size_t>(pair.first)] +
                       symbols_[static_cast<std::size_t>(pair.second)];
  // The same text can come about in two ways; it is one symbol.
  const auto [entry, is_new] = numbers_.emplace(joined, static_cast<std::int64_t>(symbols_.size()));
  if (is_new) {
    symbols_.push_back(std::move(joined));
  }
  joins_.emplace(key_of(pair.first, pair.second), Join{merges(), entry->second});
  pairs_.push_back(pair);
  return entry->second;
}

std::int64_t Bpe::number_of(std::string_view symbol) const {
  const auto found = numbers_.find(symbol);
  return found == numbers_.end() ? unknown : found->second;
}

std::vector<std::int64_t> Bpe::encode_word(std::string_view word) const {
  std::vector<std::int64_t> symbols;
  while (!word.empty()) {
    const std::size_t length = first_character(word);
    symbols.push_back(number_of(word.substr(0, length)));
    word.remove_prefix(length);
  }
  while (symbols.size() > 1) {
    const Join* best = nullptr;
    Pair pair;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
      if (symbols[i] == unknown || symbols[i + 1] == unknown) {
        continue;
      }
      const auto found = joins_.find(key_of(symbols[i], symbols[i + 1]));
      if (found != joins_.end() && (best == nullptr || found->second.rank < best->rank)) {
        best = &found->second;
        pair = {symbols[i], symbols[i + 1]};
      }
    }
    if (best == nullptr) {
      break;
    }
    join(symbols, pair, best->symbol);
  }
  return symbols;
}

std::vector<std::int64_t> Bpe::encode(std::string_view text) const {
  std::vector<std::int64_t> symbols;
  for (const std::string& word : bpe_words(text)) {
    const std::vector<std::int64_t> part = encode_word(word);
    symbols.insert(symbols.end(), part.begin(), part.end());
  }
  return symbols;
}

std::string Bpe::decode(std::span<const std::int64_t> symbols) const {
  std::string text;
  for (const std::int64_t symbol : symbols) {
    check(symbol == unknown || (symbol >= 0 && symbol < static_cast<std::int64_t>(symbols_.size())),
          "Bpe: got symbol ", symbol, ", expected 0 … ", symbols_.size() - 1);
    text += symbol == unknown ? replacement : symbols_[static_cast<std::size_t>(symbol)];
  }
  if (text.ends_with(' ')) {
    text.pop_back();
  }
  return text;
}

}  // namespace heddle
