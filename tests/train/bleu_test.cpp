#include "train/bleu.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/core/throws.h"

namespace heddle {
namespace {

/// What sacrebleu says (tests/golden/make_bleu.py).
nlohmann::json golden() {
  std::ifstream file(HEDDLE_SOURCE_DIR "/tests/golden/bleu.json");
  EXPECT_TRUE(file.good());
  return nlohmann::json::parse(file);
}

TEST(Bleu, TokenisesAsSacrebleuDoes) {
  for (const auto& sentence : golden().at("tokens")) {
    EXPECT_EQ(tokenised_13a(sentence.at("text").get<std::string>()),
              sentence.at("words").get<std::vector<std::string>>())
        << sentence.at("text");
  }
}

TEST(Bleu, IsThatOfSacrebleu) {
  for (const auto& wanted : golden().at("cases")) {
    const BleuOptions options = {.lower_case = wanted.at("lower").get<bool>()};
    const auto hypotheses = wanted.at("hypotheses").get<std::vector<std::string>>();
    const auto references = wanted.at("references").get<std::vector<std::string>>();
    const Bleu bleu = corpus_bleu(hypotheses, references, options);
    const auto name = wanted.at("name").get<std::string>();
    EXPECT_NEAR(bleu.score, wanted.at("score").get<double>(), 1e-9) << name;
    EXPECT_NEAR(bleu.brevity_penalty, wanted.at("brevity_penalty").get<double>(), 1e-12) << name;
    EXPECT_EQ(bleu.words, wanted.at("words").get<std::int64_t>()) << name;
    EXPECT_EQ(bleu.reference_words, wanted.at("reference_words").get<std::int64_t>()) << name;
    for (std::size_t n = 0; n < Bleu::orders; ++n) {
      EXPECT_EQ(bleu.correct[n], wanted.at("correct").at(n).get<std::int64_t>()) << name;
      EXPECT_EQ(bleu.total[n], wanted.at("total").at(n).get<std::int64_t>()) << name;
      EXPECT_NEAR(bleu.precisions[n], wanted.at("precisions").at(n).get<double>(), 1e-9) << name;
    }
    const auto signature = wanted.at("signature").get<std::string>();
    EXPECT_TRUE(signature.starts_with(bleu_signature(options) + "|")) << signature;
  }
}

TEST(Bleu, ByHand) {
  // Unigrams 4 of 5, bigrams 2 of 4, trigrams 1 of 3, none of the 2 fourgrams: counted as ½ of 2.
  const std::vector<std::string> hypothesis = {"a b c x d"};
  const std::vector<std::string> reference = {"a b c d e"};
  const double mean = std::sqrt(std::sqrt(0.8 * 0.5 * (1.0 / 3.0) * 0.25));
  EXPECT_NEAR(corpus_bleu(hypothesis, reference).score, 100.0 * mean, 1e-12);
  EXPECT_EQ(corpus_bleu({}, {}).score, 0.0);
  EXPECT_NE(message_of([&] { corpus_bleu(hypothesis, {}); }).find("1 hypotheses and 0 references"),
            std::string::npos);
}

TEST(Bleu, LowersLettersOfTwoBytes) {
  EXPECT_EQ(lower_cased("ÄÖÜß ÉÈ× ŽŠ ŐŰ ΑΩ ЖЯЁ aZ 日"), "äöüß éè× žš őű αω жяё az 日");
}

}  // namespace
}  // namespace heddle
