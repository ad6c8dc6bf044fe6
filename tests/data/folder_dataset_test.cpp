#include "data/folder_dataset.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "data/dataset_description.h"
#include "data/npy.h"
#include "tests/core/throws.h"
#include "tests/data/temporary_folder.h"

namespace heddle {
namespace {

/// Eight samples of four videos in a folder of its own.
class FolderDatasetTest : public testing::Test {
 protected:
  FolderDatasetTest() {
    folder_.write("table.tsv",
                  "id\tvideo\tclip\tpart\tlabel\tscore\ttext\trow\tx\ty\n"
                  "a2\ta\t2\ttrain\tgood\t1\tThe film!\t1\t1\t10\n"
                  "a1\ta\t1\ttrain\tbad\t-1\tthe end\t0\t2\t10\n"
                  "b1\tb\t1\ttrain\t1\t0.5\tthe\t1\t3\t10\n"
                  "c1\tc\t1\ttrain\tgood\t2\tfilm\t0\t4\t10\n"
                  "d1\td\t1\tdev\tbad\t0\tnew film\t1\t5\t10\n"
                  "e1\te\t1\ttest\tbad\t0\t\t1\t6\t11\n"
                  "e2\te\t2\ttest\tgood\t0\tother words\t0\t7\t10\n"
                  "f1\tf\t1\tspare\tgood\t0\tfilm film\t0\t1000\t10\n");
    write_npy(folder_ / "wide.npy", Tensor::arange(16).to(DType::f32).reshape({8, 2}));
    write_npy(folder_ / "pictures.npy", Tensor::arange(16).to(DType::f32).reshape({2, 2, 2, 2}));
    write_npy(folder_ / "frames.npy", Tensor::arange(48).to(DType::f32).reshape({8, 3, 2}));
    write_npy(folder_ / "lengths.npy", Tensor::from<std::int64_t>({3, 1, 2, 0, 3, 3, 3, 3}, {8}));
    write_npy(folder_ / "ragged.npy", Tensor::arange(10).to(DType::f32).reshape({10, 1}));
    write_npy(folder_ / "starts.npy",
              Tensor::from<std::int64_t>({0, 2, 2, 3, 4, 5, 6, 9, 10}, {9}));
  }

  static constexpr const char* head =
      "name = 'n'\n[table]\nfile = 'table.tsv'\nname = 'id'\n"
      "[split]\ncolumn = 'part'\nvalid = ['dev', 'valid']\nignore = 'spare'\n"
      "[group]\ncolumn = 'video'\norder = 'clip'\n"
      "[label]\ncolumn = 'label'\nnames = ['bad', 'good']\n"
      "[target]\ncolumn = 'score'\n";
  static constexpr const char* words =
      "[[modality]]\nname = 'words'\nkind = 'tokens'\ncolumn = 'text'\n";

  Dataset load(const std::string& text, const FolderOptions& options = {}) const {
    return load_folder_dataset(folder_.write("dataset.toml", text), options);
  }
  std::string error_of(const std::string& text, const FolderOptions& options = {}) const {
    return message_of<InputError>([&] { load(text, options); });
  }

