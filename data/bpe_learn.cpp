#include <algorithm>
#include <queue>
#include <set>

#include "core/error.h"
#include "data/bpe.h"

namespace heddle {
namespace {

using Pair = std::pair<std::int64_t, std::int64_t>;

struct CountedWord {
  std::vector<std::int64_t> symbols;
  std::int64_t count = 0;
};

/// How often each pair of neighbours occurs, kept up to date as words change, with the most
/// frequent one at hand.
class PairCounts {
 public:
  explicit PairCounts(const std::vector<std::string>& symbols) : queue_(After{symbols}) {}

  void add(const CountedWord& word, std::size_t place) { change(word, place, word.count); }
  void remove(const CountedWord& word, std::size_t place) { change(word, place, -word.count); }
  /// Makes the counts changed since the last call known to `most_frequent`.
  void settle() {
    for (const Pair& pair : changed_) {
      if (const std::int64_t count = counts_[pair].count; count > 0) {
        queue_.push({count, pair});
      }
    }
    changed_.clear();
  }
  /// The count is 0 where there is no pair.
  std::pair<std::int64_t, Pair> most_frequent() {
    while (!queue_.empty()) {
      const Entry top = queue_.top();
      if (counts_[top.pair].count == top.count) {
        return {top.count, top.pair};
      }
      queue_.pop();  // out of date
    }
    return {};
  }
  /// Words that have had this pair, ascending.
  std::vector<std::size_t> words_with(const Pair& pair) {
    const std::set<std::size_t>& words = counts_[pair].words;
    return {words.begin(), words.end()};
  }
  void forget(const Pair& pair) { counts_[pair].words.clear(); }

 private:
  struct Entry {
    std::int64_t count;
    Pair pair;
  };
  /// Whether `left` comes out after `right`.
  struct After {
    const std::vector<std::string>& symbols;
    bool operator()(const Entry& left, const Entry& right) const {
      if (left.count != right.count) {
        return left.count < right.count;
      }
      const auto text = [&](std::int64_t symbol) -> const std::string& {
        return symbols[static_cast<std::size_t>(symbol)];
      };
      const int first = text(left.pair.first).compare(text(right.pair.first));
      return first != 0 ? first > 0 : text(left.pair.second).compare(text(right.pair.second)) > 0;
    }
  };
  struct Tally {
    std::int64_t count = 0;
    std::set<std::size_t> words;
  };

  void change(const CountedWord& word, std::size_t place, std::int64_t by) {
    for (std::size_t i = 0; i + 1 < word.symbols.size(); ++i) {
      const Pair pair = {word.symbols[i], word.symbols[i + 1]};
      Tally& tally = counts_[pair];
      tally.count += by;
      if (by > 0) {
        tally.words.insert(place);
      }
      changed_.insert(pair);
    }
  }

  std::map<Pair, Tally> counts_;
  std::set<Pair> changed_;
  std::priority_queue<Entry, std::vector<Entry>, After> queue_;
};

}  // namespace

Bpe Bpe::learned(std::span<const std::string> texts, std::int64_t merges) {
  check(merges >= 0, "Bpe: got ", merges, " merges; expected 0 or more");
  std::map<std::string, std::int64_t> counts;
  std::set<std::string> characters = {" "};
  for (const std::string& text : texts) {
    for (std::string& word : bpe_words(text)) {
      ++counts[std::move(word)];
    }
  }
  for (const auto& entry : counts) {
    for (std::string_view rest = entry.first; !rest.empty();) {
      const std::size_t length = first_character(rest);
      characters.emplace(rest.substr(0, length));
      rest.remove_prefix(length);
    }
  }
  Bpe bpe;
  bpe.add_characters({characters.begin(), characters.end()});
  // Symbols may not move: the queue compares them by reference.
  bpe.symbols_.reserve(bpe.symbols_.size() + static_cast<std::size_t>(merges));
  std::vector<CountedWord> words;
  PairCounts pairs(bpe.symbols_);
  for (const auto& [word, count] : counts) {
    words.push_back({bpe.encode_word(word), count});
    pairs.add(words.back(), words.size() - 1);
  }
  pairs.settle();
  while (bpe.merges() < merges) {
    const auto [count, pair] = pairs.most_frequent();
    if (count < 2) {
      break;
    }
    const std::int64_t symbol = bpe.add_merge(pair);
    for (const std::size_t place : pairs.words_with(pair)) {
      CountedWord& word = words[place];
      pairs.remove(word, place);
      std::vector<std::int64_t> joined;
      for (std::size_t i = 0; i < word.symbols.size(); ++i) {
        const bool both = i + 1 < word.symbols.size() && word.symbols[i] == pair.first &&
                          word.symbols[i + 1] == pair.second;
        joined.push_back(both ? symbol : word.symbols[i]);
        i += both ? 1 : 0;
      }
      word.symbols = std::move(joined);
      pairs.add(word, place);
    }
    pairs.forget(pair);
    pairs.settle();
  }
  return bpe;
}

}  // namespace heddle
