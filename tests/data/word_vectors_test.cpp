#include "data/word_vectors.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/core/throws.h"

namespace heddle {
namespace {

using Words = std::vector<std::string>;

WordVectors read(const std::string& text, const Words& words) {
  return read_word_vectors(InputFile::in_memory("v.txt", text), words);
}

TEST(WordVectors, OfGloveAndOfWord2vecWithItsFirstLine) {
  const Words words = {"cat", "the", "dog"};
  const std::vector<float> values = {0.5f, -1.0f, 2.0f, 1e-3f};
  for (const std::string first : {"", "3 2\n"}) {
    const WordVectors found = read(first + "the 0.5 -1\nof 7 7\ncat 2 1e-3\n", words);
    EXPECT_EQ(found.width, 2);
    EXPECT_EQ(found.rows, (std::vector<std::int64_t>{1, 0, -1}));
    EXPECT_EQ(found.values, values);
  }
  // Trailing spaces as word2vec's program writes them, tabs, CR LF, no end of the last line.
  const WordVectors other = read("the 0.5 -1 \r\ncat\t2\t1e-3", words);
  EXPECT_EQ(other.rows, (std::vector<std::int64_t>{1, 0, -1}));
  EXPECT_EQ(other.values, values);
}

TEST(WordVectors, AWordMayHaveSpacesAndTheFirstOfTwoCounts) {
  const WordVectors found = read("the 1 2\n. . . 3 4\nthe 5 6\nat name@domain.com 7 8\n2 9 10\n",
                                 {"the", ". . .", "2", "at name@domain.com"});
  EXPECT_EQ(found.rows, (std::vector<std::int64_t>{0, 1, 3, 2}));
  EXPECT_EQ(found.values, (std::vector<float>{1, 2, 3, 4, 7, 8, 9, 10}));
}

TEST(WordVectors, CountsWordsThatAreThereInCapitals) {
  const WordVectors found = read("The 1\nPARIS 2\nParis 3\nof 4\nOf 5\n", {"the", "paris", "of"});
  EXPECT_EQ(found.rows, (std::vector<std::int64_t>{-1, -1, 0}));
  EXPECT_EQ(found.found_in_capitals, 2);
}

TEST(WordVectors, SmallNumbersBecomeZeroOrSubnormal) {
  EXPECT_EQ(read("a 1e-60 -0.0\n", {"a"}).values, (std::vector<float>{0.0f, -0.0f}));
}

TEST(WordVectors, LinesThatCrossThePiecesOfTheFileAreWhole) {
  std::string text;
  Words words;
  for (int i = 0; i < 60'000; ++i) {
    words.push_back("word" + std::to_string(i));
    text += words.back() + " " + std::to_string(i) + ".25 -" + std::to_string(i) + " 1 2 3\n";
  }
  ASSERT_GT(text.size(), std::size_t{1} << 20);
  const WordVectors found = read(text, words);
  ASSERT_EQ(found.values.size(), words.size() * 5);
  for (std::size_t i = 0; i < words.size(); ++i) {
    ASSERT_EQ(found.rows[i], static_cast<std::int64_t>(i));
    ASSERT_EQ(found.values[i * 5], static_cast<float>(i) + 0.25f);
    ASSERT_EQ(found.values[i * 5 + 1], -static_cast<float>(i));
  }
}

TEST(WordVectors, RefusesALineWithoutEnd) {
  const std::string endless = message_of<InputError>(
      [] { read("the 1 2\n" + std::string(std::size_t{3} << 20, 'x'), {}); });
  EXPECT_NE(endless.find("v.txt: line 2: is longer than 1048576 bytes"), std::string::npos)
      << endless;
  const std::string wide =
      message_of<InputError>([] { read("a" + std::string(5000, ' ') + "1\n", {}); });
  EXPECT_NE(wide.find("line 1: has 5000 numbers; expected a word and 1 … 4096 numbers"),
            std::string::npos)
      << wide;
}

}  // namespace
}  // namespace heddle