  TemporaryFolder folder_;
};

TEST_F(FolderDatasetTest, ColumnsBecomeSplitsGroupsLabelsAndWords) {
  const Dataset dataset = load(std::string(head) + words);
  EXPECT_EQ(dataset.samples, 8);
  EXPECT_EQ(dataset.indices(Split::train), (std::vector<std::int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(dataset.indices(Split::valid), (std::vector<std::int64_t>{4}));
  EXPECT_EQ(dataset.indices(Split::test), (std::vector<std::int64_t>{5, 6}));
  ASSERT_EQ(dataset.groups.size(), 5u);  // the spare row's group is left out
  EXPECT_EQ(dataset.groups[0].members, (std::vector<std::int64_t>{1, 0}));  // by clip
  EXPECT_EQ(dataset.labels.to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{1, 0, 1, 1, 0, 0, 1, 1}));
  EXPECT_EQ(dataset.targets.to_vector<float>()[2], 0.5f);
  EXPECT_EQ(dataset.sample_named("c1"), 3);
  // Only training texts: the, film (twice each), end.
  const Modality& modality = dataset.modality("words");
  EXPECT_EQ(modality.info.vocabulary->size(), 5);
  EXPECT_EQ(modality.length(5), 0);
  EXPECT_EQ(modality.sample(4).to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{Vocabulary::unknown,
                                       modality.info.vocabulary->number_of("film")}));
  EXPECT_EQ(modality.words(4), (std::vector<std::string>{"new", "film"}));
}

TEST_F(FolderDatasetTest, FeaturesFromColumnsAreStandardisedByTheTrainingSplit) {
  const Dataset dataset = load(std::string(head) +
                               "[[modality]]\nname = 'x'\nkind = 'features'\n"
                               "columns = ['x', 'y']\nstandardise = true\n");
  const Modality& modality = dataset.modality("x");
  // Training x: 1, 2, 3, 4; y never changes there.
  EXPECT_FLOAT_EQ(modality.info.standardisation.mean[0], 2.5f);
  EXPECT_FLOAT_EQ(modality.info.standardisation.scale[0], 1 / std::sqrt(1.25f));
  const auto values = modality.values.to_vector<float>();
  EXPECT_FLOAT_EQ(values[0], -1.5f / std::sqrt(1.25f));
  EXPECT_FLOAT_EQ(values[1], 0);
  EXPECT_FLOAT_EQ(values[11], 1);
  EXPECT_FLOAT_EQ(modality.info.standardisation.raw(values[0], 0), 1);
}

TEST_F(FolderDatasetTest, ArraysOfEachKind) {
  const Dataset dataset = load(std::string(head) +
                               "[[modality]]\nname = 'wide'\nkind = 'features'\nfile = 'wide.npy'\n"
                               "[[modality]]\nname = 'pictures'\nkind = 'image'\n"
                               "file = 'pictures.npy'\nrows = 'row'\nchannels_last = true\n"
                               "[[modality]]\nname = 'frames'\nkind = 'sequence'\n"
                               "file = 'frames.npy'\nlengths = 'lengths.npy'\n"
                               "[[modality]]\nname = 'ragged'\nkind = 'sequence'\n"
                               "file = 'ragged.npy'\nstarts = 'starts.npy'\n");
  EXPECT_EQ(dataset.modality("wide").sample(1).to_vector<float>(), (std::vector<float>{2, 3}));
  EXPECT_EQ(dataset.modality("pictures").info.shape, (Shape{2, 2, 2}));
  EXPECT_EQ(dataset.modality("pictures").sample(0).to_vector<float>(),
            (std::vector<float>{8, 10, 12, 14, 9, 11, 13, 15}));
  EXPECT_EQ(dataset.modality("frames").sample(2).to_vector<float>(),
            (std::vector<float>{12, 13, 14, 15}));
  EXPECT_EQ(dataset.modality("frames").length(3), 0);
  EXPECT_EQ(dataset.modality("ragged").sample(6).to_vector<float>(), (std::vector<float>{6, 7, 8}));
}

TEST_F(FolderDatasetTest, BytesBecomeZeroToOne) {
  const std::string header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1, 2)}\n";
  const std::string length = {static_cast<char>(header.size()), '\0'};
  folder_.write("bytes.npy", std::string("\x93NUMPY\x01\x00", 8) + length + header +
                                 std::string("\x00\xff\x33\x66", 4));
  const Dataset dataset =
      load("name = 'n'\n[[modality]]\nname = 'i'\nkind = 'image'\nfile = 'bytes.npy'\n");
  EXPECT_EQ(dataset.modality("i").info.shape, (Shape{1, 1, 2}));
  const auto values = dataset.modality("i").values.to_vector<float>();
  EXPECT_EQ(values[1], 1.0f);
  EXPECT_FLOAT_EQ(values[2], 0.2f);
  EXPECT_EQ(dataset.indices(Split::train).size(), 2u);
}

