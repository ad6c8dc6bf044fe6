#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "data/batch.h"
#include "data/builtin/retrieval.h"
#include "data/builtin/sets.h"
#include "data/folder_dataset.h"
#include "data/npy.h"
#include "data/tsv.h"
#include "tests/core/throws.h"
#include "tests/data/temporary_folder.h"

namespace heddle {
namespace {

TEST(BuiltinRetrieval, TwoCaptionsShareAPicture) {
  const BuiltinRetrieval made =
      make_builtin_retrieval({.seed = 1, .train = 6, .valid = 3, .test = 4});
  const Dataset& dataset = made.dataset;
  EXPECT_EQ(dataset.identities, (std::vector<std::int64_t>{0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6}));
  EXPECT_EQ(made.scenes.size(), 7u);
  EXPECT_EQ(dataset.name_of_identity(4), "picture 4");
  const Modality& image = dataset.modality("image");
  EXPECT_TRUE(image.info.per_identity);
  EXPECT_FALSE(dataset.modality("text").info.per_identity);
  EXPECT_EQ(image.sample(2).to_vector<float>(), image.sample(3).to_vector<float>());
  EXPECT_NE(image.sample(1).to_vector<float>(), image.sample(2).to_vector<float>());
}

TEST(BuiltinRetrieval, ACaptionNamesItsScene) {
  const Scene scene = {.colour = 0, .shape = 3, .place = 8};
  std::set<std::string> made;
  Generator generator(5);
  for (int i = 0; i < 200; ++i) {
    made.insert(describe_scene(scene, generator));
  }
  EXPECT_EQ(made.size(), 16u);  // four sentences, two words for the colour, two for the shape
  for (const std::string& caption : made) {
    EXPECT_TRUE(caption.find("red") != std::string::npos ||
                caption.find("crimson") != std::string::npos)
        << caption;
    EXPECT_TRUE(caption.find("cross") != std::string::npos ||
                caption.find("plus") != std::string::npos)
        << caption;
    EXPECT_NE(caption.find("bottom right"), std::string::npos) << caption;
  }
}

TEST(BuiltinRetrieval, EveryWordIsKnown) {
  const BuiltinRetrieval made = make_builtin_retrieval({.train = 2000, .valid = 0, .test = 0});
  for (const std::int64_t token : made.dataset.modality("text").values.to_vector<std::int64_t>()) {
    EXPECT_NE(token, Vocabulary::unknown);
  }
}

TEST(BuiltinRetrieval, TheBestRecallCountsScenesThatLookAlike) {
  BuiltinRetrieval made = make_builtin_retrieval({.train = 2, .valid = 0, .test = 8});
  // Pictures 1 … 4 are the test's: two alike, two of their own.
  made.scenes[1] = made.scenes[2] = {.colour = 0, .shape = 0, .place = 0};
  made.scenes[3] = {.colour = 1, .shape = 0, .place = 0};
  made.scenes[4] = {.colour = 0, .shape = 1, .place = 0};
  made.scenes[0] = made.scenes[3];  // of another split: does not count
  EXPECT_DOUBLE_EQ(best_possible_recall(made, Split::test, 1), (0.5 + 0.5 + 1.0 + 1.0) / 4.0);
  EXPECT_DOUBLE_EQ(best_possible_recall(made, Split::test, 2), 1.0);
}

TEST(BuiltinSets, GoByName) {
  EXPECT_EQ(builtin_set_names().front(), "sentiment");
  const BuiltinOptions options = {.seed = 1, .train = 20, .valid = 0, .test = 10};
  EXPECT_EQ(make_builtin_set("sentiment", options).cues.size(), 30u);
  EXPECT_FALSE(make_builtin_set("retrieval", options).dataset.has_labels());
  EXPECT_NE(
      message_of<InputError>([&] { make_builtin_set("retrieve", options); }).find("retrieval"),
      std::string::npos);
  const std::vector<std::string> both = {"text", "image"};
  const std::vector<std::string> text = {"text"};
  const double best = best_possible_in_set("retrieval", options, both).value();
  EXPECT_GT(best, 0.9);
  EXPECT_LE(best, 1.0);
  EXPECT_FALSE(best_possible_in_set("retrieval", options, text).has_value());
  EXPECT_DOUBLE_EQ(best_possible_in_set("sentiment", options, text).value(), 0.625);
}

/// Captions of three pictures in two tables; one sentence has no picture.
class CaptionFolder : public testing::Test {
 protected:
  CaptionFolder() {
    folder_.write("a.tsv", "image\trow\ttext\n0\t1\tone\n0\t1\tuno\n2\t0\ttwo\n1\t-1\tnone\n");
    folder_.write("b.tsv", "image\trow\ttext\n1\t2\tthree\n2\t-1\tlone\n");
    folder_.write("names.tsv", "file\nx.jpg\ny.jpg\nz.jpg\n");
    write_npy(folder_ / "f.npy", Tensor::arange(6).to(DType::f32).reshape({3, 2}));
  }
  Dataset load(const std::string& more) const {
    return load_folder_dataset(
        folder_.write("dataset.toml",
                      "name = 'n'\n[table]\nfile = ['a.tsv', 'b.tsv']\n[split]\ncolumn = 'table'\n"
                      "train = 'a.tsv'\ntest = 'b.tsv'\n" +
                          more +
                          "[[modality]]\nname = 'text'\nkind = 'tokens'\ncolumn = 'text'\n"
                          "[[modality]]\nname = 'image'\nkind = 'features'\nfile = 'f.npy'\n"
                          "rows = 'row'\n"));
  }
  TemporaryFolder folder_;
};

TEST_F(CaptionFolder, TablesAreJoinedAndRowsMayBeAbsent) {
  const Dataset dataset = load("");
  EXPECT_EQ(dataset.indices(Split::train), (std::vector<std::int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(dataset.indices(Split::test), (std::vector<std::int64_t>{4, 5}));
  const Modality& image = dataset.modality("image");
  EXPECT_EQ(image.present, (std::vector<bool>{true, true, true, false, true, false}));
  EXPECT_EQ(image.sample(0).to_vector<float>(), (std::vector<float>{2, 3}));
  EXPECT_EQ(image.sample(4).to_vector<float>(), (std::vector<float>{4, 5}));
  const std::vector<std::int64_t> two = {3, 4};
  const BatchModality batch = collate(dataset, two).modality("image");
  EXPECT_EQ(batch.present.to_vector<bool>(), (std::vector<bool>{false, true}));
  const std::vector<std::int64_t> whole = {0, 4};
  EXPECT_FALSE(collate(dataset, whole).modality("image").present.defined());
}

TEST_F(CaptionFolder, TrainingLeavesOutWhatLacksANeededModality) {
  const Dataset dataset = load("train_needs = ['image']\n");
  EXPECT_EQ(dataset.indices(Split::train), (std::vector<std::int64_t>{0, 1, 2}));
  EXPECT_EQ(dataset.indices(Split::test), (std::vector<std::int64_t>{4, 5}));
  const auto error = [&](const std::string& more) {
    return message_of<InputError>([&] { load(more); });
  };
  EXPECT_NE(error("train_needs = ['images']\n").find("image"), std::string::npos);
  EXPECT_NE(error("train_needs = ['text']\n").find("every sample has"), std::string::npos);
}

TEST_F(CaptionFolder, IdentitiesHaveNames) {
  const Dataset dataset = load("[identity]\ncolumn = 'image'\nfile = 'names.tsv'\nname = 'file'\n");
  EXPECT_EQ(dataset.identities, (std::vector<std::int64_t>{0, 0, 2, 1, 1, 2}));
  EXPECT_EQ(dataset.name_of_identity(2), "z.jpg");
  EXPECT_FALSE(dataset.modality("image").info.per_identity);  // its rows are another column
  const Dataset texts = load("[identity]\ncolumn = 'row'\n");
  EXPECT_EQ(texts.identities, (std::vector<std::int64_t>{0, 0, 1, 2, 3, 2}));
  EXPECT_EQ(texts.name_of_identity(3), "2");
  EXPECT_TRUE(texts.modality("image").info.per_identity);
  EXPECT_NE(message_of<InputError>([&] {
              load("[identity]\ncolumn = 'row'\nfile = 'names.tsv'\nname = 'file'\n");
            }).find("has -1"),
            std::string::npos);
  EXPECT_NE(message_of<InputError>([&] {
              load("[identity]\ncolumn = 'row'\nname = 'file'\n");
            }).find("go together"),
            std::string::npos);
}

TEST_F(CaptionFolder, TablesOfSeveralFormatsAreStackedBeforeTheirJoin) {
  folder_.write("c.csv", "image,row,text\n1,2,\"three,\n\tthree\"\n");
  folder_.write("d.jsonl", "{\"image\": 2, \"row\": null, \"text\": \"lone\"}\n");
  folder_.write("who.tsv", "author\nann\nbea\ncy\n");
  const Dataset dataset = load_folder_dataset(folder_.write(
      "mixed.toml",
      "name = 'n'\n[table]\nfile = ['a.tsv', 'c.csv', 'd.jsonl']\nname = 'author'\n"
      "[[table.join]]\nfile = 'who.tsv'\nrows = 'image'\n[split]\ncolumn = 'table'\n"
      "train = ['a.tsv', 'd.jsonl']\ntest = 'c.csv'\ntrain_needs = ['image']\n"
      "[[modality]]\nname = 'text'\nkind = 'tokens'\ncolumn = 'text'\n"
      "[[modality]]\nname = 'image'\nkind = 'features'\nfile = 'f.npy'\nrows = 'row'\n"
      "missing = 'absent'\n"));
  EXPECT_EQ(dataset.sample_names,
            (std::vector<std::string>{"ann", "ann", "cy", "bea", "bea", "cy"}));
  EXPECT_EQ(dataset.modality("text").texts[4], "three,\n\tthree");
  EXPECT_EQ(dataset.indices(Split::train), (std::vector<std::int64_t>{0, 1, 2}));
  EXPECT_EQ(dataset.indices(Split::test), (std::vector<std::int64_t>{4}));
  EXPECT_TRUE(dataset.modality("image").present.empty());  // nobody who is used lacks it
}

TEST_F(CaptionFolder, RowsMayBeMinusOneButNothingBelow) {
  folder_.write("b.tsv", "image\trow\ttext\n1\t-2\tthree\n");
  EXPECT_NE(message_of<InputError>([&] { load(""); }).find("row -2 is asked for"),
            std::string::npos);
}

TEST_F(CaptionFolder, JoinedTablesNeedTheSameColumns) {
  folder_.write("b.tsv", "image\ttext\trow\n1\tthree\t2\n");
  EXPECT_NE(message_of<InputError>([&] { load(""); }).find("same columns"), std::string::npos);
}

}  // namespace
}  // namespace heddle
