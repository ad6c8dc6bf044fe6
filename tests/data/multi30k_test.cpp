#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "data/folder_dataset.h"

namespace heddle {
namespace {

/// The folder of the real data sets: HEDDLE_DATA, else shared/data beside this source tree.
std::filesystem::path data_root() {
  const char* named = std::getenv("HEDDLE_DATA");
  return named != nullptr ? std::filesystem::path(named)
                          : std::filesystem::path(HEDDLE_SOURCE_DIR) / "../shared/data";
}

/// `folder` is where the description's tables are, seen from the root.
Dataset load(const char* description, const char* folder) {
  return load_folder_dataset(
      std::filesystem::path(HEDDLE_SOURCE_DIR) / "configs/multi30k" / description,
      {.folder = data_root() / folder});
}

/// The real data, where they are.
class Multi30k : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(data_root() / "multi30k/train.tsv")) {
      GTEST_SKIP() << "Multi30k is not in " << (data_root() / "multi30k").string()
                   << "; set HEDDLE_DATA to the folder that holds multi30k/";
    }
  }
};

TEST_F(Multi30k, HasItsSplitsAndDecodesEveryTrainingText) {
  const Dataset dataset = load("dataset.toml", "multi30k");
  EXPECT_EQ(dataset.indices(Split::train).size(), 29'000u);
  EXPECT_EQ(dataset.indices(Split::valid).size(), 1'014u);
  EXPECT_EQ(dataset.indices(Split::test).size(), 1'000u);
  for (const char* name : {"english", "german"}) {
    const Modality& modality = dataset.modality(name);
    const Vocabulary& vocabulary = *modality.info.vocabulary;
    EXPECT_EQ(vocabulary.bpe()->merges(), 6'000);
    std::int64_t unlike = 0;
    for (const std::int64_t sample : dataset.indices(Split::train)) {
      unlike += vocabulary.decode(modality.sample(sample).to_vector<std::int64_t>()) !=
                        modality.texts[static_cast<std::size_t>(sample)]
                    ? 1
                    : 0;
    }
    EXPECT_EQ(unlike, 0) << name;
  }
}

TEST_F(Multi30k, ImagesAreThoseOfFlickr8k) {
  const std::filesystem::path features = data_root() / "flickr8k/feat_sq512.npy";
  if (!std::filesystem::exists(features)) {
    GTEST_SKIP() << "there is no " << features;
  }
  const Dataset dataset = load("dataset_images.toml", ".");
  EXPECT_EQ(dataset.indices(Split::train).size(), 6'993u);
  EXPECT_EQ(dataset.indices(Split::valid).size(), 242u);
  EXPECT_EQ(dataset.indices(Split::test).size(), 243u);
  EXPECT_EQ(dataset.modality("image").info.features(), 512);
}

}  // namespace
}  // namespace heddle
