#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace heddle {

/// The words of a text: split at white space, ASCII letters lowered, punctuation cut off both ends
/// ("Really, GOOD!" → "really", "good"). Bytes beyond ASCII are kept as they are.
std::vector<std::string> words_in(std::string_view text);

/// Words and their numbers. Number 0 is padding, 1 is any word that is not known.
class Vocabulary {
 public:
  static constexpr std::int64_t padding = 0;
  static constexpr std::int64_t unknown = 1;

  Vocabulary() : Vocabulary(std::vector<std::string>{}) {}
  /// Words in the order of their numbers, beginning with number 2. Errors: a word given twice.
  explicit Vocabulary(std::vector<std::string> words);
  /// Every word that occurs at least `min_count` times in `texts`, the most frequent first, equally
  /// frequent ones in byte order. Pass training texts only.
  static Vocabulary counted(std::span<const std::string> texts, std::int64_t min_count);

  /// Numbers run from 0 to size() − 1.
  std::int64_t size() const { return static_cast<std::int64_t>(words_.size()); }
  /// `unknown` where the word is not known.
  std::int64_t number_of(std::string_view word) const;
  /// "<pad>" for 0, "<unk>" for 1. Errors: out of range.
  const std::string& word(std::int64_t number) const;
  /// words_in(text) as numbers.
  std::vector<std::int64_t> encode(std::string_view text) const;

 private:
  std::vector<std::string> words_;
  std::map<std::string, std::int64_t, std::less<>> numbers_;
};

}  // namespace heddle
