#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "data/batch.h"
#include "data/folder_dataset.h"

namespace heddle {
namespace {

/// The folder of the real data sets: HEDDLE_DATA, else shared/data beside this source tree.
std::filesystem::path data_root() {
  const char* named = std::getenv("HEDDLE_DATA");
  return named != nullptr ? std::filesystem::path(named)
                          : std::filesystem::path(HEDDLE_SOURCE_DIR) / "../shared/data";
}

class MosiTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(data_root() / "mosi/segments.tsv")) {
      GTEST_SKIP() << "CMU-MOSI is not in " << (data_root() / "mosi").string()
                   << "; set HEDDLE_DATA to the folder that holds mosi/";
    }
  }
  static Dataset load(FolderOptions options = {}) {
    options.folder = data_root() / "mosi";
    return load_folder_dataset(
        std::filesystem::path(HEDDLE_SOURCE_DIR) / "configs/mosi/dataset.toml", options);
  }
};

TEST_F(MosiTest, CountsAreThoseOfItsDescription) {
  const Dataset dataset = load({.valid_share = 0.0});
  EXPECT_EQ(dataset.samples, 2199);
  EXPECT_EQ(dataset.indices(Split::train).size(), 1447u);
  EXPECT_EQ(dataset.indices(Split::test).size(), 752u);
  EXPECT_EQ(dataset.group_indices(Split::train).size(), 62u);
  EXPECT_EQ(dataset.group_indices(Split::test).size(), 31u);
  EXPECT_EQ(dataset.modality("text").info.features(), 100);
  EXPECT_EQ(dataset.modality("audio").info.features(), 73);
  EXPECT_EQ(dataset.modality("video").info.features(), 100);
  EXPECT_EQ(dataset.modality("words").words(0),
            (std::vector<std::string>{"anyhow", "it", "was", "really", "good"}));
  // A clip is positive where its score is at least 0.
  const auto labels = dataset.labels.to_vector<std::int64_t>();
  const auto scores = dataset.targets.to_vector<float>();
  for (std::size_t i = 0; i < labels.size(); ++i) {
    EXPECT_EQ(labels[i], scores[i] >= 0 ? 1 : 0) << i;
  }
}

TEST_F(MosiTest, ValidationVideosComeFromTraining) {
  const Dataset whole = load({.valid_share = 0.0});
  const Dataset dataset = load({.valid_share = 0.2, .valid_seed = 4});
  EXPECT_EQ(dataset.group_indices(Split::valid).size(), 12u);
  EXPECT_EQ(dataset.group_indices(Split::train).size(), 50u);
  EXPECT_EQ(dataset.indices(Split::test), whole.indices(Split::test));
  const auto& all = whole.indices(Split::train);
  const std::set<std::int64_t> train(all.begin(), all.end());
  for (const std::int64_t sample : dataset.indices(Split::valid)) {
    EXPECT_TRUE(train.contains(sample));
  }
  EXPECT_NE(load({.valid_share = 0.2, .valid_seed = 5}).indices(Split::valid),
            dataset.indices(Split::valid));
}

TEST_F(MosiTest, VideosMakeContextualBatches) {
  const Dataset dataset = load();
  const std::vector<std::string> names = {"text", "audio", "video"};
  const auto videos = dataset.group_indices(Split::test);
  const SampleBatch batch = collate_groups(dataset, videos, names);
  EXPECT_EQ(batch.modality("audio").values.shape(), (Shape{batch.samples.size(0), 31, 73}));
  std::int64_t clips = 0;
  for (const std::int64_t length : batch.group_lengths.to_vector<std::int64_t>()) {
    clips += length;
  }
  EXPECT_EQ(clips, 752);
}

}  // namespace
}  // namespace heddle