TEST_F(FolderDatasetTest, TheValidationPartIsWholeGroupsOfTheTrainingSplit) {
  const std::string text = std::string(head) + words;
  EXPECT_NE(error_of(text, {.valid_share = 0.5}).find("there is a validation split already"),
            std::string::npos);
  std::string without = text;
  without.replace(without.find("valid = ['dev', 'valid']\nignore = 'spare'"), 41,
                  "ignore = ['spare', 'dev']");
  std::vector<std::vector<std::int64_t>> seen;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Dataset dataset = load(without, {.valid_share = 0.4, .valid_seed = seed});
    const auto groups = dataset.group_indices(Split::valid);
    EXPECT_EQ(groups.size(), 1u);  // 0.4 of the three videos a, b and c
    EXPECT_EQ(dataset.indices(Split::train).size() + dataset.indices(Split::valid).size(), 4u);
    EXPECT_EQ(dataset.indices(Split::test), (std::vector<std::int64_t>{5, 6}));
    seen.push_back(groups);
    // The vocabulary leaves out what only the validation part says.
    const bool has_end = dataset.modality("words").info.vocabulary->number_of("end") > 1;
    EXPECT_EQ(has_end, groups[0] != 0);
  }
  EXPECT_NE(std::count(seen.begin(), seen.end(), seen[0]), 20);
  const Dataset again = load(without, {.valid_share = 0.4, .valid_seed = 0});
  EXPECT_EQ(again.group_indices(Split::valid), seen[0]);
}

TEST_F(FolderDatasetTest, AnotherFolderAndSomeModalities) {
  const TemporaryFolder elsewhere;
  const auto path = elsewhere.write(
      "dataset.toml", std::string(head) + words +
                          "[[modality]]\nname = 'wide'\nkind = 'features'\nfile = 'wide.npy'\n");
  const Dataset dataset =
      load_folder_dataset(path, {.folder = folder_.path(), .modalities = {"wide"}});
  EXPECT_EQ(dataset.modality_names(), (std::vector<std::string>{"wide"}));
  const std::string message = message_of<InputError>(
      [&] { load_folder_dataset(path, {.folder = folder_.path(), .modalities = {"word"}}); });
  EXPECT_NE(message.find("did you mean \"words\"?"), std::string::npos) << message;
}

TEST(DatasetDescription, TheExampleOfTheDocumentationIsUnderstood) {
  const std::string page = bytes_of_file(std::filesystem::path(HEDDLE_SOURCE_DIR) / "docs/data.md");
  const std::size_t begin = page.find("```toml\n") + 8;
  const std::string example = page.substr(begin, page.find("```", begin) - begin);
  const DatasetDescription description =
      parse_dataset_description(InputFile::in_memory("docs/data.md", example));
  EXPECT_EQ(description.modalities.size(), 4u);
  EXPECT_EQ(description.split.values[1], (std::vector<std::string>{"dev", "valid"}));
}

TEST_F(FolderDatasetTest, ErrorsSayWhereAndWhat) {
  const std::string features = std::string(head) + "[[modality]]\nname = 'x'\nkind = 'features'\n";
  EXPECT_NE(error_of(features + "columns = ['x', 'z']\n").find("no column is named \"z\""),
            std::string::npos);
  EXPECT_NE(error_of(features + "columns = ['text']\n").find("line 2: column \"text\" has"),
            std::string::npos);
  EXPECT_NE(error_of(features + "file = 'ragged.npy'\n").find("expected one for each of the 8"),
            std::string::npos);
  EXPECT_NE(error_of(features + "file = 'frames.npy'\n").find("for kind features"),
            std::string::npos);
  EXPECT_NE(error_of(features + "file = 'wide.npy'\nrows = 'x'\n").find("row 1000 is asked for"),
            std::string::npos);
  write_npy(folder_ / "nan.npy", Tensor::full({8, 1}, std::nan("")));
  EXPECT_NE(error_of(features + "file = 'nan.npy'\n").find("element 0 is nan"), std::string::npos);
  EXPECT_NE(error_of("name = 'n'\n[table]\nfile = 'table.tsv'\n[label]\ncolumn = 'row'\n"
                     "names = ['only']\n" +
                     std::string(words))
                .find("has class 1, expected 0 … 0"),
            std::string::npos);
}

}  // namespace
}  // namespace heddle
