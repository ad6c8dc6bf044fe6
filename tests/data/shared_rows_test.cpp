#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "data/batch.h"
#include "data/dataset.h"
#include "tests/core/throws.h"

namespace heddle {
namespace {

/// Four samples: two pictures that three of them share, one without any; sequences shared alike.
Dataset shared_dataset() {
  Dataset dataset;
  dataset.name = "shared";
  dataset.samples = 4;
  Modality picture;
  picture.info.name = "picture";
  picture.info.kind = ModalityKind::image;
  picture.info.shape = {1, 1, 2};
  picture.values = Tensor::from<float>({1, 2, 3, 4}, {2, 1, 1, 2});
  picture.rows = {1, 0, 1, 0};
  picture.present = {true, true, true, false};
  Modality frames;
  frames.info.name = "frames";
  frames.info.kind = ModalityKind::sequence;
  frames.info.shape = {1};
  frames.values = Tensor::from<float>({7, 8, 9}, {3, 1});
  frames.starts = {0, 1, 3};
  frames.rows = {1, 1, 0, 0};
  Modality features;
  features.info.name = "features";
  features.info.kind = ModalityKind::features;
  features.info.shape = {1};
  features.values = Tensor::from<float>({10, 20}, {2, 1});
  features.rows = {0, 1, 1, 0};
  features.present = {true, false, true, true};
  dataset.modalities = {picture, frames, features};
  dataset.splits[0] = {0, 1, 2, 3};
  dataset.groups = {{.name = "a", .members = {0, 1, 2}}, {.name = "b", .members = {3}}};
  return dataset;
}

TEST(SharedRows, SamplesSeeTheirRow) {
  const Dataset dataset = shared_dataset();
  dataset.validate();
  const Modality& picture = dataset.modality("picture");
  EXPECT_EQ(picture.sample(0).to_vector<float>(), (std::vector<float>{3, 4}));
  EXPECT_EQ(picture.sample(1).to_vector<float>(), (std::vector<float>{1, 2}));
  EXPECT_EQ(picture.row_count(), 2);
  EXPECT_FALSE(picture.has(3));
  const Modality& frames = dataset.modality("frames");
  EXPECT_EQ(frames.length(0), 2);
  EXPECT_EQ(frames.sample(2).to_vector<float>(), (std::vector<float>{7}));
}

TEST(SharedRows, BatchesGatherRowsAndSayWhoHasThem) {
  const std::vector<std::int64_t> items = {3, 0, 1};
  const SampleBatch batch = collate(shared_dataset(), items);
  EXPECT_EQ(batch.modality("picture").values.to_vector<float>(),
            (std::vector<float>{1, 2, 3, 4, 1, 2}));
  EXPECT_EQ(batch.modality("picture").present.to_vector<double>(), (std::vector<double>{0, 1, 1}));
  EXPECT_EQ(batch.modality("frames").values.to_vector<float>(),
            (std::vector<float>{7, 8, 8, 0, 9, 9}));
  EXPECT_FALSE(batch.modality("frames").present.defined());
  const std::vector<std::int64_t> all_there = {0, 2};
  EXPECT_FALSE(collate(shared_dataset(), all_there).modality("picture").present.defined());
}

TEST(SharedRows, GroupsCountPaddingAsPresent) {
  const std::vector<std::int64_t> groups = {1, 0};
  const std::vector<std::string> names = {"features"};
  const SampleBatch batch = collate_groups(shared_dataset(), groups, names);
  EXPECT_EQ(batch.modality("features").values.to_vector<float>(),
            (std::vector<float>{10, 10, 0, 20, 0, 20}));
  EXPECT_EQ(batch.modality("features").present.to_vector<double>(),
            (std::vector<double>{1, 1, 1, 0, 1, 1}));
}

TEST(SharedRows, ValidationFindsWhatDoesNotFit) {
  const auto message = [](const auto& spoil) {
    Dataset dataset = shared_dataset();
    spoil(dataset);
    return message_of([&] { dataset.validate(); });
  };
  EXPECT_NE(message([](Dataset& d) { d.modalities[0].rows[2] = 2; }).find("a sample has row 2"),
            std::string::npos);
  EXPECT_NE(message([](Dataset& d) { d.modalities[0].rows.clear(); }).find("2 rows, expected 4"),
            std::string::npos);
  EXPECT_NE(
      message([](Dataset& d) { d.modalities[1].rows.pop_back(); }).find("3 samples are given"),
      std::string::npos);
  EXPECT_NE(message([](Dataset& d) { d.modalities[2].present.pop_back(); }).find("of 3 samples"),
            std::string::npos);
  EXPECT_NE(message([](Dataset& d) { d.category_of = {"x"}; }).find("expected 4"),
            std::string::npos);
  EXPECT_NE(message([](Dataset& d) { d.other_class = 3; }).find("other answers is 3"),
            std::string::npos);
}

}  // namespace
}  // namespace heddle
