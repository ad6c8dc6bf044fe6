// Training on every device this machine has, held against the cpu and against itself.

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "tests/support/backends.h"
#include "tests/train/small_run.h"
#include "train/run_folder.h"
#include "train/trainer.h"

namespace heddle {
namespace {

std::vector<Device> devices_but_cpu() {
  std::vector<Device> devices = available_devices();
  devices.erase(devices.begin());
  return devices;
}

/// 30 steps whose every loss is looked at. Few small samples: sim takes a processor's time for each
/// thread of a GPU.
RunConfig thirty_steps(Device device) {
  RunConfig config = small_config();
  config.data.train = 12;
  config.data.valid = 4;
  config.data.test = 4;
  config.model.image.kind = ImageEncoderKind::linear;
  config.train.batch_size = 4;
  config.train.epochs = 10;
  config.train.max_steps = 30;
  config.train.log_every = 1;
  config.train.average_decay = 0.9;
  config.train.device = to_string(device);
  config.train.graph = false;
  return config;
}

struct Trained {
  std::vector<double> losses;
  std::string weights;
  std::string history;
  std::int64_t replays = 0;
  std::string refusal;
};

Trained train(const RunConfig& config) {
  const LoadedData data = load_data(config.data);
  Trainer trainer(config, data.dataset);
  Trained result;
  while (!trainer.finished()) {
    static_cast<void>(trainer.step());
  }
  for (const HistoryEntry& entry : trainer.state().history) {
    result.losses.push_back(entry.values.at("loss"));
    result.history += to_json_line(entry);
  }
  result.weights = weights_sha256(trainer.parameters());
  for (const NamedTensor& average : trainer.chosen_weights()) {
    for (const double value : average.tensor.to_vector<double>()) {
      result.history += concat(value, ' ');
    }
  }
  result.replays = trainer.replays();
  result.refusal = trainer.graph_refusal();
  return result;
}

TEST(DeviceTraining, FollowsTheCpu) {
  const Trained expected = train(thirty_steps(Device{}));
  ASSERT_EQ(expected.losses.size(), 30u);
  for (const Device device : devices_but_cpu()) {
    const Trained found = train(thirty_steps(device));
    ASSERT_EQ(found.losses.size(), 30u) << device;
    for (std::size_t i = 0; i < 30; ++i) {
      EXPECT_NEAR(found.losses[i], expected.losses[i], 1e-4 * std::abs(expected.losses[i]))
          << device << ", step " << i + 1;
    }
  }
}

/// The encoders that the default ones leave out, in two models, and the same four samples at every
/// step, so that steps are alike.
std::vector<RunConfig> other_encoders(Device device) {
  RunConfig convolving = thirty_steps(device);
  convolving.data.train = 4;
  convolving.train.max_steps = 6;
  convolving.model.tokens.kind = TokenEncoderKind::cnn;
  convolving.model.tokens.widths = {2, 3};
  convolving.model.tokens.filters = 3;
  convolving.model.image.kind = ImageEncoderKind::resnet;
  convolving.model.image.channels = {2};
  convolving.model.image.groups = 2;
  convolving.model.sequence.kind = SequenceEncoderKind::conv_lstm;
  convolving.model.sequence.channels = {3};
  RunConfig attending = thirty_steps(device);
  attending.data.train = 4;
  attending.train.max_steps = 6;
  attending.model.tokens.kind = TokenEncoderKind::transformer;
  attending.model.tokens.embedding = 4;
  attending.model.tokens.transformer.heads = 2;
  attending.model.tokens.pool = SequencePool::final;
  attending.model.tokens.dropout = 0.1;
  attending.model.image.kind = ImageEncoderKind::vit;
  attending.model.image.patch = 16;
  attending.model.image.layers = 1;
  attending.model.image.heads = 2;
  attending.model.sequence.kind = SequenceEncoderKind::transformer;
  attending.model.sequence.transformer = {.heads = 3, .positions = PositionKind::learned};
  attending.model.time_modality = "image";
  return {convolving, attending};
}

TEST(DeviceTraining, OtherEncodersFollowTheCpuAndCanBeReplayed) {
  for (const Device device : devices_but_cpu()) {
    const std::vector<RunConfig> on_cpu = other_encoders(Device{});
    std::vector<RunConfig> on_device = other_encoders(device);
    for (std::size_t i = 0; i < on_cpu.size(); ++i) {
      const Trained expected = train(on_cpu[i]);
      const Trained found = train(on_device[i]);
      ASSERT_EQ(found.losses.size(), expected.losses.size()) << device;
      for (std::size_t step = 0; step < found.losses.size(); ++step) {
        EXPECT_NEAR(found.losses[step], expected.losses[step],
                    1e-4 * std::abs(expected.losses[step]))
            << device << ", model " << i << ", step " << step + 1;
      }
      on_device[i].train.graph = true;
      const Trained replayed = train(on_device[i]);
      EXPECT_EQ(replayed.refusal, "") << device;
      EXPECT_GT(replayed.replays, 0) << device;
      EXPECT_EQ(replayed.weights, found.weights) << device;
      on_device[i].train.math = Math::bf16;
      const Trained rounded = train(on_device[i]);
      EXPECT_NEAR(rounded.losses.front(), expected.losses.front(), 0.05) << device;
    }
  }
}

TEST(DeviceTraining, GivesTheSameBitsEveryTimeAndWithGraphs) {
  for (const Device device : devices_but_cpu()) {
    RunConfig config = thirty_steps(device);
    config.train.log_every = 7;
    const Trained expected = train(config);
    const Trained again = train(config);
    EXPECT_EQ(again.weights, expected.weights) << device;
    EXPECT_EQ(again.replays, 0) << device;
    config.train.graph = true;
    const Trained replayed = train(config);
    EXPECT_EQ(replayed.refusal, "") << device;
    EXPECT_GT(replayed.replays, 5) << device;
    EXPECT_EQ(replayed.weights, expected.weights) << device;
    EXPECT_EQ(replayed.history, expected.history) << device;
  }
}

TEST(DeviceTraining, LessExactMathematicsStaysNear) {
  // What rounding to 11 and to 8 bits may do to a loss of about 1 in a few steps.
  for (const Device device : devices_but_cpu()) {
    RunConfig config = thirty_steps(device);
    config.train.max_steps = 6;
    const Trained exact = train(config);
    config.train.math = Math::tf32;
    const Trained tf32 = train(config);
    config.train.math = Math::bf16;
    const Trained bf16 = train(config);
    config.train.graph = true;
    EXPECT_EQ(train(config).weights, bf16.weights) << device << ": the same bits with graphs";
    for (std::size_t i = 0; i < exact.losses.size(); ++i) {
      EXPECT_NEAR(tf32.losses[i], exact.losses[i], 3e-3) << device << ", step " << i + 1;
      EXPECT_NEAR(bf16.losses[i], exact.losses[i], 3e-2) << device << ", step " << i + 1;
    }
    EXPECT_NE(bf16.weights, exact.weights) << "nothing was rounded";
  }
}

TEST(DeviceTraining, ACheckpointOfABf16RunHoldsF32Masters) {
  for (const Device device : devices_but_cpu()) {
    RunConfig config = thirty_steps(device);
    config.train.max_steps = 2;
    config.train.math = Math::bf16;
    const LoadedData data = load_data(config.data);
    Trainer trainer(config, data.dataset);
    static_cast<void>(trainer.step());
    bool finer_than_bf16 = false;
    for (const NamedTensor& tensor : trainer.snapshot().tensors) {
      EXPECT_EQ(tensor.tensor.dtype(), DType::f32) << tensor.name;
      const Tensor rounded = tensor.tensor.to(DType::bf16).to(DType::f32);
      finer_than_bf16 = finer_than_bf16 || !same_bits(rounded, tensor.tensor);
    }
    EXPECT_TRUE(finer_than_bf16);
  }
}

TEST(DeviceTraining, OnCpuAGraphIsRefusedWithItsReason) {
  RunConfig config = thirty_steps(Device{});
  config.train.max_steps = 1;
  config.train.graph = true;
  EXPECT_NE(train(config).refusal.find("cpu runs each kernel at once"), std::string::npos);
}

TEST(DeviceTraining, ARunGoesOnOnAnotherDevice) {
  for (const Device device : devices_but_cpu()) {
    const RunConfig here = thirty_steps(Device{});
    const RunConfig there = thirty_steps(device);
    const LoadedData data = load_data(here.data);
    for (const auto& [from, to] : {std::pair{here, there}, {there, here}}) {
      Trainer first(from, data.dataset);
      for (int i = 0; i < 5; ++i) {
        static_cast<void>(first.step());
      }
      Trainer second(to, data.dataset);
      second.restore(first.snapshot());
      EXPECT_EQ(weights_sha256(second.parameters()), weights_sha256(first.parameters()));
      const Trainer::Step expected = first.step();
      const Trainer::Step found = second.step();
      ASSERT_TRUE(expected.loss && found.loss);
      EXPECT_NEAR(*found.loss, *expected.loss, 1e-4 * std::abs(*expected.loss));
    }
  }
}

TEST(DeviceTraining, ASnapshotBetweenLooksEndsWithTheSameBits) {
  for (const Device device : devices_but_cpu()) {
    RunConfig config = thirty_steps(device);
    config.train.max_steps = 9;
    config.train.log_every = 4;
    config.train.graph = true;
    const LoadedData data = load_data(config.data);
    Trainer whole(config, data.dataset);
    Snapshot middle;
    while (!whole.finished()) {
      static_cast<void>(whole.step());
      if (whole.state().step == 6) {
        middle = whole.snapshot();
      }
    }
    Trainer resumed(config, data.dataset);
    resumed.restore(middle);
    while (!resumed.finished()) {
      static_cast<void>(resumed.step());
    }
    EXPECT_EQ(weights_sha256(resumed.parameters()), weights_sha256(whole.parameters())) << device;
    ASSERT_EQ(resumed.state().history.size(), whole.state().history.size());
    EXPECT_EQ(to_json_line(resumed.state().history.back()),
              to_json_line(whole.state().history.back()));
  }
}

TEST(DeviceTraining, AFailureBetweenLooksIsFoundAndNothingAfterItCounts) {
  for (const Device device : devices_but_cpu()) {
    for (const bool graph : {false, true}) {
      RunConfig config = thirty_steps(device);
      config.train.log_every = 6;
      config.train.graph = graph;
      const LoadedData data = load_data(config.data);
      Trainer trainer(config, data.dataset);
      static_cast<void>(trainer.step());
      Variable first = trainer.parameters().front().variable;
      first.value_in_place().fill_(std::nan(""));
      const std::string weights = weights_sha256(trainer.parameters());
      for (int step = 2; step <= 5; ++step) {
        EXPECT_FALSE(trainer.step().loss) << "the host does not know yet";
      }
      try {
        static_cast<void>(trainer.step());
        FAIL() << "no error on " << device;
      } catch (const NumericError& error) {
        const std::string message = error.what();
        EXPECT_NE(message.find("step 2: the loss is"), std::string::npos) << message;
      }
      EXPECT_EQ(weights_sha256(trainer.parameters()), weights);
      EXPECT_EQ(trainer.state().step, 1);
    }
  }
}

TEST(DeviceTraining, MathIsRefusedWhereItMeansNothing) {
  RunConfig config = small_config();
  config.train.math = Math::bf16;
  EXPECT_THROW(validate(config), InputError);
  config.train.device = "cuda";
  EXPECT_NO_THROW(validate(config));
  config.model.dtype = DType::f64;
  EXPECT_THROW(validate(config), InputError);
}

}  // namespace
}  // namespace heddle
