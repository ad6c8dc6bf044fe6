#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "data/nearest_name.h"
#include "data/utf8.h"
#include "data/vocabulary.h"
#include "tests/core/throws.h"

namespace heddle {
namespace {

TEST(NearestName, DistanceCountsSwapsOnce) {
  EXPECT_EQ(edit_distance("hidden", "hidden"), 0);
  EXPECT_EQ(edit_distance("hiddne", "hidden"), 1);
  EXPECT_EQ(edit_distance("", "abc"), 3);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
}

TEST(NearestName, SuggestsOnlyWhatIsNear) {
  const std::vector<std::string> known = {"learning_rate", "batch_size", "seed"};
  EXPECT_EQ(nearest_name("lerning_rate", known), "learning_rate");
  EXPECT_EQ(nearest_name("batch", known), "batch_size");
  EXPECT_EQ(nearest_name("colour", known), std::nullopt);
  EXPECT_EQ(nearest_name("lable", std::vector<std::string>{"table", "label"}), "label");
  EXPECT_EQ(suggestion("sed", known), "; did you mean \"seed\"?");
  EXPECT_EQ(suggestion("colour", known),
            "; expected one of \"learning_rate\", \"batch_size\", \"seed\"");
}

TEST(Utf8, FindsTheFirstWrongByte) {
  EXPECT_FALSE(first_invalid_utf8("a ä € 😀 \x7f"));
  EXPECT_FALSE(first_invalid_utf8("\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80"));
  for (const std::string bad :
       {"\x80", "\xc1\xbf", "\xc3", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xe2\x28\xa1", "\xf0\x9f\x98"}) {
    EXPECT_EQ(first_invalid_utf8("ab" + bad), 2u);
  }
}

TEST(Vocabulary, WordsAreLoweredAndTrimmed) {
  EXPECT_EQ(words_in("  It's \"GOOD\", ünïcode -- don't!\t(yes) "),
            (std::vector<std::string>{"it's", "good", "ünïcode", "don't", "yes"}));
  EXPECT_TRUE(words_in(" ... \n").empty());
}

TEST(Vocabulary, CountsOrdersAndLeavesOutTheRare) {
  const std::vector<std::string> texts = {"b a b", "a b c", "d"};
  const Vocabulary all = Vocabulary::counted(texts, 1);
  EXPECT_EQ(all.size(), 6);
  EXPECT_EQ(all.word(0), "<pad>");
  EXPECT_EQ(all.word(2), "b");
  EXPECT_EQ(all.word(3), "a");
  const Vocabulary frequent = Vocabulary::counted(texts, 2);
  EXPECT_EQ(frequent.encode("A c, b"), (std::vector<std::int64_t>{3, Vocabulary::unknown, 2}));
  EXPECT_NE(message_of([] {
              Vocabulary({"x", "x"});
            }).find("\"x\" is there twice"),
            std::string::npos);
}

}  // namespace
}  // namespace heddle
