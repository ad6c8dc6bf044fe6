#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "data/batch.h"
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

TEST_F(FolderChoices, TheHeldOutSpeakersTrainingSamplesMayStayWithoutTheirLabels) {
  const std::string text =
      "[split]\ncolumn = 'part'\nfolds = 'speaker'\nfold = 1\nheld_out_unlabelled = true\n"
      "[label]\ncolumn = 'answer'\nclasses = 'train'\nlower_case = true\n";
  const Dataset bob = load(text, {.domain = "speaker"});
  EXPECT_EQ(bob.indices(Split::train), (Indices{0, 2}));
  EXPECT_EQ(bob.unlabelled, (Indices{1}));
  EXPECT_EQ(bob.class_names, (std::vector<std::string>{"yes", "<other>"}));  // "no" was not seen
  EXPECT_EQ(bob.labels.to_vector<std::int64_t>(), (Indices{0, -1, 0, 1, 1, 0}));
  EXPECT_EQ(bob.domain_names, (std::vector<std::string>{"ann", "bob", "cec"}));
  const Dataset without = load(text, {.held_out_unlabelled = false, .domain = "speaker"});
  EXPECT_TRUE(without.unlabelled.empty());
  EXPECT_EQ(without.domain_names, (std::vector<std::string>{"ann", "cec"}));
  EXPECT_NE(error_of("[split]\nfolds = 'speaker'\nheld_out_unlabelled = true\n")
                .find("expected [split] to have a column that says which"),
            std::string::npos);
  EXPECT_NE(error_of("[split]\ncolumn = 'part'\nheld_out_unlabelled = true\n")
                .find("names a fold, but has no key \"folds\""),
            std::string::npos);
  EXPECT_NE(
      error_of("[split]\ncolumn = 'part'\n", {.held_out_unlabelled = true}).find("has no folds"),
      std::string::npos);
}

TEST_F(FolderChoices, SamplesWithoutALabel) {
  folder_.write("table.tsv",
                "part\tspeaker\tanswer\tnumber\n"
                "train\tann\tYes\t1\n"
                "train\tbob\tNA\t2\n"
                "train\tann\tno\t-\n"
                "more\tcec\tnobody reads this\t7\n"
                "test\tdan\tno\t4\n"
                "spare\tdan\tNA\tno number\n");
  const std::string split = "[split]\ncolumn = 'part'\nunlabelled = 'more'\nignore = 'spare'\n";
  const std::string label =
      "[label]\ncolumn = 'answer'\nnames = ['no', 'yes']\nlower_case = true\nmissing = 'NA'\n";
  const std::string target = "[target]\ncolumn = 'number'\nmissing = ['-', 'no number']\n";
  const Dataset dataset = load(split + label + target);
  EXPECT_EQ(dataset.indices(Split::train), (Indices{0}));
  EXPECT_EQ(dataset.unlabelled, (Indices{1, 2, 3}));
  EXPECT_EQ(dataset.indices(Split::test), (Indices{4}));
  EXPECT_EQ(dataset.labels.to_vector<std::int64_t>(), (Indices{1, -1, -1, -1, 0, -1}));
  EXPECT_EQ(dataset.targets.to_vector<float>(), (std::vector<float>{1, 0, 0, 0, 4, 0}));
  // Their words are loaded, but the vocabulary is that of the training split.
  EXPECT_EQ(dataset.modality("w").words(3), (std::vector<std::string>{"nobody", "reads", "this"}));
  EXPECT_EQ(dataset.modality("w").info.vocabulary->size(), 3);  // padding, unknown, "yes"
  const Indices both = {0, 3};
  const SampleBatch batch = collate(dataset, both);
  EXPECT_EQ(batch.labelled.to_vector<bool>(), (std::vector<bool>{true, false}));
  EXPECT_FALSE(collate(dataset, dataset.indices(Split::test)).labelled.defined());
  EXPECT_EQ(dataset.class_counts(dataset.indices(Split::train)), (Indices{0, 1}));

  // What shares a group with what is tested teaches nothing.
  folder_.write("table.tsv",
                "part\tspeaker\tanswer\n"
                "train\tann\tyes\ntrain\tbob\t\ntrain\tcec\t\ntest\tbob\tno\n");
  const std::string empty = "[label]\ncolumn = 'answer'\nnames = ['no', 'yes']\nmissing = ''\n";
  const Dataset grouped = load("[split]\ncolumn = 'part'\n[group]\ncolumn = 'speaker'\n" + empty);
  EXPECT_EQ(grouped.unlabelled, (Indices{2}));
  EXPECT_EQ(grouped.groups.size(), 2u);

  folder_.write("table.tsv", "part\tanswer\ntrain\tyes\ntest\t\n");
  EXPECT_NE(error_of("[split]\ncolumn = 'part'\n" + empty)
                .find("line 3: column \"answer\" has \"\", which stands for none, but the sample "
                      "is in split test"),
            std::string::npos);
  EXPECT_NE(error_of("[label]\nfile = 'a.npy'\nmissing = ['-1']\n").find("expected \"column\""),
            std::string::npos);
  EXPECT_NE(error_of("[split]\nunlabelled = 'more'\n").find("there is no key \"column\""),
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
