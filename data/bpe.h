#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace heddle {

/// Byte-pair encoding: words are written with symbols that were made by joining, again and again,
/// the pair of neighbours that is most frequent in the training texts. Sennrich, Haddow & Birch,
/// ACL 2016 (arXiv 1508.07909), §3.2. Symbols begin as characters (code points of UTF-8; a byte
/// that belongs to none stands for itself). A word is what stands before a space, and the space
/// belongs to it: it is the paper's end-of-word mark, and what makes decoding exact.
class Bpe {
 public:
  /// A character that no training text had.
  static constexpr std::int64_t unknown = -1;

  /// At most `merges` joins, each of the pair with the highest count, of equally frequent ones the
  /// first in byte order; ends sooner where no pair occurs twice. Errors: merges < 0.
  static Bpe learned(std::span<const std::string> texts, std::int64_t merges);

  /// Any bytes → numbers of symbols, `unknown` for characters that were never seen.
  std::vector<std::int64_t> encode(std::string_view text) const;
  /// encode(text) of one word with its space.
  std::vector<std::int64_t> encode_word(std::string_view word) const;
  /// The text again, byte by byte, where no symbol is unknown; U+FFFD for those that are.
  /// Errors: a number outside 0 … symbols − 1 that is not `unknown`.
  std::string decode(std::span<const std::int64_t> symbols) const;

  /// Characters in byte order, then what was joined, in the order it was.
  const std::vector<std::string>& symbols() const { return symbols_; }
  std::int64_t characters() const { return characters_; }
  std::int64_t merges() const { return static_cast<std::int64_t>(pairs_.size()); }

  /// A file of lines: characters, then pairs, bytes that do not print written \xNN.
  std::string to_text() const;
  /// Errors (InputError, with `name` and line): anything `to_text` does not write.
  static Bpe from_text(std::string_view text, const std::string& name);

 private:
  using Pair = std::pair<std::int64_t, std::int64_t>;
  struct Join {
    std::int64_t rank;
    std::int64_t symbol;
  };

  void add_characters(std::vector<std::string> sorted);
  std::int64_t add_merge(Pair pair);
  std::int64_t number_of(std::string_view symbol) const;

  std::vector<std::string> symbols_;
  std::map<std::string, std::int64_t, std::less<>> numbers_;
  std::vector<Pair> pairs_;
  std::unordered_map<std::uint64_t, Join> joins_;  // by both numbers of a pair
  std::int64_t characters_ = 0;
};

/// The words of a text as Bpe has them: each with the space that ends it, the last one too.
std::vector<std::string> bpe_words(std::string_view text);

/// The length of the character `text` begins with: 1 to 4 bytes of well-formed UTF-8, or 1 byte
/// that is none. Errors: an empty text.
std::size_t first_character(std::string_view text);

}  // namespace heddle
