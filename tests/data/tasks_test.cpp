#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "data/dataset_description.h"
#include "data/folder_dataset.h"

namespace heddle {
namespace {

const std::filesystem::path configs = std::filesystem::path(HEDDLE_SOURCE_DIR) / "configs";

Dataset load(const std::string& task, const FolderOptions& options = {}) {
  return load_folder_dataset(configs / task / "dataset.toml", options);
}

/// Whether the data of a task are beside this tree.
bool has_data(const std::string& folder) {
  return std::filesystem::is_directory(std::filesystem::path(HEDDLE_SOURCE_DIR) / "../shared/data" /
                                       folder);
}

TEST(Tasks, EveryDescriptionIsUnderstood) {
  std::int64_t found = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(configs)) {
    if (entry.path().filename().string().starts_with("dataset")) {
      EXPECT_NO_THROW(parse_dataset_description(InputFile::open(entry.path()))) << entry.path();
      ++found;
    }
  }
  EXPECT_GE(found, 6);
}

TEST(Tasks, VqaRad) {
  if (!has_data("vqa_rad")) {
    GTEST_SKIP() << "no ../shared/data/vqa_rad beside this tree";
  }
  const Dataset dataset = load("vqa_rad", {.category = "answer_type"});
  EXPECT_EQ(dataset.indices(Split::test).size(), 451u);
  EXPECT_EQ(dataset.indices(Split::train).size() + dataset.indices(Split::valid).size(), 1797u);
  EXPECT_EQ(dataset.modality("image").values.size(0), 314);  // shared
  EXPECT_EQ(dataset.class_names.back(), "<other>");
  EXPECT_EQ(dataset.class_names.front(), "yes");
}

TEST(Tasks, MhhCovid19) {
  if (!has_data("mhh_covid19")) {
    GTEST_SKIP() << "no ../shared/data/mhh_covid19 beside this tree";
  }
  std::size_t tested = 0;
  for (std::int64_t fold = 0; fold < 5; ++fold) {
    const Dataset dataset = load("mhh_covid19", {.modalities = {"record"}, .fold = fold});
    tested += dataset.indices(Split::test).size();
    EXPECT_EQ(dataset.modality("record").info.shape, (Shape{16}));
  }
  EXPECT_EQ(tested, 243u);
}

TEST(Tasks, EasyVqa) {
  if (!has_data("easy_vqa")) {
    GTEST_SKIP() << "no ../shared/data/easy_vqa beside this tree";
  }
  const Dataset dataset = load("easy_vqa");
  EXPECT_EQ(dataset.samples, 48248);
  EXPECT_EQ(dataset.modality("image").values.shape(), (Shape{5000, 3, 32, 32}));
  EXPECT_EQ(dataset.classes(), 13);
  EXPECT_EQ(dataset.indices(Split::test).size(), 9673u);
}

}  // namespace
}  // namespace heddle
