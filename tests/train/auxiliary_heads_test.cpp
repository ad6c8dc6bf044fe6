#include "models/auxiliary_heads.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "autograd/tape.h"
#include "core/error.h"
#include "data/batch.h"
#include "tests/core/throws.h"
#include "tests/train/small_run.h"
#include "train/model_batch.h"
#include "train/run.h"
#include "train/trained_model.h"
#include "train/trainer.h"

namespace heddle {
namespace {

RunConfig with_heads(LossWeighting weighting) {
  RunConfig config = small_config();
  config.train.auxiliary.is_on = true;
  config.train.auxiliary.weighting = weighting;
  return config;
}

/// Mean cross-entropy over the rows with `counts`, as plain loops.
double cross_entropy_of(const Variable& logits, const std::vector<std::int64_t>& labels,
                        const std::vector<bool>& counts) {
  const std::vector<double> values = logits.value().to_vector<double>();
  const std::size_t classes = static_cast<std::size_t>(logits.size(-1));
  double sum = 0.0;
  int rows = 0;
  for (std::size_t row = 0; row < labels.size(); ++row) {
    if (!counts[row]) {
      continue;
    }
    double total = 0.0;
    for (std::size_t c = 0; c < classes; ++c) {
      total += std::exp(values[row * classes + c]);
    }
    sum += std::log(total) - values[row * classes + static_cast<std::size_t>(labels[row])];
    ++rows;
  }
  return rows == 0 ? 0.0 : sum / rows;
}

struct Shown {
  std::vector<std::int64_t> labels;
  std::vector<std::vector<bool>> present;  // by modality
  CleanBatch inputs;
  LossTargets targets;
};

/// Seven samples, of which some show some modalities and none shows the last one.
Shown some_samples(Model& model, const Loss& loss, const Dataset& dataset) {
  const std::vector<std::int64_t> items = {0, 1, 2, 3, 4, 5, 6};
  const SampleBatch batch = collate(dataset, items, dataset.modality_names());
  Shown shown;
  shown.present = {{true, false, true, true, false, true, true},
                   {true, true, false, true, true, false, true},
                   std::vector<bool>(7, false)};
  Presence presence;
  for (const std::vector<bool>& mask : shown.present) {
    Tensor& values = presence.emplace_back(Tensor::full({7}, 1.0, DType::boolean));
    for (std::size_t i = 0; i < mask.size(); ++i) {
      values.mutable_data<bool>()[i] = mask[i];
    }
  }
  shown.labels = batch.labels.to_vector<std::int64_t>();
  shown.inputs = model.clean(model_batch(batch, presence));
  shown.targets = loss.targets_of(batch, model.dtype(), model.device());
  return shown;
}

TEST(AuxiliaryHeads, TheLossIsTheModelsAndEachHeadsOverWhatItSees) {
  for (const char* name : {"sentiment", "fusion"}) {
    for (const SequencePool pool : {SequencePool::attention, SequencePool::final}) {
      RunConfig config = with_heads(LossWeighting::fixed);
      config.train.auxiliary.weight = 0.25;
      config.model.name = name;
      config.model.pool = pool;
      config.model.fusion.kind = FusionKind::cross_modal;
      config.model.fusion.heads = 2;
      config.model.fusion.layers = 1;
      config.model.dtype = DType::f64;
      const LoadedData data = load_data(config.data);
      const Loss loss(config, data.dataset);
      const auto model = model_for(config, data.dataset, loss);
      const Evaluating evaluating(*model);
      const Shown shown = some_samples(*model, loss, data.dataset);
      const ModelOutput output = model->forward(shown.inputs);
      ASSERT_EQ(output.heads.size(), 3u);
      const double own = cross_entropy_of(output.logits, shown.labels, std::vector<bool>(7, true));
      double expected = own;
      for (std::size_t m = 0; m < 3; ++m) {
        expected += 0.25 * cross_entropy_of(output.heads[m].logits, shown.labels, shown.present[m]);
      }
      EXPECT_NEAR(loss(output, shown.targets).item<double>(), expected, 1e-12) << name;
      EXPECT_NEAR(loss.of_model(output, shown.targets).item<double>(), own, 1e-12) << name;
    }
  }
}

TEST(AuxiliaryHeads, GradientsAreThoseOfTheWeightedLoss) {
  RunConfig config = with_heads(LossWeighting::uncertainty);
  config.model.dtype = DType::f64;
  const LoadedData data = load_data(config.data);
  const Loss loss(config, data.dataset);
  const auto model = model_for(config, data.dataset, loss);
  const Evaluating evaluating(*model);
  const Shown shown = some_samples(*model, loss, data.dataset);
  const auto value = [&] {
    const NoGrad no_grad;
    return loss(model->forward(shown.inputs), shown.targets).item<double>();
  };
  {
    Tape tape;
    tape.backward(loss(model->forward(shown.inputs), shown.targets));
  }
  bool has_variances = false;
  for (NamedParameter& parameter : parameters_of(*model)) {
    if (!is_auxiliary(parameter.name) && !parameter.name.starts_with("image.dense") &&
        !parameter.name.starts_with("text.embedding")) {
      continue;
    }
    has_variances = has_variances || parameter.name == ModelWithHeads::log_variances_name;
    const std::vector<double> gradient = parameter.variable.grad().defined()
                                             ? parameter.variable.grad().value().to_vector<double>()
                                             : std::vector<double>{};
    Tensor& weights = parameter.variable.value_in_place();
    for (std::int64_t i = 0; i < std::min<std::int64_t>(12, weights.elements()); ++i) {
      constexpr double h = 1e-5;
      double* number = weights.mutable_data<double>() + i;
      const double before = *number;
      *number = before + h;
      const double above = value();
      *number = before - h;
      const double below = value();
      *number = before;
      EXPECT_NEAR(gradient.empty() ? 0.0 : gradient[static_cast<std::size_t>(i)],
                  (above - below) / (2 * h), 1e-7)
          << parameter.name << " " << i;
    }
  }
  EXPECT_TRUE(has_variances);
}

void finish(Trainer& trainer) {
  while (!trainer.finished()) {
    if (trainer.step().ends_epoch || trainer.finished()) {
      static_cast<void>(trainer.end_epoch());
    }
  }
}

TEST(AuxiliaryHeads, RestoredAtAnyStepItEndsWithTheSameBits) {
  for (const LossWeighting weighting : {LossWeighting::fixed, LossWeighting::uncertainty}) {
    const RunConfig config = with_heads(weighting);
    const LoadedData data = load_data(config.data);
    Trainer whole(config, data.dataset);
    std::vector<Snapshot> snapshots;
    while (!whole.finished()) {
      if (whole.step().ends_epoch) {
        static_cast<void>(whole.end_epoch());
      }
      snapshots.push_back(whole.snapshot());
    }
    for (const std::size_t place : {std::size_t{2}, snapshots.size() / 2}) {
      Trainer resumed(config, data.dataset);
      resumed.restore(snapshots[place]);
      finish(resumed);
      EXPECT_EQ(weights_sha256(resumed.parameters()), weights_sha256(whole.parameters()));
    }
  }
}

TEST(AuxiliaryHeads, OffLeavesTheModelAsItWasAndOnKeepsItsNames) {
  const RunConfig off = small_config();
  const RunConfig on = with_heads(LossWeighting::uncertainty);
  const LoadedData data = load_data(off.data);
  const Loss loss(off, data.dataset);
  const auto plain = model_for(off, data.dataset, loss);
  const auto with = model_for(on, data.dataset, loss);
  const auto before = parameters_of(*plain);
  const auto after = parameters_of(*with);
  ASSERT_EQ(after.size(), before.size() + 3 * 2 + 1);
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(after[i].name, before[i].name);
    EXPECT_TRUE(same_bits(after[i].variable.value(), before[i].variable.value()));
    EXPECT_FALSE(is_auxiliary(before[i].name));
  }
  EXPECT_EQ(after.back().variable.shape(), Shape({4}));
}

// The question alone gives ⅓ at most, the picture alone ½, both together 1.
TEST(AuxiliaryHeadsSlow, HeadsLearnWhatTheirModalityIsWorthAlone) {
  RunConfig config;
  config.data.set = "answering";
  config.data.train = 1800;
  config.data.valid = 180;
  config.data.test = 576;
  config.model.hidden = 24;
  config.model.tokens.embedding = 12;
  config.model.tokens.hidden = 12;
  config.model.image.channels = {8, 12};
  config.model.missing_vectors = true;
  config.train.epochs = 10;
  config.train.batch_size = 24;
  config.train.select = "accuracy";
  config.train.evaluate_subsets = false;
  config.train.auxiliary.is_on = true;
  config.optimizer.learning_rate = 4e-3;
  const TemporaryFolder folder;
  RunOptions options;
  options.folder = folder.path() / "run";
  const LoadedData data = load_data(config.data);
  const Metrics test = run_training(config, data, options).summary.metrics.at("test");
  EXPECT_GT(test.at("accuracy"), 0.9);
  EXPECT_NEAR(test.at("head_accuracy[question]"), 1.0 / 3.0, 0.06);
  EXPECT_NEAR(test.at("head_accuracy[image]"), 0.5, 0.06);
}

TEST(AuxiliaryHeads, ModelsWithoutAVectorOfEachModalitySaySo) {
  RunConfig config = with_heads(LossWeighting::fixed);
  const LoadedData data = load_data(config.data);
  config.model.name = "fusion";
  config.model.fusion.kind = FusionKind::late;
  EXPECT_NE(message_of<InputError>([&] { Trainer(config, data.dataset); }).find("\"late\""),
            std::string::npos);
  config.model.name = "sentiment";
  config.data.modalities = {"text"};
  EXPECT_NE(message_of<InputError>([&] { Trainer(config, data.dataset); }).find("one modality"),
            std::string::npos);
}

TEST(AuxiliaryHeads, KeysAreReadWrittenAndChecked) {
  const RunConfig config =
      parse_run_config("[train.auxiliary]\nweighting = \"fixed\"\nweight = 0.5\n", "file");
  EXPECT_TRUE(config.train.auxiliary.is_on);
  EXPECT_EQ(config.train.auxiliary.weight, 0.5);
  EXPECT_EQ(to_toml(parse_run_config(to_toml(config), "again")), to_toml(config));
  EXPECT_NE(to_toml(RunConfig{}).find("[train.auxiliary]\nweighting = \"none\"\n"),
            std::string::npos);
  EXPECT_THROW(
      parse_run_config("[train.auxiliary]\nweighting = \"uncertainty\"\nweight = 0.5\n", "file"),
      InputError);
  EXPECT_NE(message_of<InputError>([] {
              parse_run_config(
                  "[train.auxiliary]\nweighting = \"fixed\"\n[task]\nkind = \"retrieve\"\n"
                  "pairs = [[\"text\", \"image\"]]\n[model]\nname = \"joint_embedding\"\n",
                  "file");
            }).find("train.auxiliary"),
            std::string::npos);
}

}  // namespace
}  // namespace heddle
