#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "data/folder_dataset.h"
#include "data/npy.h"
#include "tests/core/throws.h"
#include "tests/data/temporary_folder.h"

namespace heddle {
namespace {

/// Pairs of sentences in a table for each split, some of them with a picture.
class FolderTextsTest : public testing::Test {
 protected:
  FolderTextsTest() {
    folder_.write("train.tsv",
                  "picture\ten\tde\tfr\n"
                  "1\ta dog runs\tein hund rennt\tx\n"
                  "-1\ta man runs\tein mann rennt\tx\n"
                  "0\ttwo dogs\tzwei hunde\tx\n");
    folder_.write("val.tsv", "en\tde\tpicture\nthe dog sees a man\tder hund sieht\t2\n");
    folder_.write("test.tsv", "picture\ten\tde\n2\tnew words\tneue wörter\n-1\ta man\tein mann\n");
    write_npy(folder_ / "pictures.npy", Tensor::arange(6).to(DType::f32).reshape({3, 2}));
  }

  static constexpr const char* head =
      "name = 'pairs'\n[table]\ntrain = 'train.tsv'\nvalid = 'val.tsv'\ntest = 'test.tsv'\n";
  static constexpr const char* english =
      "[[modality]]\nname = 'english'\nkind = 'tokens'\ncolumn = 'en'\ntokenizer = 'bpe'\n"
      "merges = 20\nvocabulary = 'joint'\n";
  static constexpr const char* german =
      "[[modality]]\nname = 'german'\nkind = 'tokens'\ncolumn = 'de'\ntokenizer = 'bpe'\n"
      "merges = 20\nvocabulary = 'joint'\n";
  static constexpr const char* image =
      "[[modality]]\nname = 'image'\nkind = 'features'\nfile = 'pictures.npy'\nrows = 'picture'\n";

  Dataset load(const std::string& text, const FolderOptions& options = {}) const {
    return load_folder_dataset(folder_.write("dataset.toml", text), options);
  }
  std::string error_of(const std::string& text) const {
    return message_of<InputError>([&] { load(text); });
  }

