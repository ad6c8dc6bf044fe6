#include "train/checkpoint.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"
#include "core/random.h"
#include "tests/train/small_run.h"

namespace heddle {
namespace {

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

class Checkpoints : public testing::Test {
 protected:
  Checkpoints() : data_(load_data(config_.data)), trainer_(config_, data_.dataset) {}

  void train(int steps) {
    for (int i = 0; i < steps; ++i) {
      if (trainer_.step().ends_epoch) {
        static_cast<void>(trainer_.end_epoch());
      }
    }
  }

  RunConfig config_ = small_config();
  LoadedData data_;
  Trainer trainer_;
  TemporaryFolder folder_;
  CheckpointFolder checkpoints_{folder_.path() / "checkpoints", 2};
};

TEST_F(Checkpoints, WhatIsSavedIsFoundAgain) {
  train(5);
  const Snapshot saved = trainer_.snapshot();
  checkpoints_.save(saved, "the configuration");
  const CheckpointFolder::Search search = checkpoints_.newest();
  ASSERT_TRUE(search.found.has_value());
  EXPECT_TRUE(search.damaged.empty());
  EXPECT_EQ(search.found->config, "the configuration");
  const RunState& state = search.found->snapshot.state;
  EXPECT_EQ(to_json(state), to_json(saved.state));
  EXPECT_EQ(state.generators, saved.state.generators);
  EXPECT_EQ(state.sampler, saved.state.sampler);
  ASSERT_EQ(search.found->snapshot.tensors.size(), saved.tensors.size());
  for (const NamedTensor& tensor : saved.tensors) {
    bool found = false;
    for (const NamedTensor& other : search.found->snapshot.tensors) {
      found = found || (other.name == tensor.name && same_bits(other.tensor, tensor.tensor));
    }
    EXPECT_TRUE(found) << tensor.name;
  }
}

TEST_F(Checkpoints, OnlyTheNewestAreKept) {
  for (int i = 0; i < 4; ++i) {
    train(1);
    checkpoints_.save(trainer_.snapshot(), "");
  }
  EXPECT_EQ(checkpoints_.steps(), (std::vector<std::int64_t>{3, 4}));
}

TEST_F(Checkpoints, ADamagedOneIsPassedOverAndSaidSo) {
  train(1);
  checkpoints_.save(trainer_.snapshot(), "");
  train(1);
  checkpoints_.save(trainer_.snapshot(), "");
  std::string bytes = bytes_of(checkpoints_.path_of(2));
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  write(checkpoints_.path_of(2), bytes);
  const CheckpointFolder::Search search = checkpoints_.newest();
  ASSERT_TRUE(search.found.has_value());
  EXPECT_EQ(search.found->snapshot.state.step, 1);
  ASSERT_EQ(search.damaged.size(), 1u);
  EXPECT_NE(search.damaged[0].find("step-00000002"), std::string::npos) << search.damaged[0];
  EXPECT_EQ(checkpoints_.steps(), (std::vector<std::int64_t>{1}));  // put aside
}

TEST_F(Checkpoints, EveryFlippedBitThatChangesAnythingIsDetected) {
  train(2);
  checkpoints_.save(trainer_.snapshot(), to_toml(config_));
  const std::string whole = bytes_of(checkpoints_.path_of(2));
  const std::string state = to_json(checkpoints_.newest().found->snapshot.state);
  int same = 0;
  Generator generator(7);
  constexpr int flips = 300;
  for (int i = 0; i < flips; ++i) {
    // Half of them in the header and the metadata, which are a small part of the file.
    const std::uint64_t limit = i % 2 == 0 ? whole.size() : whole.size() / 4;
    const std::uint64_t bit = generator.below(limit * 8);
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    write(checkpoints_.path_of(2), damaged);
    const CheckpointFolder::Search search = checkpoints_.newest();
    // JSON may say the same in other letters: a line break is \u000a or \u000A.
    EXPECT_TRUE(!search.found.has_value() || (search.found->config == to_toml(config_) &&
                                              to_json(search.found->snapshot.state) == state))
        << "bit " << bit;
    same += search.found.has_value() ? 1 : 0;
  }
  EXPECT_LE(same, 5);
}

TEST_F(Checkpoints, EveryTruncationIsDetected) {
  train(2);
  checkpoints_.save(trainer_.snapshot(), to_toml(config_));
  const std::string whole = bytes_of(checkpoints_.path_of(2));
  Generator generator(8);
  for (int i = 0; i < 50; ++i) {
    write(checkpoints_.path_of(2), whole.substr(0, generator.below(whole.size())));
    EXPECT_FALSE(checkpoints_.newest().found.has_value());
  }
}

TEST_F(Checkpoints, AnEmptyFolderHasNone) {
  EXPECT_FALSE(checkpoints_.newest().found.has_value());
  EXPECT_TRUE(checkpoints_.newest().damaged.empty());
}

TEST_F(Checkpoints, WeightsAreReadFromBothKindsOfFile) {
  train(2);
  checkpoints_.save(trainer_.snapshot(), "config");
  const std::filesystem::path path = folder_.path() / "best.safetensors";
  save_weights(path, {copy_of_weights(trainer_.parameters()), "config", 2});
  for (const std::filesystem::path& source : {path, checkpoints_.path_of(2)}) {
    const WeightsFile file = read_weights(source);
    EXPECT_EQ(file.step, 2);
    EXPECT_EQ(file.config, "config");
    Trainer other(config_, data_.dataset);
    load_weights(other.parameters(), file.weights, source.string());
    EXPECT_EQ(weights_sha256(other.parameters()), weights_sha256(trainer_.parameters()));
  }
}

TEST_F(Checkpoints, FilesOfOthersAreRefused) {
  const std::filesystem::path path = folder_.path() / "other.safetensors";
  write_safetensors(path, std::vector<NamedTensor>{{"weight", Tensor::zeros({2})}});
  EXPECT_THROW(static_cast<void>(read_weights(path)), InputError);
}

TEST(Weights, MisfitsAreNamed) {
  const Variable weight(Tensor::zeros({2, 3}), true);
  const std::vector<NamedParameter> parameters = {{"layer.weight", weight}};
  const auto message = [&](const std::vector<NamedTensor>& weights) -> std::string {
    try {
      load_weights(parameters, weights, "file");
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(message({}).find("\"layer.weight\" is missing"), std::string::npos);
  EXPECT_NE(message({{"layer.weights", Tensor::zeros({2, 3})}}).find("did you mean"),
            std::string::npos);
  EXPECT_NE(message({{"layer.weight", Tensor::zeros({3, 2})}}).find("[3, 2]"), std::string::npos);
  EXPECT_EQ(message({{"layer.weight", Tensor::zeros({2, 3})}}), "");
}

TEST(Weights, TheDigestSeesNamesShapesAndBits) {
  const auto digest = [](const std::string& name, const Tensor& value) {
    return weights_sha256({{name, Variable(value)}});
  };
  const std::string base = digest("w", Tensor::zeros({2, 3}));
  EXPECT_EQ(base, digest("w", Tensor::zeros({2, 3})));
  EXPECT_NE(base, digest("v", Tensor::zeros({2, 3})));
  EXPECT_NE(base, digest("w", Tensor::zeros({3, 2})));
  EXPECT_NE(base, digest("w", Tensor::full({2, 3}, -0.0)));
  EXPECT_EQ(base.size(), 64u);
}

TEST(Weights, TheAverageFollowsItsFormula) {
  Variable weight(Tensor::from<double>({1.0}, {1}), true);
  WeightAverage average({{"w", weight}}, 0.99);
  double expected = 1.0;
  for (std::int64_t step = 1; step <= 5; ++step) {
    const double value = 1.0 + static_cast<double>(step);
    weight.value_in_place().fill_(value);
    average.begin_step(step);
    average.update();
    const double decay = (1.0 + static_cast<double>(step)) / (10.0 + static_cast<double>(step));
    expected = decay * expected + (1.0 - decay) * value;
    EXPECT_NEAR(average.values()[0].tensor.item<double>(), expected, 1e-14);
  }
}

}  // namespace
}  // namespace heddle
