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
  EXPECT_EQ(dataset.modality("image").sample(1).to_vector<double>(),
            (std::vector<double>{0.0, 0.0}));
  EXPECT_NE(error_of(std::string(head) + english + image).find("[split] complete"),
            std::string::npos);
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
