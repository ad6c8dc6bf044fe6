#include "data/dataset.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "data/batch.h"
#include "tests/core/throws.h"

namespace heddle {
namespace {

/// Four samples with words, two features, frames of two numbers, and a picture; groups {0, 1, 2}
/// (training) and {3} (test).
Dataset small_dataset() {
  Dataset dataset;
  dataset.name = "small";
  dataset.samples = 4;
  Modality words;
  words.info = {.name = "words", .kind = ModalityKind::tokens, .shape = {}};
  words.info.vocabulary =
      std::make_shared<const Vocabulary>(std::vector<std::string>{"a", "b", "c"});
  words.values = Tensor::from<std::int64_t>({2, 3, 4, 1, 2, 2}, {6});
  words.starts = {0, 3, 3, 4, 6};
  Modality features;
  features.info = {.name = "features", .kind = ModalityKind::features, .shape = {2}};
  features.info.standardisation = {.mean = {1, 2}, .scale = {2, 4}};
  features.values = Tensor::from<float>({1, 2, 3, 4, 5, 6, 7, 8}, {4, 2});
  Modality frames;
  frames.info = {.name = "frames", .kind = ModalityKind::sequence, .shape = {2}};
  frames.values = Tensor::from<float>({1, 1, 2, 2, 3, 3, 4, 4, 5, 5}, {5, 2});
  frames.starts = {0, 1, 3, 4, 5};
  Modality picture;
  picture.info = {.name = "picture", .kind = ModalityKind::image, .shape = {1, 1, 2}};
  picture.info.standardisation = {.mean = {0.5f}, .scale = {2}};
  picture.values = Tensor::from<float>({1, 2, 3, 4, 5, 6, 7, 8}, {4, 1, 1, 2});
  dataset.modalities = {words, features, frames, picture};
  dataset.labels = Tensor::from<std::int64_t>({0, 1, 1, 0}, {4});
  dataset.class_names = {"no", "yes"};
  dataset.targets = Tensor::from<float>({0.5f, 1, 2, -1}, {4});
  dataset.splits = {{{0, 1, 2}, {}, {3}}};
  dataset.groups = {{.name = "g", .members = {2, 0, 1}, .split = Split::train},
                    {.name = "h", .members = {3}, .split = Split::test}};
  return dataset;
}

std::vector<float> floats(const Tensor& tensor) { return tensor.to_vector<float>(); }
std::vector<std::int64_t> integers(const Tensor& tensor) {
  return tensor.to_vector<std::int64_t>();
}

TEST(Collate, PadsInTimeAndKeepsTheOrderAskedFor) {
  const Dataset dataset = small_dataset();
  dataset.validate();
  const std::vector<std::int64_t> indices = {3, 0, 1};
  const SampleBatch batch = collate(dataset, indices);
  EXPECT_EQ(batch.size(), 3);
  EXPECT_FALSE(batch.of_groups());
  const BatchModality& words = batch.modality("words");
  EXPECT_EQ(words.values.shape(), (Shape{3, 3}));
  EXPECT_EQ(integers(words.values), (std::vector<std::int64_t>{2, 2, 0, 2, 3, 0, 0, 4, 0}));
  EXPECT_EQ(integers(words.lengths), (std::vector<std::int64_t>{2, 3, 0}));
  EXPECT_EQ(floats(batch.modality("features").values), (std::vector<float>{7, 8, 1, 2, 3, 4}));
  EXPECT_FALSE(batch.modality("features").lengths.defined());
  const BatchModality& frames = batch.modality("frames");
  EXPECT_EQ(frames.values.shape(), (Shape{2, 3, 2}));
  EXPECT_EQ(floats(frames.values), (std::vector<float>{5, 5, 1, 1, 2, 2, 0, 0, 0, 0, 3, 3}));
  EXPECT_EQ(integers(frames.lengths), (std::vector<std::int64_t>{1, 1, 2}));
  EXPECT_EQ(batch.modality("picture").values.shape(), (Shape{3, 1, 1, 2}));
  EXPECT_EQ(integers(batch.labels), (std::vector<std::int64_t>{0, 0, 1}));
  EXPECT_EQ(floats(batch.targets), (std::vector<float>{-1, 0.5f, 1}));
  EXPECT_EQ(integers(batch.samples), indices);
}

TEST(Collate, ABatchOfEmptySamplesHasOneRowOfPadding) {
  const std::vector<std::int64_t> indices = {1};
  const std::vector<std::string> names = {"words"};
  const SampleBatch batch = collate(small_dataset(), indices, names);
  EXPECT_EQ(batch.modalities.size(), 1u);
  EXPECT_EQ(integers(batch.modality("words").values), (std::vector<std::int64_t>{0}));
  EXPECT_EQ(integers(batch.modality("words").lengths), (std::vector<std::int64_t>{0}));
}

TEST(Collate, GroupsArePaddedOverTheirUtterances) {
  const std::vector<std::int64_t> indices = {1, 0};
  const std::vector<std::string> names = {"features"};
  const SampleBatch batch = collate_groups(small_dataset(), indices, names);
  EXPECT_TRUE(batch.of_groups());
  EXPECT_EQ(batch.size(), 2);
  EXPECT_EQ(batch.modality("features").values.shape(), (Shape{3, 2, 2}));
  EXPECT_EQ(floats(batch.modality("features").values),
            (std::vector<float>{7, 8, 5, 6, 0, 0, 1, 2, 0, 0, 3, 4}));
  EXPECT_EQ(integers(batch.samples), (std::vector<std::int64_t>{3, 2, -1, 0, -1, 1}));
  EXPECT_EQ(integers(batch.labels), (std::vector<std::int64_t>{0, 1, -1, 0, -1, 1}));
  EXPECT_EQ(floats(batch.targets), (std::vector<float>{-1, 2, 0, 0.5f, 0, 1}));
  EXPECT_EQ(integers(batch.group_lengths), (std::vector<std::int64_t>{1, 3}));
}

TEST(Collate, RefusesWhatIsNotThere) {
  const Dataset dataset = small_dataset();
  const std::vector<std::int64_t> none;
  const std::vector<std::int64_t> beyond = {4};
  const std::vector<std::int64_t> first = {0};
  const std::vector<std::string> unknown = {"word"};
  EXPECT_NE(message_of([&] { collate(dataset, none); }).find("no index"), std::string::npos);
  EXPECT_NE(message_of([&] { collate(dataset, beyond); }).find("got index 4, expected 0 … 3"),
            std::string::npos);
  EXPECT_NE(message_of([&] { collate(dataset, first, unknown); }).find("did you mean \"words\"?"),
            std::string::npos);
  EXPECT_NE(message_of([&] { collate_groups(dataset, first); }).find("groups take features only"),
            std::string::npos);
}

TEST(Batch, OneSampleFromOutsideIsPreparedLikeTheDataSet) {
  const Dataset dataset = small_dataset();
  const BatchModality words = batch_of_text(dataset.modality("words").info, "C, x b");
  EXPECT_EQ(words.values.shape(), (Shape{3, 1}));
  EXPECT_EQ(integers(words.values), (std::vector<std::int64_t>{4, Vocabulary::unknown, 3}));
  EXPECT_EQ(integers(words.lengths), (std::vector<std::int64_t>{3}));
  const BatchModality features =
      batch_of_raw(dataset.modality("features").info, Tensor::from<double>({2, 3}, {2}));
  EXPECT_EQ(features.values.shape(), (Shape{1, 2}));
  EXPECT_EQ(floats(features.values), (std::vector<float>{2, 4}));
  const BatchModality picture =
      batch_of_raw(dataset.modality("picture").info, Tensor::from<float>({0, 1}, {1, 1, 2}));
  EXPECT_EQ(floats(picture.values), (std::vector<float>{-1, 1}));
  const BatchModality frames = batch_of_raw(dataset.modality("frames").info, Tensor::zeros({5, 2}));
  EXPECT_EQ(frames.values.shape(), (Shape{5, 1, 2}));
  EXPECT_EQ(integers(frames.lengths), (std::vector<std::int64_t>{5}));
  EXPECT_NE(message_of<InputError>([&] {
              batch_of_raw(dataset.modality("features").info, Tensor::zeros({3}));
            }).find("got f32 [3]"),
            std::string::npos);
  EXPECT_NE(message_of<InputError>([&] {
              batch_of_text(dataset.modality("words").info, "?!");
            }).find("no word"),
            std::string::npos);
}

TEST(Dataset, SamplesAndNames) {
  Dataset dataset = small_dataset();
  EXPECT_EQ(dataset.modality("frames").sample(1).shape(), (Shape{2, 2}));
  EXPECT_EQ(dataset.modality("words").words(0), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(dataset.class_counts(dataset.indices(Split::train)), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(dataset.sample_named("2"), 2);
  dataset.sample_names = {"w", "x", "y", "z"};
  EXPECT_EQ(dataset.sample_named("z"), 3);
  EXPECT_EQ(dataset.name_of_sample(3), "z");
  EXPECT_NE(message_of<InputError>([&] { dataset.sample_named("7"); }).find("no sample \"7\""),
            std::string::npos);
  EXPECT_EQ(dataset.group_indices(Split::test), (std::vector<std::int64_t>{1}));
}

TEST(Dataset, ValidateFindsWhatDoesNotFit) {
  const auto message = [](const auto& spoil) {
    Dataset dataset = small_dataset();
    spoil(dataset);
    return message_of([&] { dataset.validate(); });
  };
  EXPECT_NE(message([](Dataset& d) { d.splits[1] = {3}; }).find("sample 3 is in two splits"),
            std::string::npos);
  EXPECT_NE(message([](Dataset& d) { d.splits[2] = {4}; }).find("split test has sample 4"),
            std::string::npos);
  EXPECT_NE(message([](Dataset& d) { d.modalities[0].starts[4] = 5; }).find("do not cover"),
            std::string::npos);
  EXPECT_NE(message([](Dataset& d) { d.modalities[0].values.fill_(5); }).find("a token is 5"),
            std::string::npos);
  EXPECT_NE(message([](Dataset& d) {
              d.modalities[1].values = Tensor::zeros({4, 3});
            }).find("expected f32 [4, 2]"),
            std::string::npos);
  EXPECT_NE(message([](Dataset& d) { d.labels.fill_(2); }).find("a label is 2"), std::string::npos);
  EXPECT_NE(message([](Dataset& d) { d.targets.fill_(1e60); }).find("a target is inf"),
            std::string::npos);
  EXPECT_NE(message([](Dataset& d) { d.groups[1].members = {0}; }).find("in two groups"),
            std::string::npos);
  EXPECT_NE(message([](Dataset& d) { d.groups[0].split = Split::test; }).find("is not"),
            std::string::npos);
  EXPECT_NE(message([](Dataset& d) { d.modalities[1].info.name = "words"; }).find("there twice"),
            std::string::npos);
}

}  // namespace
}  // namespace heddle
