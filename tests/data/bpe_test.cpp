#include "data/bpe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "core/random.h"
#include "data/vocabulary.h"
#include "tests/core/throws.h"

namespace heddle {
namespace {

std::vector<std::string> repeated(const std::map<std::string, int>& words) {
  std::vector<std::string> texts;
  for (const auto& [word, count] : words) {
    texts.insert(texts.end(), static_cast<std::size_t>(count), word);
  }
  return texts;
}

std::vector<std::string> written(const Bpe& bpe, std::string_view text) {
  std::vector<std::string> symbols;
  for (const std::int64_t symbol : bpe.encode(text)) {
    symbols.push_back(symbol == Bpe::unknown ? "?"
                                             : bpe.symbols()[static_cast<std::size_t>(symbol)]);
  }
  return symbols;
}

// The words that are usual for showing the method: by hand, es and st and "t " occur 9 times, and
// byte order puts "es" first; then est (9) before "t ", "est " (9), lo before ow (7), low; of those
// that occur 6 times e+w comes before n+e, then ew+"est " before n+ew.
TEST(Bpe, LearnsTheWorkedExample) {
  const Bpe bpe =
      Bpe::learned(repeated({{"low", 5}, {"lower", 2}, {"newest", 6}, {"widest", 3}}), 8);
  const std::vector<std::string> learned(bpe.symbols().begin() + bpe.characters(),
                                         bpe.symbols().end());
  EXPECT_EQ(bpe.characters(), 11);  // " deilnorstw"
  EXPECT_EQ(learned, (std::vector<std::string>{"es", "est", "est ", "lo", "low", "ew", "ewest ",
                                               "newest "}));
  EXPECT_EQ(written(bpe, "lowest newer"),
            (std::vector<std::string>{"low", "est ", "n", "ew", "e", "r", " "}));
  EXPECT_EQ(bpe.decode(bpe.encode("lowest newer")), "lowest newer");
}

TEST(Bpe, EndsWhereNoPairOccursTwice) {
  const std::vector<std::string> texts = {"ab", "ab"};
  const Bpe bpe = Bpe::learned(texts, 100);
  EXPECT_EQ(bpe.merges(), 2);
  EXPECT_EQ(written(bpe, "ab"), std::vector<std::string>{"ab "});
  EXPECT_EQ(Bpe::learned(texts, 0).merges(), 0);
  EXPECT_EQ(Bpe::learned({}, 5).characters(), 1);
}

TEST(Bpe, KeepsCharactersOfUtf8Whole) {
  const std::vector<std::string> texts = {"mädchen läuft über 😀 grüße", "männer über bäume"};
  const Bpe bpe = Bpe::learned(texts, 50);
  for (const std::string& symbol : bpe.symbols()) {
    EXPECT_NE(static_cast<unsigned char>(symbol[0]) & 0xC0u, 0x80u) << symbol;
  }
  EXPECT_EQ(bpe.decode(bpe.encode(texts[0])), texts[0]);
  EXPECT_EQ(bpe.decode(bpe.encode("größe")),
            "gr\xEF\xBF\xBD"
            "ße");  // ö was never seen
}

TEST(Bpe, TakesAnyBytes) {
  Generator generator(7);
  std::vector<std::string> texts;
  for (int i = 0; i < 200; ++i) {
    std::string text;
    for (std::uint64_t k = generator.below(30); k > 0; --k) {
      text += static_cast<char>(generator.bernoulli(0.3) ? ' '
                                                         : static_cast<int>(generator.below(256)));
    }
    texts.push_back(text);
  }
  texts.insert(texts.end(), {"", " ", "  ", "a  b ", "\xC3", "\xF0\x9F\x98", std::string(1, '\0')});
  const Bpe bpe = Bpe::learned(texts, 300);
  const Bpe read = Bpe::from_text(bpe.to_text(), "memory");
  EXPECT_EQ(read.to_text(), bpe.to_text());
  for (const std::string& text : texts) {
    EXPECT_EQ(bpe.decode(bpe.encode(text)), text);
    EXPECT_EQ(read.encode(text), bpe.encode(text));
  }
}

TEST(Bpe, DoesNotDependOnTheOrderOfTexts) {
  std::vector<std::string> texts = {"a dog runs", "two dogs run", "the sun is up", "dogs"};
  const std::string one = Bpe::learned(texts, 20).to_text();
  std::reverse(texts.begin(), texts.end());
  EXPECT_EQ(Bpe::learned(texts, 20).to_text(), one);
}

TEST(Bpe, RefusesWhatItDidNotWrite) {
  const std::string good = Bpe::learned(std::vector<std::string>{"aa b", "aa"}, 3).to_text();
  EXPECT_NO_THROW(Bpe::from_text(good, "f"));
  for (const auto& [text, message] : std::map<std::string, std::string>{
           {"", "line 1: the file ends here"},
           {"bpe\n", "expected \"heddle bpe 1\""},
           {"heddle bpe 1\ncharacters x\n", "line 2: got \"characters x\""},
           {"heddle bpe 1\ncharacters 2\nb\na\n", "line 4: expected one character"},
           {"heddle bpe 1\ncharacters 1\n\\xg0\n", "two digits after"},
           {"heddle bpe 1\ncharacters 1\na\nmerges 1\na b\n", "line 5: got \"a b\""},
           {"heddle bpe 1\ncharacters 1\na\nmerges 2\na a\na a\n", "line 6: the pair"},
           {"heddle bpe 1\ncharacters 99999999999\n", "expected \"characters \" and a number"},
           {good + "\n", "expected the end of the file"}}) {
    const std::string found = message_of<InputError>([&] { Bpe::from_text(text, "f"); });
    EXPECT_NE(found.find(message), std::string::npos) << found;
  }
  // Doubling symbols must not fill the memory.
  std::string doubling = "heddle bpe 1\ncharacters 1\na\nmerges 40\n";
  for (std::string symbol = "a"; symbol.size() < (std::size_t{1} << 21); symbol += symbol) {
    doubling += symbol + " " + symbol + "\n";
  }
  const std::string found = message_of<InputError>([&] { Bpe::from_text(doubling, "f"); });
  EXPECT_NE(found.find("is longer than"), std::string::npos) << found;
}

TEST(Vocabulary, OfBytePairsKnowsWhereTextsEnd) {
  const std::vector<std::string> texts = {"a dog runs", "the dog sleeps"};
  const Vocabulary vocabulary(Bpe::learned(texts, 10));
  EXPECT_TRUE(vocabulary.has_ends());
  EXPECT_EQ(vocabulary.word(Vocabulary::begin), "<s>");
  EXPECT_EQ(vocabulary.word(Vocabulary::end), "</s>");
  std::vector<std::int64_t> numbers = vocabulary.encode("the dog runs");
  EXPECT_EQ(vocabulary.pieces("the dog runs").size(), numbers.size());
  EXPECT_EQ(vocabulary.encode_all(texts)[1], vocabulary.encode(texts[1]));
  numbers.insert(numbers.begin(), Vocabulary::begin);
  numbers.push_back(Vocabulary::end);
  EXPECT_EQ(vocabulary.decode(numbers), "the dog runs");
  EXPECT_EQ(vocabulary.encode("x")[0], Vocabulary::unknown);
}

TEST(Vocabulary, WithEndsDecodesWords) {
  const Vocabulary vocabulary = Vocabulary::with_ends({"red", "ball"});
  EXPECT_TRUE(vocabulary.has_ends());
  EXPECT_FALSE(Vocabulary({"red"}).has_ends());
  EXPECT_EQ(vocabulary.decode(std::vector<std::int64_t>{2, 5, 4, 3, 0}), "ball red");
}

}  // namespace
}  // namespace heddle
