#include "data/csv.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/core/throws.h"
#include "tests/data/temporary_folder.h"

namespace heddle {
namespace {

using Texts = std::vector<std::string>;

Table csv(std::string_view text) { return read_csv(InputFile::in_memory("t.csv", text)); }
Table jsonl(std::string_view text) { return read_jsonl(InputFile::in_memory("t.jsonl", text)); }

TEST(Csv, QuotedFieldsHoldCommasQuotesAndLineEnds) {
  const Table table =
      csv("\xEF\xBB\xBFname,\"what, exactly\",n\r\n"
          "a,\"said \"\"no\"\"\",1\r\n"
          "\"two\nlines\",,2\n"
          "last,\"\",3");
  EXPECT_EQ(table.columns(), (Texts{"name", "what, exactly", "n"}));
  EXPECT_EQ(table.rows(), 3);
  EXPECT_EQ(table.text("name"), (Texts{"a", "two\nlines", "last"}));
  EXPECT_EQ(table.text("what, exactly"), (Texts{"said \"no\"", "", ""}));
  EXPECT_EQ(table.integers("n"), (std::vector<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(table.line_of(2), 5);  // the second record has two lines
}

TEST(Csv, ErrorsNameTheLine) {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"", "has 0 bytes"},
      {"a,b\n1\n", "line 2: 1 field, expected 2 as in the header line"},
      {"a,b\n1,2,3\n", "line 2: 3 fields"},
      {"a,b\n1,x\"y\n", "line 2: a quote inside a field"},
      {"a,b\n\n\"1\"x,2\n", "line 2: 1 field"},
      {"a\n\"1\"x\n", "line 2: expected a comma or the end of the line"},
      {"a\n\"1\n2\n", "line 2: a quote that is never closed"},
      {"a,a\n", "two columns are named \"a\""},
      {"a,\n", "column 2 has no name"},
      {"a\n\xff\n", "line 2 (byte 2): expected UTF-8"},
      {std::string("a\n\0\n", 4), "a NUL byte"},
      {"a\nx\rz\n", "line 2: expected a comma or the end"},
      {"a\nx\x1Fz\n", "a separator character"},
  };
  for (const auto& [text, expected] : bad) {
    const std::string message = message_of<InputError>([&, &t = text] { csv(t); });
    EXPECT_NE(message.find(expected), std::string::npos) << message;
  }
}

TEST(Jsonl, KeysAreColumnsInTheOrderOfTheirFirstUse) {
  const Table table = jsonl(
      "{\"text\": \"a\\tb\\n\", \"n\": 1.5}\n"
      "\n"
      "{\"n\": null, \"flag\": true, \"text\": \"\\u00e9\"}\r\n");
  EXPECT_EQ(table.columns(), (Texts{"text", "n", "flag"}));
  EXPECT_EQ(table.text("text"), (Texts{"a\tb\n", "é"}));
  EXPECT_EQ(table.text("n"), (Texts{"1.5", ""}));
  EXPECT_EQ(table.text("flag"), (Texts{"", "true"}));
  EXPECT_EQ(table.line_of(1), 3);
}

TEST(Jsonl, ErrorsNameTheLine) {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"{\"a\": 1}\n[1]\n", "line 2: expected a JSON object"},
      {"{\"a\": 1}\n{\"a\": 1\n", "line 2: expected a JSON object"},
      {"{\"a\": 1} {\"a\": 2}\n", "line 1: expected a JSON object"},
      {"{\"a\": [1]}\n", "line 1: a value is a list or an object"},
      {"{\"a\": {\"b\": 1}}\n", "line 1: a value is a list or an object"},
      {"{\"a\": 1, \"a\": 2}\n", "line 1: the key \"a\" is given twice"},
      {"\n", "0 columns"},
      {"{\"\": 1}\n", "column 1 has no name"},
  };
  for (const auto& [text, expected] : bad) {
    const std::string message = message_of<InputError>([&, &t = text] { jsonl(t); });
    EXPECT_NE(message.find(expected), std::string::npos) << message;
  }
  const std::string deep = "{\"a\": " + std::string(100000, '[') + "\n";
  EXPECT_THROW(jsonl(deep), InputError);
}

TEST(Tables, Stack) {
  const TemporaryFolder folder;
  std::vector<Table> tables = {
      read_table(folder.write("a.csv", "x,y,z\n\"1\n\",2,3\n4,5,6\n")),
      read_table(folder.write("b.tsv", "y\tx\n8\t7\n")),
      read_table(folder.write("c.jsonl", "\n{\"x\": 9, \"y\": \"no\"}\n"))};
  const Table table = stacked({stacked({tables[0], tables[1]}), tables[2]});
  EXPECT_EQ(table.rows(), 4);
  EXPECT_EQ(table.columns(), (Texts{"x", "y"}));
  EXPECT_EQ(table.text("x"), (Texts{"1\n", "4", "7", "9"}));
  EXPECT_FALSE(table.has_column("z"));
  EXPECT_TRUE(table.place_of(1).ends_with("a.csv: line 4")) << table.place_of(1);
  EXPECT_TRUE(table.place_of(2).ends_with("b.tsv: line 2")) << table.place_of(2);
  const std::string not_whole = message_of<InputError>([&] { table.integers("y"); });
  EXPECT_NE(not_whole.find("c.jsonl: line 2: column \"y\""), std::string::npos) << not_whole;
  const std::string lacks = message_of<InputError>([&] { table.text("z"); });
  EXPECT_NE(lacks.find("b.tsv: no column is named \"z\""), std::string::npos) << lacks;
}

TEST(Tables, AreReadByTheirEnding) {
  const TemporaryFolder folder;
  EXPECT_EQ(read_table(folder.write("a.csv", "x,y\n1,2\n")).text("y"), (Texts{"2"}));
  EXPECT_EQ(read_table(folder.write("a.jsonl", "{\"y\": 2}\n")).text("y"), (Texts{"2"}));
  EXPECT_EQ(read_table(folder.write("a.tsv", "x\ty\n1\t2\n")).text("y"), (Texts{"2"}));
}

}  // namespace
}  // namespace heddle