  TemporaryFolder folder_;
};

TEST_F(FolderTextsTest, EachSplitHasItsTable) {
  const Dataset dataset = load(std::string(head) + english + german);
  EXPECT_EQ(dataset.samples, 6);
  EXPECT_EQ(dataset.indices(Split::train), (std::vector<std::int64_t>{0, 1, 2}));
  EXPECT_EQ(dataset.indices(Split::valid), (std::vector<std::int64_t>{3}));
  EXPECT_EQ(dataset.indices(Split::test), (std::vector<std::int64_t>{4, 5}));
  const Modality& texts = dataset.modality("german");
  EXPECT_EQ(texts.texts[3], "der hund sieht");
  // Columns that one table lacks cannot be used, and errors name the file.
  EXPECT_NE(error_of(std::string(head) + english +
                     "[[modality]]\nname = 'f'\nkind = 'tokens'\ncolumn = 'fr'\n")
                .find("val.tsv: no column is named \"fr\""),
            std::string::npos);
}

TEST_F(FolderTextsTest, ASharedVocabularyIsThatOfAllWhoShareIt) {
  const Dataset both = load(std::string(head) + english + german);
  const Vocabulary& vocabulary = *both.modality("english").info.vocabulary;
  EXPECT_EQ(both.modality("english").info.vocabulary, both.modality("german").info.vocabulary);
  const std::vector<std::string> train = {"a dog runs",     "a man runs",     "two dogs",
                                          "ein hund rennt", "ein mann rennt", "zwei hunde"};
  EXPECT_EQ(vocabulary.bpe()->to_text(), Bpe::learned(train, 20).to_text());
  const Modality& english_texts = both.modality("english");
  for (std::int64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(vocabulary.decode(english_texts.sample(i).to_vector<std::int64_t>()),
              english_texts.texts[static_cast<std::size_t>(i)]);
  }
  EXPECT_EQ(english_texts.words(0).size(), static_cast<std::size_t>(english_texts.length(0)));
  // A run that uses one of them has the same.
  const Dataset one = load(std::string(head) + english + german, {.modalities = {"german"}});
  EXPECT_EQ(one.modality("german").info.vocabulary->bpe()->to_text(), vocabulary.bpe()->to_text());
}

TEST_F(FolderTextsTest, AnEncodingThatIsGivenIsNotLearned) {
  const std::string given = Bpe::learned(std::vector<std::string>{"ein ein"}, 3).to_text();
  const Dataset dataset =
      load(std::string(head) + english + german, {.tokenizers = {{"german", given}}});
  EXPECT_EQ(dataset.modality("german").info.vocabulary->bpe()->to_text(), given);
  EXPECT_NE(dataset.modality("english").info.vocabulary->bpe()->to_text(), given);
}

TEST_F(FolderTextsTest, CompleteLeavesOutWhatHasNoPicture) {
  const std::string text = std::string(head) + "[split]\ncomplete = 'picture'\n" + english + image;
  const Dataset dataset = load(text);
  EXPECT_EQ(dataset.indices(Split::train), (std::vector<std::int64_t>{0, 2}));
  EXPECT_EQ(dataset.indices(Split::test), (std::vector<std::int64_t>{4}));
  EXPECT_EQ(dataset.modality("image").sample(0).to_vector<double>(),
            (std::vector<double>{2.0, 3.0}));
  EXPECT_TRUE(dataset.modality("image").present.empty());  // nobody who is used lacks a picture
  const Dataset all = load(std::string(head) + english + image);
  EXPECT_FALSE(all.modality("image").has(1));
  EXPECT_TRUE(all.modality("image").has(0));
}

TEST_F(FolderTextsTest, CompleteAndGapsGoTogether) {
  folder_.write("train.tsv",
                "picture\tsound\ten\tfold\n"
                "1\t0\ta dog runs\ta\n"
                "-1\t1\ta man runs\tb\n"
                "0\t\ttwo dogs\tb\n");
  folder_.write("val.tsv", "en\tpicture\tsound\tfold\nthe dog sees a man\t2\t\ta\n");
  folder_.write("test.tsv", "picture\tsound\ten\tfold\n2\t2\tnew words\ta\n0\t0\ta man\tb\n");
  const std::string sound =
      "[[modality]]\nname = 'sound'\nkind = 'features'\nfile = 'pictures.npy'\nrows = 'sound'\n"
      "missing = 'absent'\n";
  const Dataset dataset =
      load(std::string(head) + "[split]\ncomplete = 'picture'\n" + english + image + sound);
  EXPECT_EQ(dataset.indices(Split::train), (std::vector<std::int64_t>{0, 2}));
  EXPECT_EQ(dataset.modality("sound").present,
            (std::vector<bool>{true, true, false, false, true, true}));
  // Folds leave out of each split's table what they may not show; what is not complete stays out.
  const std::string folds = "[split]\ncomplete = 'picture'\nfolds = 'fold'\nfold = 1\n";
  const Dataset second = load(std::string(head) + folds + english + image);
  EXPECT_EQ(second.indices(Split::train), (std::vector<std::int64_t>{0}));
  EXPECT_EQ(second.indices(Split::valid), (std::vector<std::int64_t>{3}));
  EXPECT_EQ(second.indices(Split::test), (std::vector<std::int64_t>{5}));
}

TEST_F(FolderTextsTest, TablesOfSplitsMayBeOfAnyFormatAndBeJoined) {
  folder_.write("train.csv", "en,who\n\"a dog,\nbig\",1\ntwo dogs,0\n");
  folder_.write("test.jsonl", "{\"who\": 1, \"en\": \"new words\"}\n");
  folder_.write("who.tsv", "name\tage\nann\t30\nbob\t40\n");
  const std::string text =
      "name = 'n'\n[table]\ntrain = 'train.csv'\ntest = 'test.jsonl'\n"
      "[[table.join]]\nfile = 'who.tsv'\nrows = 'who'\n[target]\ncolumn = 'age'\n"
      "[[modality]]\nname = 'e'\nkind = 'tokens'\ncolumn = 'en'\n";
  const Dataset dataset = load(text);
  EXPECT_EQ(dataset.modality("e").texts,
            (std::vector<std::string>{"a dog,\nbig", "two dogs", "new words"}));
  EXPECT_EQ(dataset.targets.to_vector<float>(), (std::vector<float>{40, 30, 40}));
  folder_.write("test.jsonl", "\n{\"who\": 2, \"en\": \"new words\"}\n");
  const std::string error = error_of(text);
  EXPECT_NE(error.find("test.jsonl: line 2: column \"who\" is 2"), std::string::npos) << error;
}

TEST_F(FolderTextsTest, KeysThatDoNotGoTogetherAreRefused) {
  const std::string modality = "[[modality]]\nname = 'e'\nkind = 'tokens'\ncolumn = 'en'\n";
  const std::map<std::string, std::string> cases = {
      {std::string(head) + modality + "merges = 5\n", "\"merges\" goes with tokenizer = \"bpe\""},
      {std::string(head) + modality + "tokenizer = 'bpee'\n", "did you mean \"bpe\""},
      {std::string(head) + modality + "tokenizer = 'bpe'\nmin_count = 2\n", "\"min_count\" goes"},
      {std::string(head) + image + "tokenizer = 'bpe'\n", "has no key \"tokenizer\""},
      {"name = 'n'\n[table]\nfile = 'train.tsv'\ntest = 'test.tsv'\n" + modality,
       "expected either \"file\""},
      {"name = 'n'\n[table]\ntest = 'test.tsv'\n" + modality, "expected either \"file\""},
      {std::string(head) + "[split]\ncolumn = 'en'\n" + modality, "a file for each split"},
      {std::string(head) + english + german + "[[modality]]\nname = 'x'\nkind = 'tokens'\n" +
           "column = 'en'\ntokenizer = 'bpe'\nmerges = 9\nvocabulary = 'joint'\n",
       "have 20 and 9 merges"}};
  for (const auto& [text, message] : cases) {
    const std::string found = error_of(text);
    EXPECT_NE(found.find(message), std::string::npos) << found;
  }
}

}  // namespace
}  // namespace heddle
