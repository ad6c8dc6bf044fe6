#include "train/bleu.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/error.h"

namespace heddle {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
}

/// A character of mteval's language-dependent part: ASCII symbols but ' , - .
bool is_symbol(char c) {
  return (c >= '{' && c <= '~') || (c >= '[' && c <= '`') || (c >= ' ' && c <= '&') ||
         (c >= '(' && c <= '+') || (c >= ':' && c <= '@') || c == '/';
}

bool is_stop(char c) { return c == '.' || c == ','; }

std::string with_symbols_apart(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (is_symbol(c)) {
      out += {' ', c, ' '};
    } else {
      out += c;
    }
  }
  return out;
}

/// Each pair of neighbours that `fits`, from the left and without overlap, with spaces put in.
template <typename Fits>
std::string with_pairs_apart(const std::string& text, bool space_before, Fits fits) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i + 1 < text.size() && fits(text[i], text[i + 1])) {
      out += space_before ? std::string{' ', text[i], ' ', text[i + 1]}
                          : std::string{text[i], ' ', text[i + 1], ' '};
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

/// The length of the white space `text` begins with, as Unicode has it; 0 where it is none.
std::size_t space_length(std::string_view text) {
  const char c = text.front();
  if (c == ' ' || (c >= '\t' && c <= '\r') || (c >= '\x1c' && c <= '\x1f')) {
    return 1;
  }
  for (const std::string_view wide :
       {"\xC2\x85", "\xC2\xA0", "\xE1\x9A\x80", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF",
        "\xE2\x81\x9F", "\xE3\x80\x80"}) {
    if (text.starts_with(wide)) {
      return wide.size();
    }
  }
  // U+2000 … U+200A.
  const bool may_be = text.size() >= 3 && text.starts_with("\xE2\x80");
  const auto last = static_cast<std::uint8_t>(may_be ? text[2] : 0);
  return last >= 0x80 && last <= 0x8A ? 3 : 0;
}

std::vector<std::string> split_at_spaces(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const auto close = [&] {
    if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  };
  while (!text.empty()) {
    const std::size_t space = space_length(text);
    if (space > 0) {
      close();
    } else {
      word += text.front();
    }
    text.remove_prefix(std::max<std::size_t>(space, 1));
  }
  close();
  return words;
}

using Counts = std::map<std::string, std::int64_t>;

/// How often each sequence of `order` words occurs, words joined by spaces, which none of them has.
Counts ngrams(const std::vector<std::string>& words, std::size_t order) {
  Counts counts;
  for (std::size_t i = 0; i + order <= words.size(); ++i) {
    std::string ngram = words[i];
    for (std::size_t k = 1; k < order; ++k) {
      ngram += ' ' + words[i + k];
    }
    ++counts[ngram];
  }
  return counts;
}

void count_sentence(Bleu& bleu, const std::vector<std::string>& words,
                    const std::vector<std::string>& reference) {
  bleu.words += static_cast<std::int64_t>(words.size());
  bleu.reference_words += static_cast<std::int64_t>(reference.size());
  for (std::size_t n = 0; n < Bleu::orders; ++n) {
    const Counts wanted = ngrams(reference, n + 1);
    for (const auto& [ngram, count] : ngrams(words, n + 1)) {
      bleu.total[n] += count;
      if (const auto found = wanted.find(ngram); found != wanted.end()) {
        bleu.correct[n] += std::min(count, found->second);
      }
    }
  }
}

void finish(Bleu& bleu) {
  const auto words = static_cast<double>(bleu.words);
  const auto reference = static_cast<double>(bleu.reference_words);
  bleu.brevity_penalty = bleu.words >= bleu.reference_words ? 1.0
                         : bleu.words > 0                   ? std::exp(1.0 - reference / words)
                                                            : 0.0;
  if (std::all_of(bleu.correct.begin(), bleu.correct.end(), [](auto n) { return n == 0; })) {
    return;
  }
  double smoothing = 1.0;
  double logs = 0.0;
  for (std::size_t n = 0; n < Bleu::orders; ++n) {
    if (bleu.total[n] == 0) {
      return;  // no hypothesis has so many words
    }
    const auto total = static_cast<double>(bleu.total[n]);
    if (bleu.correct[n] == 0) {
      smoothing *= 2.0;
      bleu.precisions[n] = 100.0 / (smoothing * total);
    } else {
      bleu.precisions[n] = 100.0 * static_cast<double>(bleu.correct[n]) / total;
    }
    logs += std::log(bleu.precisions[n]);
  }
  bleu.score = bleu.brevity_penalty * std::exp(logs / static_cast<double>(Bleu::orders));
}

/// A code point of two bytes in lower case.
std::uint32_t lowered(std::uint32_t letter) {
  const auto between = [&](std::uint32_t low, std::uint32_t high) {
    return letter >= low && letter <= high;
  };
  if ((between(0xC0, 0xDE) && letter != 0xD7) || (between(0x391, 0x3AB) && letter != 0x3A2) ||
      between(0x410, 0x42F)) {
    return letter + 0x20;
  }
  if (between(0x400, 0x40F)) {
    return letter + 0x50;
  }
  const bool even_is_large = (between(0x100, 0x137) && letter != 0x130 && letter != 0x131) ||
                             between(0x14A, 0x177) || between(0x460, 0x481) ||
                             between(0x48A, 0x4BF) || between(0x4D0, 0x52F);
  const bool odd_is_large = between(0x139, 0x148) || between(0x179, 0x17E);
  if (even_is_large) {
    return letter | 1U;
  }
  if (odd_is_large) {
    return letter + (letter & 1U);
  }
  return letter == 0x178 ? 0xFF : letter;
}

}  // namespace

