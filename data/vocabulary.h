#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/bpe.h"

namespace heddle {

/// The words of a text: split at white space, ASCII letters lowered, punctuation cut off both ends
/// ("Really, GOOD!" → "really", "good"). Bytes beyond ASCII are kept as they are.
std::vector<std::string> words_in(std::string_view text);

/// Words and their numbers. Number 0 is padding, 1 is any word that is not known. One that texts
/// can be written with (`has_ends`) also knows where a text begins and ends.
class Vocabulary {
 public:
  static constexpr std::int64_t padding = 0;
  static constexpr std::int64_t unknown = 1;
  static constexpr std::int64_t begin = 2;  // "<s>" and "</s>", where `has_ends`
  static constexpr std::int64_t end = 3;

  Vocabulary() : Vocabulary(std::vector<std::string>{}) {}
  /// Words in the order of their numbers, beginning with number 2. Errors: a word given twice.
  explicit Vocabulary(std::vector<std::string> words);
  /// Every word that occurs at least `min_count` times in `texts`, the most frequent first, equally
  /// frequent ones in byte order. Pass training texts only.
  static Vocabulary counted(std::span<const std::string> texts, std::int64_t min_count);

  /// The symbols of a byte-pair encoding behind "<s>" and "</s>".
  explicit Vocabulary(Bpe bpe);
  /// Words behind "<s>" and "</s>", as the constructor above takes them.
  static Vocabulary with_ends(std::vector<std::string> words);

  bool has_ends() const;
  /// Null where the entries are words.
  const Bpe* bpe() const { return bpe_.get(); }
  /// Numbers run from 0 to size() − 1.
  std::int64_t size() const { return static_cast<std::int64_t>(words_.size()); }
  /// `unknown` where the word is not known.
  std::int64_t number_of(std::string_view word) const;
  /// "<pad>" for 0, "<unk>" for 1. Errors: out of range.
  const std::string& word(std::int64_t number) const;
  /// words_in(text) as numbers, or the symbols of the byte-pair encoding; no ends.
  std::vector<std::int64_t> encode(std::string_view text) const;
  /// The same for many texts, each word worked out once.
  std::vector<std::vector<std::int64_t>> encode_all(std::span<const std::string> texts) const;
  /// What stands for each number of encode(text), as it was written.
  std::vector<std::string> pieces(std::string_view text) const;
  /// Numbers back to text: words with spaces between, or what the byte-pair encoding joins. Padding
  /// and ends are left out. Errors: a number out of range.
  std::string decode(std::span<const std::int64_t> numbers) const;

 private:
  std::int64_t number_of_symbol(std::int64_t symbol) const;

  std::shared_ptr<const Bpe> bpe_;
  std::vector<std::string> words_;
  std::map<std::string, std::int64_t, std::less<>> numbers_;
};

}  // namespace heddle
