#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace heddle {

/// The words of a sentence as BLEU counts them: mteval-v13a's tokenisation, as sacrebleu does it by
/// default (Post, WMT 2018, arXiv 1804.08771): entities such as &quot; are undone, punctuation and
/// symbols are words of their own, points and commas too unless between digits, and a dash after a
/// digit.
std::vector<std::string> tokenised_13a(std::string_view sentence);

/// Letters to lower case: ASCII, Latin-1, Latin Extended-A, Greek and Cyrillic; others stay.
std::string lower_cased(std::string_view text);

struct Bleu {
  static constexpr std::size_t orders = 4;

  double score = 0.0;                          // 0 … 100
  std::array<double, orders> precisions = {};  // percent, after smoothing
  double brevity_penalty = 0.0;
  std::array<std::int64_t, orders> correct = {};  // n-grams that are in the reference too
  std::array<std::int64_t, orders> total = {};
  std::int64_t words = 0;  // of all hypotheses
  std::int64_t reference_words = 0;
};

struct BleuOptions {
  bool lower_case = false;
};

/// Corpus BLEU of hypotheses against one reference each, up to 4-grams (Papineni et al., ACL 2002):
///   BLEU = min(1, e^{1 − r/h}) · exp(¼ Σ_n ln p_n),  p_n = clipped matches / n-grams of the
///   corpus,
/// an order without a match counting ½, ¼, … of one ("exp" smoothing). Errors: different numbers.
Bleu corpus_bleu(std::span<const std::string> hypotheses, std::span<const std::string> references,
                 const BleuOptions& options = {});

/// What the number is, in sacrebleu's words: "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp".
std::string bleu_signature(const BleuOptions& options);

}  // namespace heddle
