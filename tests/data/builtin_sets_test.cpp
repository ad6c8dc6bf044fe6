#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "data/builtin/sets.h"
#include "tests/core/throws.h"

namespace heddle {
namespace {

TEST(BuiltinSets, AreMadeByName) {
  EXPECT_EQ(builtin_set_names().front(), "sentiment");
  EXPECT_NE(message_of<InputError>([] {
              make_builtin_set("recrod", {});
            }).find("did you mean \"record\"?"),
            std::string::npos);
  for (const std::string& name : builtin_set_names()) {
    const BuiltinOptions options{.seed = 4, .train = 40, .valid = 10, .test = 20};
    const Dataset first = make_builtin_set(name, options).dataset;
    const Dataset again = make_builtin_set(name, options).dataset;
    EXPECT_EQ(first.samples, 70) << name;
    for (const Modality& modality : first.modalities) {
      EXPECT_EQ(modality.values.to_vector<double>(),
                again.modality(modality.info.name).values.to_vector<double>())
          << name;
    }
    const Dataset other = make_builtin_set(name, {.seed = 5, .train = 40}).dataset;
    EXPECT_NE(first.modalities.back().values.slice(0, 0, 8).to_vector<double>(),
              other.modalities.back().values.slice(0, 0, 8).to_vector<double>())
        << name;
  }
}

TEST(BuiltinSets, UtterancesHoldThreeVotesInVideos) {
  const BuiltinOptions options{.seed = 2, .train = 160, .valid = 33, .test = 24};
  const Dataset dataset = make_builtin_set("utterances", options).dataset;
  std::map<double, int> sums;
  for (std::int64_t i = 0; i < dataset.samples; ++i) {
    double sum = 0.0;
    for (const char* name : {"text", "audio", "video"}) {
      sum += dataset.modality(name).sample(i).to_vector<double>()[0] > 0.0 ? 1.0 : -1.0;
    }
    EXPECT_EQ(static_cast<double>(dataset.targets.data<float>()[i]), sum);
    EXPECT_EQ(dataset.labels.data<std::int64_t>()[i], sum > 0.0 ? 1 : 0);
    sums[sum] += i < 160 ? 1 : 0;
  }
  EXPECT_EQ(sums, (std::map<double, int>{{-3.0, 20}, {-1.0, 60}, {1.0, 60}, {3.0, 20}}));
  std::int64_t members = 0;
  for (const SampleGroup& video : dataset.groups) {
    EXPECT_LE(video.members.size(), 8u);
    members += static_cast<std::int64_t>(video.members.size());
  }
  EXPECT_EQ(members, dataset.samples);
  const auto best = [&](std::vector<std::string> seen) {
    return best_possible_in_set("utterances", options, seen).value();
  };
  EXPECT_EQ(best({}), 0.5);
  EXPECT_EQ(best({"words", "text"}), 0.75);
  EXPECT_EQ(best({"words", "audio"}), 0.75);
  EXPECT_EQ(best({"words", "audio", "video"}), 1.0);
}

/// Accuracy of the best guess from what the words alone say, counted over the samples.
double counted_from_questions(const Dataset& dataset) {
  std::map<std::vector<std::string>, std::map<std::int64_t, double>> seen;
  for (std::int64_t i = 0; i < dataset.samples; ++i) {
    seen[dataset.modality("question").words(i)][dataset.labels.data<std::int64_t>()[i]] += 1;
  }
  double right = 0;
  for (const auto& [words, labels] : seen) {
    double most = 0;
    for (const auto& [label, count] : labels) {
      most = std::max(most, count);
    }
    right += most;
  }
  return right / static_cast<double>(dataset.samples);
}

TEST(BuiltinSets, QuestionsAloneAreWorthAThird) {
  const Dataset dataset =
      make_builtin_set("answering", {.seed = 2, .train = 3600, .valid = 0, .test = 0}).dataset;
  EXPECT_NEAR(counted_from_questions(dataset), 1.0 / 3.0, 0.04);
  EXPECT_EQ(dataset.class_counts(dataset.indices(Split::train)),
            (std::vector<std::int64_t>(6, 600)));  // blocks of 18 hold each answer three times
  const auto best = [](const std::vector<std::string>& names) {
    return best_possible_in_set("answering", {}, names).value();
  };
  EXPECT_DOUBLE_EQ(best({"question"}), 1.0 / 3.0);
  EXPECT_DOUBLE_EQ(best({"image"}), 0.5);
  EXPECT_DOUBLE_EQ(best({"question", "image"}), 1.0);
  EXPECT_THROW(static_cast<void>(best({"record"})), Error);
}

TEST(BuiltinSets, AQuarterOfTheRecordsIsAbsent) {
  const Dataset dataset =
      make_builtin_set("record", {.seed = 2, .train = 320, .valid = 0, .test = 0}).dataset;
  const Modality& record = dataset.modality("record");
  double present = 0;
  double told_by_record = 0;
  for (std::int64_t i = 0; i < 320; ++i) {
    const bool high = record.sample(i).to_vector<float>()[0] > 0;
    present += record.has(i) ? 1 : 0;
    told_by_record +=
        record.has(i) && (dataset.labels.data<std::int64_t>()[i] == 1) == high ? 1 : 0;
  }
  EXPECT_EQ(present, 240);
  EXPECT_EQ(told_by_record, 180);  // b is right in three of four
  const auto best = [](const std::vector<std::string>& names) {
    return best_possible_in_set("record", {}, names).value();
  };
  EXPECT_DOUBLE_EQ(best({"record"}), 180.0 / 320.0 + 0.125);
  EXPECT_DOUBLE_EQ(best({"image"}), 0.75);
  EXPECT_DOUBLE_EQ(best({"image", "record"}), 0.9375);
}

}  // namespace
}  // namespace heddle
