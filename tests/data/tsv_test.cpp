#include "data/tsv.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/core/throws.h"

namespace heddle {
namespace {

Table read(const std::string& text) { return read_tsv(InputFile::in_memory("t.tsv", text)); }

TEST(Tsv, ColumnsByNameWithBothLineEnds) {
  const Table table = read("name\tcount\tscore\nä\t-3\t0.5\r\n\t9223372036854775807\t1e-3");
  EXPECT_EQ(table.columns(), (std::vector<std::string>{"name", "count", "score"}));
  EXPECT_EQ(table.rows(), 2);
  EXPECT_EQ(table.text("name"), (std::vector<std::string>{"ä", ""}));
  EXPECT_EQ(table.integers("count"), (std::vector<std::int64_t>{-3, 9223372036854775807}));
  EXPECT_EQ(table.numbers("score"), (std::vector<double>{0.5, 1e-3}));
}

TEST(Tsv, ByteOrderMarkQuotesAndNoRows) {
  EXPECT_EQ(read("\xEF\xBB\xBFname\n").columns(), (std::vector<std::string>{"name"}));
  EXPECT_EQ(read("\xEF\xBB\xBFname\n").rows(), 0);
  // No quoting: a quote is a letter like any other.
  EXPECT_EQ(read("a\n\"x\"\n").text("a"), (std::vector<std::string>{"\"x\""}));
  EXPECT_EQ(read("a\n\n\n").text("a"), (std::vector<std::string>{"", ""}));
}

TEST(Tsv, WrongFieldsAreNamedWithTheirLine) {
  const Table table = read("id\tx\n1\tnan\n2.5\t0x10\n");
  EXPECT_NE(message_of<InputError>([&] {
              table.integers("id");
            }).find("t.tsv: line 3: column \"id\" has \"2.5\", expected a whole number"),
            std::string::npos);
  EXPECT_NE(message_of<InputError>([&] {
              table.numbers("x");
            }).find("line 2: column \"x\" has \"nan\", expected a finite number"),
            std::string::npos);
  EXPECT_NE(message_of<InputError>([&] { table.text("ids"); }).find("did you mean \"id\"?"),
            std::string::npos);
  EXPECT_NE(message_of<InputError>([&] {
              read("a\n9223372036854775808\n").integers("a");
            }).find("expected a whole number"),
            std::string::npos);
}

TEST(Tsv, LongFieldsAndManyColumnsAreRefused) {
  const std::string field((1 << 20) + 1, 'x');
  EXPECT_NE(message_of<InputError>([&] {
              read("a\tb\n1\t" + field + "\n");
            }).find("line 2: field 2 has 1048577 bytes, expected at most 1048576"),
            std::string::npos);
  std::string header = "c0";
  for (int i = 1; i <= 4096; ++i) {
    header += "\tc" + std::to_string(i);
  }
  EXPECT_NE(message_of<InputError>([&] {
              read(header + "\n");
            }).find("4097 columns, expected at most 4096"),
            std::string::npos);
}

}  // namespace
}  // namespace heddle