std::vector<std::string> tokenised_13a(std::string_view sentence) {
  std::string text(sentence);
  replace_all(text, "<skipped>", "");
  replace_all(text, "-\n", "");
  replace_all(text, "\n", " ");
  for (const auto& [entity, character] :
       {std::pair{"&quot;", "\""}, {"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}}) {
    replace_all(text, entity, character);
  }
  text = with_symbols_apart(" " + text + " ");
  text = with_pairs_apart(text, false,
                          [](char left, char right) { return !is_digit(left) && is_stop(right); });
  text = with_pairs_apart(text, true,
                          [](char left, char right) { return is_stop(left) && !is_digit(right); });
  text = with_pairs_apart(text, false,
                          [](char left, char right) { return is_digit(left) && right == '-'; });
  return split_at_spaces(text);
}

std::string lower_cased(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    if (byte >= 'A' && byte <= 'Z') {
      out += static_cast<char>(byte - 'A' + 'a');
    } else if (byte >= 0xC3 && byte <= 0xD4 && i + 1 < text.size()) {
      const auto next = static_cast<std::uint8_t>(text[++i]);
      const std::uint32_t letter = lowered((byte & 0x1FU) << 6 | (next & 0x3FU));
      out += static_cast<char>(0xC0U | letter >> 6);
      out += static_cast<char>(0x80U | (letter & 0x3FU));
    } else {
      out += text[i];
    }
  }
  return out;
}

Bleu corpus_bleu(std::span<const std::string> hypotheses, std::span<const std::string> references,
                 const BleuOptions& options) {
  check(hypotheses.size() == references.size(), "BLEU: ", hypotheses.size(), " hypotheses and ",
        references.size(), " references; expected as many");
  Bleu bleu;
  const auto words = [&](const std::string& text) {
    return tokenised_13a(options.lower_case ? lower_cased(text) : text);
  };
  for (std::size_t i = 0; i < hypotheses.size(); ++i) {
    count_sentence(bleu, words(hypotheses[i]), words(references[i]));
  }
  finish(bleu);
  return bleu;
}

std::string bleu_signature(const BleuOptions& options) {
  return concat("nrefs:1|case:", options.lower_case ? "lc" : "mixed", "|eff:no|tok:13a|smooth:exp");
}

}  // namespace heddle
