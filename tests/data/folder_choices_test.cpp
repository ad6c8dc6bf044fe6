#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "data/folder_dataset.h"
#include "data/npy.h"
#include "tests/core/throws.h"
#include "tests/data/temporary_folder.h"

namespace heddle {
namespace {

using Indices = std::vector<std::int64_t>;

/// Six recordings of three speakers in an official split, with answers and a second table.
class FolderChoices : public testing::Test {
 protected:
  FolderChoices() {
    folder_.write("table.tsv",
                  "part\tspeaker\tanswer\trow\tnumber\n"
                  "train\tann\tYes\t0\t10\n"
                  "train\tbob\tno\t1\t9\n"
                  "train\tcec\tyes\t1\t10\n"
                  "test\tann\tno\t0\t9\n"
                  "test\tbob\tmaybe\t1\t2\n"
                  "test\tcec\tyes\t0\t2\n");
    folder_.write("kinds.tsv", "kind\topen\nclosed\tx\n");
    write_npy(folder_ / "a.npy", Tensor::arange(4).to(DType::f32).reshape({2, 2}));
    write_npy(folder_ / "b.npy", Tensor::arange(2).to(DType::f32).reshape({1, 2}));
  }

  Dataset load(const std::string& text, const FolderOptions& options = {}) const {
    const std::string head = "name = 'n'\n[table]\nfile = 'table.tsv'\n";
    const std::string words = "\n[[modality]]\nname = 'w'\nkind = 'tokens'\ncolumn = 'answer'\n";
    return load_folder_dataset(folder_.write("dataset.toml", head + text + words), options);
  }
  std::string error_of(const std::string& text, const FolderOptions& options = {}) const {
    return message_of<InputError>([&] { load(text, options); });
  }

  TemporaryFolder folder_;
};

TEST_F(FolderChoices, FoldsOfAColumnWithinASplit) {
  const std::string text = "[split]\ncolumn = 'part'\nfolds = 'speaker'\nfold = 1\n";
  const Dataset bob = load(text);
  EXPECT_EQ(bob.folds, (std::vector<std::string>{"ann", "bob", "cec"}));
  EXPECT_EQ(bob.indices(Split::train), (Indices{0, 2}));
  EXPECT_EQ(bob.indices(Split::test), (Indices{4}));
  const Dataset ann = load(text, {.fold = 0});
  EXPECT_EQ(ann.indices(Split::train), (Indices{1, 2}));
  EXPECT_EQ(ann.indices(Split::test), (Indices{3}));
  EXPECT_NE(error_of(text, {.fold = 3}).find("fold 3 is asked for, expected 0 … 2"),
            std::string::npos);
}

TEST_F(FolderChoices, FoldsOfNumbersGoByValue) {
  const Dataset dataset = load("[split]\nfolds = 'number'\n");
  EXPECT_EQ(dataset.folds, (std::vector<std::string>{"2", "9", "10"}));
  EXPECT_EQ(dataset.indices(Split::test), (Indices{4, 5}));
  EXPECT_EQ(dataset.indices(Split::train), (Indices{0, 1, 2, 3}));
}

TEST_F(FolderChoices, FoldsMadeOfGroupsKeepThemWhole) {
  std::set<std::int64_t> tested;
  for (std::int64_t fold = 0; fold < 3; ++fold) {
    const Dataset dataset =
        load("[split]\nfolds = 3\n[group]\ncolumn = 'speaker'\n", {.fold = fold});
    const Indices& test = dataset.indices(Split::test);
    ASSERT_EQ(test.size(), 2u);
    EXPECT_EQ(test[1], test[0] + 3);  // one speaker's two
    tested.insert(test.begin(), test.end());
    EXPECT_EQ(dataset.indices(Split::train).size(), 4u);
  }
  EXPECT_EQ(tested.size(), 6u);
  EXPECT_NE(error_of("[split]\nfolds = 4\n[group]\ncolumn = 'speaker'\n").find("4 folds of 3"),
            std::string::npos);
}

TEST_F(FolderChoices, GroupsOfTwoColumns) {
  const Dataset dataset = load("[split]\ncolumn = 'part'\n[group]\ncolumn = ['part', 'row']\n");
  ASSERT_EQ(dataset.groups.size(), 4u);
  EXPECT_EQ(dataset.groups[1].name, "train/1");
  EXPECT_EQ(dataset.groups[1].members, (Indices{1, 2}));
}

TEST_F(FolderChoices, ClassesAreCountedInTheTrainingSplit) {
  const Dataset dataset = load(
      "[split]\ncolumn = 'part'\n[label]\ncolumn = 'answer'\nclasses = 'train'\nlower_case = "
      "true\n");
  EXPECT_EQ(dataset.class_names, (std::vector<std::string>{"yes", "no", "<other>"}));
  EXPECT_EQ(dataset.other_class, 2);
  EXPECT_EQ(dataset.labels.to_vector<std::int64_t>(), (Indices{0, 1, 0, 1, 2, 0}));
  const Dataset frequent = load(
      "[split]\ncolumn = 'part'\n[label]\ncolumn = 'answer'\nclasses = 'train'\nmin_count = 2\n"
      "lower_case = true\n");
  EXPECT_EQ(frequent.class_names, (std::vector<std::string>{"yes", "<other>"}));
}

TEST_F(FolderChoices, TheRowsOfAnotherTableJoin) {
  const std::string joined =
      "[[table.join]]\nfile = 'kinds.tsv'\nrows = 'row'\n[split]\ncolumn = 'part'\n";
  EXPECT_NE(error_of(joined).find("line 3: column \"row\" is 1, but"), std::string::npos);
  folder_.write("kinds.tsv", "kind\topen\nclosed\tx\nopen\ty\n");
  const Dataset dataset = load(joined, {.category = "kind"});
  EXPECT_EQ(dataset.category_of,
            (std::vector<std::string>{"closed", "open", "open", "closed", "open", "closed"}));
  EXPECT_NE(error_of(joined, {.category = "kin"}).find("did you mean \"kind\"?"),
            std::string::npos);
}

TEST_F(FolderChoices, AColumnSaysWhichFileARowIsOf) {
  const std::string files =
      "[split]\ncolumn = 'part'\n[[modality]]\nname = 'x'\nkind = 'features'\n"
      "file = { train = 'a.npy', test = 'b.npy' }\nfile_column = 'part'\nrows = 'row'\n";
  EXPECT_NE(
      error_of(files).find("line 6: column \"row\" asks for row 1, but the file has rows 0 … 0"),
      std::string::npos);
  write_npy(folder_ / "b.npy", (Tensor::arange(4).to(DType::f32)).reshape({2, 2}));
  const Dataset dataset = load(files);
  const Modality& x = dataset.modality("x");
  EXPECT_EQ(x.values.size(0), 4);
  // Files in the order of their values: test's rows are 0 and 1, train's 2 and 3.
  EXPECT_EQ(x.rows, (Indices{2, 3, 3, 0, 1, 0}));
}

}  // namespace
}  // namespace heddle
