#include "data/vocabulary.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "core/error.h"

namespace heddle {
namespace {

// The locale must not change what a word is, so the functions of <cctype> are not used.
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool is_punctuation(char c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
         (c >= '{' && c <= '~');
}

std::string_view trimmed(std::string_view word) {
  while (!word.empty() && is_punctuation(word.front())) {
    word.remove_prefix(1);
  }
  while (!word.empty() && is_punctuation(word.back())) {
    word.remove_suffix(1);
  }
  return word;
}

std::string lowered(std::string_view word) {
  std::string text(word);
  for (char& c : text) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return text;
}

}  // namespace

std::vector<std::string> words_in(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto end =
        static_cast<std::size_t>(std::find_if(text.begin(), text.end(), is_space) - text.begin());
    const std::string_view word = trimmed(text.substr(0, end));
    if (!word.empty()) {
      words.push_back(lowered(word));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

Vocabulary::Vocabulary(std::vector<std::string> words) : words_{"<pad>", "<unk>"} {
  for (std::string& word : words) {
    const bool is_new = numbers_.emplace(word, size()).second;
    check(is_new && word != words_[0] && word != words_[1], "Vocabulary: the word \"", word,
          "\" is there twice; expected each once, without <pad> and <unk>");
    words_.push_back(std::move(word));
  }
}

Vocabulary Vocabulary::counted(std::span<const std::string> texts, std::int64_t min_count) {
  std::map<std::string, std::int64_t> counts;
  for (const std::string& text : texts) {
    for (const std::string& word : words_in(text)) {
      ++counts[word];
    }
  }
  std::vector<std::pair<std::string, std::int64_t>> frequent;
  for (const auto& entry : counts) {
    if (entry.second >= min_count && entry.first != "<pad>" && entry.first != "<unk>") {
      frequent.push_back(entry);
    }
  }
  // The map is in byte order already, and a stable sort keeps it among equally frequent words.
  std::stable_sort(frequent.begin(), frequent.end(),
                   [](const auto& left, const auto& right) { return left.second > right.second; });
  std::vector<std::string> words;
  for (auto& [word, count] : frequent) {
    words.push_back(std::move(word));
  }
  return Vocabulary(std::move(words));
}

Vocabulary::Vocabulary(Bpe bpe) : Vocabulary(std::vector<std::string>{"<s>", "</s>"}) {
  bpe_ = std::make_shared<const Bpe>(std::move(bpe));
  for (const std::string& symbol : bpe_->symbols()) {
    numbers_.emplace(symbol, size());
    words_.push_back(symbol);
  }
}

Vocabulary Vocabulary::with_ends(std::vector<std::string> words) {
  words.insert(words.begin(), {"<s>", "</s>"});
  return Vocabulary(std::move(words));
}

bool Vocabulary::has_ends() const {
  return size() > end && words_[begin] == "<s>" && words_[end] == "</s>";
}

std::int64_t Vocabulary::number_of_symbol(std::int64_t symbol) const {
  return symbol == Bpe::unknown ? unknown : symbol + end + 1;
}

std::int64_t Vocabulary::number_of(std::string_view word) const {
  const auto found = numbers_.find(word);
  return found == numbers_.end() ? unknown : found->second;
}

const std::string& Vocabulary::word(std::int64_t number) const {
  check(number >= 0 && number < size(), "Vocabulary: got number ", number, ", expected 0 … ",
        size() - 1);
  return words_[static_cast<std::size_t>(number)];
}

std::vector<std::int64_t> Vocabulary::encode(std::string_view text) const {
  std::vector<std::int64_t> numbers;
  if (bpe_ != nullptr) {
    for (const std::int64_t symbol : bpe_->encode(text)) {
      numbers.push_back(number_of_symbol(symbol));
    }
    return numbers;
  }
  for (const std::string& word : words_in(text)) {
    numbers.push_back(number_of(word));
  }
  return numbers;
}

std::vector<std::vector<std::int64_t>> Vocabulary::encode_all(
    std::span<const std::string> texts) const {
  std::vector<std::vector<std::int64_t>> all;
  std::unordered_map<std::string, std::vector<std::int64_t>> known;
  for (const std::string& text : texts) {
    if (bpe_ == nullptr) {
      all.push_back(encode(text));
      continue;
    }
    std::vector<std::int64_t>& numbers = all.emplace_back();
    for (const std::string& word : bpe_words(text)) {
      const auto [entry, is_new] = known.try_emplace(word);
      if (is_new) {
        entry->second = bpe_->encode_word(word);
      }
      for (const std::int64_t symbol : entry->second) {
        numbers.push_back(number_of_symbol(symbol));
      }
    }
  }
  return all;
}

std::vector<std::string> Vocabulary::pieces(std::string_view text) const {
  if (bpe_ == nullptr) {
    return words_in(text);
  }
  std::vector<std::string> pieces;
  for (const std::int64_t number : encode(text)) {
    pieces.push_back(word(number));
  }
  return pieces;
}

std::string Vocabulary::decode(std::span<const std::int64_t> numbers) const {
  std::vector<std::int64_t> symbols;
  std::string text;
  for (const std::int64_t number : numbers) {
    const std::string& entry = word(number);  // checks the range
    if (number == padding || (has_ends() && (number == begin || number == end))) {
      continue;
    }
    if (bpe_ != nullptr) {
      symbols.push_back(number == unknown ? Bpe::unknown : number - end - 1);
    } else {
      text += (text.empty() ? "" : " ") + entry;
    }
  }
  return bpe_ != nullptr ? bpe_->decode(symbols) : text;
}

}  // namespace heddle
