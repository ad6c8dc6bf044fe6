#include "train/adversaries.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "autograd/ops.h"
#include "autograd/tape.h"
#include "models/build.h"
#include "tests/core/throws.h"
#include "tests/train/plain_domains.h"
#include "tests/train/small_run.h"
#include "train/trainer.h"

namespace heddle {
namespace {

std::vector<double> gradient_of(const Variable& parameter) {
  return parameter.grad().value().to_vector<double>();
}

TEST(Adversaries, TheModelGetsTheReversedGradientAndTheDiscriminatorItsOwn) {
  const Dataset dataset = domains_in_plain_sight();
  RunConfig config = domain_config();
  config.model.dtype = DType::f64;
  config.train.domain.discriminator.weight = 0.7;
  const auto model = build_model(config.model, input_specs(dataset), 2, false, Generator(3));
  Adversaries adversaries(config, dataset, *model);
  const std::vector<std::int64_t> items = {0, 1, 2, 4, 7, 200};
  const SampleBatch batch = collate(dataset, items);
  const CleanBatch inputs = model->clean(model_batch(batch, {}));
  AdversaryTargets targets = adversaries.targets_of(batch, {}, Device{});
  EXPECT_EQ(targets.domains.to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{0, 1, 2, 1, 1, 2}));
  constexpr double progress = 0.15;
  adversaries.begin_step(progress);
  const std::vector<NamedParameter> of_model = parameters_of(*model);
  const std::vector<NamedParameter> own = parameters_of(adversaries);
  ASSERT_EQ(own.size(), 4u);
  EXPECT_EQ(own[0].name, "domain.inner.weight");

  std::vector<std::vector<double>> found;
  {
    Tape tape;
    tape.backward(adversaries(model->forward(inputs), targets));
  }
  for (const auto* parameters : {&of_model, &own}) {
    for (const NamedParameter& parameter : *parameters) {
      Variable handle = parameter.variable;
      found.push_back(handle.grad().defined() ? gradient_of(handle) : std::vector<double>{});
      handle.clear_grad();
    }
  }
  // The same without reversal, of its parts.
  {
    Tape tape;
    const Variable x = model->forward(inputs).fused;
    const Variable inner = relu(matmul(x, transpose(own[0].variable, 0, 1)) + own[1].variable);
    const Variable logits = matmul(inner, transpose(own[2].variable, 0, 1)) + own[3].variable;
    tape.backward(cross_entropy(logits, targets.domains));
  }
  const double strength = 0.7 * (2.0 / (1.0 + std::exp(-10.0 * progress)) - 1.0);
  std::size_t place = 0;
  for (const auto* parameters : {&of_model, &own}) {
    const double factor = parameters == &of_model ? -strength : 1.0;
    for (const NamedParameter& parameter : *parameters) {
      const std::vector<double>& gradient = found[place++];
      if (!parameter.variable.grad().defined()) {  // of the classifier
        EXPECT_TRUE(gradient.empty()) << parameter.name;
        continue;
      }
      const std::vector<double> expected = gradient_of(parameter.variable);
      ASSERT_EQ(gradient.size(), expected.size()) << parameter.name;
      for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_NEAR(gradient[i], factor * expected[i], 1e-12) << parameter.name;
      }
    }
  }
}

TEST(Adversaries, TheFusedVectorForgetsTheDomain) {
  const Dataset dataset = domains_in_plain_sight();
  RunConfig config = domain_config();
  config.train.domain.discriminator.weight = 0.0;  // watches
  const Metrics watched = trained(config, dataset);
  EXPECT_GT(watched.at("domain_accuracy"), 0.95);
  EXPECT_NEAR(watched.at("domain_majority"), 1.0 / 3.0, 1e-12);
  config.train.domain.discriminator.weight = 1.0;
  const Metrics adversarial = trained(config, dataset);
  EXPECT_LT(adversarial.at("domain_accuracy"), 0.7);
  EXPECT_GT(adversarial.at("accuracy"), 0.98);
}

TEST(Adversaries, SamplesOfOtherDomainsAreNotGuessed) {
  Dataset dataset = domains_in_plain_sight();
  std::fill(dataset.domains.begin() + 300, dataset.domains.end(), -1);
  RunConfig config = domain_config();
  config.train.epochs = 1;
  const Metrics metrics = trained(config, dataset);
  EXPECT_FALSE(metrics.contains("domain_accuracy"));
}

TEST(Adversaries, ResumeToTheBit) {
  expect_resumes(domain_config(), domains_in_plain_sight());
  RunConfig config = small_config();
  config.task.kind = TaskKind::retrieve;
  config.task.pairs = {{"text", "image"}};
  config.data.set = "retrieval";
  config.model.name = "joint_embedding";
  config.model.joint.width = 6;
  config.train.modality_dropout = 0.0;
  config.train.modality_adversary.weight = 0.5;
  expect_resumes(config, load_data(config.data).dataset);
}

TEST(Adversaries, SayWhatTheyLack) {
  Dataset dataset = domains_in_plain_sight();
  RunConfig config = domain_config();
  const auto message = [&] { return message_of<InputError>([&] { Trainer(config, dataset); }); };
  config.model.fusion.kind = FusionKind::late;
  EXPECT_NE(message().find("expected \"sentiment\", \"contextual\", or \"fusion\" of another kind"),
            std::string::npos);
  config = domain_config();
  dataset.domain_names = {"a"};
  EXPECT_NE(message().find("has 1 different values in the training split"), std::string::npos);
  dataset.domains.clear();
  EXPECT_NE(message().find("was loaded without it"), std::string::npos);
  config.train.domain.column.clear();
  config.train.modality_adversary.weight = 1.0;
  EXPECT_NE(message().find("expected model.name = \"joint_embedding\", or \"fusion\""),
            std::string::npos);
}

TEST(Adversaries, GuessTheModalityOfWhatAFusionModelEncodes) {
  RunConfig config = small_config();
  config.model.name = "fusion";
  config.model.dtype = DType::f64;
  config.train.modality_adversary.weight = 0.5;
  config.train.modality_adversary.schedule = AdversarySchedule::constant;
  config.train.modality_adversary.hidden = 5;
  const Dataset dataset = load_data(config.data).dataset;
  for (const bool has_heads : {false, true}) {
    config.train.auxiliary.is_on = has_heads;
    Trainer trainer(config, dataset);
    Metrics metrics;
    while (!trainer.finished()) {
      if (trainer.step().ends_epoch) {
        metrics = trainer.end_epoch();
      }
    }
    EXPECT_GT(metrics.at("modality_accuracy"), 0.0);
    EXPECT_DOUBLE_EQ(metrics.at("modality_majority"), 1.0 / 3.0);
  }
  // The model of the document too, where its encoders are equally wide, and not else.
  config.train.auxiliary.is_on = false;
  RunConfig sentiment = config;
  sentiment.model.name = "sentiment";
  EXPECT_NE(message_of<InputError>([&] { Trainer(sentiment, dataset); }).find("of one width"),
            std::string::npos);
  sentiment.data.modalities = {"image", "audio"};
  sentiment.model.sequence.kind = SequenceEncoderKind::conv;
  const Metrics of_sentiment = trained(sentiment, dataset);
  EXPECT_DOUBLE_EQ(of_sentiment.at("modality_majority"), 0.5);
  // An encoder gets the reversed gradient of the guess about its own vectors, and none from a
  // modality that a sample lacks.
  config.model.dropout = 0.0;
  const auto model = build_model(config.model, input_specs(dataset), 2, false, Generator(3));
  Adversaries adversaries(config, dataset, *model);
  adversaries.begin_step(0.0);
  const std::vector<std::int64_t> items = {3, 5};
  const SampleBatch batch = collate(dataset, items);
  const Presence presence = presence_of_subset({true, false, true}, 2);
  const AdversaryTargets targets = adversaries.targets_of(batch, presence, Device{});
  EXPECT_EQ(targets.modalities.to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{0, 0, -1, -1, 2, 2}));
  const CleanBatch inputs = model->clean(model_batch(batch, presence));
  const auto gradients = [&](bool is_reversed) {
    Tape tape;
    const ModelOutput output = model->forward(inputs);
    if (is_reversed) {
      tape.backward(adversaries(output, targets));
    } else {
      const std::vector<NamedParameter> own = parameters_of(adversaries);
      std::vector<Variable> vectors;
      for (const EncodedModality& encoded : output.encoded) {
        vectors.push_back(encoded.vector);
      }
      const Variable x = concat(vectors, 0);
      const Variable inner = relu(matmul(x, transpose(own[0].variable, 0, 1)) + own[1].variable);
      const Variable logits = matmul(inner, transpose(own[2].variable, 0, 1)) + own[3].variable;
      tape.backward(cross_entropy(logits, targets.modalities, {}, {.ignore_index = -1}));
    }
    std::map<std::string, std::vector<double>> found;
    for (NamedParameter& parameter : parameters_of(*model)) {
      if (parameter.variable.grad().defined()) {
        found[parameter.name] = gradient_of(parameter.variable);
        parameter.variable.clear_grad();
      }
    }
    for (NamedParameter& parameter : parameters_of(adversaries)) {
      parameter.variable.clear_grad();
    }
    return found;
  };
  const auto reversed = gradients(true);
  const auto plain = gradients(false);
  ASSERT_TRUE(reversed.contains("text.embedding.weight"));
  for (const auto& [name, values] : plain) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      EXPECT_NEAR(reversed.at(name)[i], -0.5 * values[i], 1e-12) << name;
    }
  }
}

TEST(Adversaries, KeysAreWrittenBack) {
  const RunConfig config = parse_run_config(
      "[data]\nkind = \"folder\"\ndescription = \"d.toml\"\n[train.domain]\ncolumn = \"speaker\"\n"
      "weight = 0.25\nschedule = \"constant\"\nhidden = 7\n[train.modality_adversary]\nweight = 2\n"
      "hidden = 9\n",
      "t");
  EXPECT_EQ(config.train.domain.discriminator.hidden, 7);
  EXPECT_EQ(config.train.modality_adversary.hidden, 9);
  EXPECT_EQ(to_toml(parse_run_config(to_toml(config), "again")), to_toml(config));
  const std::string builtin = message_of<InputError>(
      [] { parse_run_config("[train.domain]\ncolumn = \"speaker\"\n", "t"); });
  EXPECT_NE(builtin.find("expected data.kind = \"folder\""), std::string::npos) << builtin;
  const std::string unused = message_of<InputError>(
      [] { parse_run_config("[train.modality_adversary]\nhidden = 3\n", "t"); });
  EXPECT_NE(unused.find("key \"hidden\" is not known in [train.modality_adversary]"),
            std::string::npos)
      << unused;
}

TEST(Adversaries, TheSpaceOfTheRetrievalTwinHidesTheModalityAndKeepsItsRecall) {
  RunConfig config =
      load_run_config(std::filesystem::path(HEDDLE_SOURCE_DIR) / "configs/retrieval.toml");
  const LoadedData data = load_data(config.data);
  double recalls[2];
  for (const bool is_adversarial : {false, true}) {
    config.train.modality_adversary.weight = is_adversarial ? 1.0 : 0.0;
    Trainer trainer(config, data.dataset);
    Metrics metrics;
    while (!trainer.finished()) {
      if (trainer.step().ends_epoch) {
        metrics = trainer.end_epoch();
      }
    }
    recalls[is_adversarial] =
        metrics_of(trainer.evaluate(Split::test), data.dataset).at("recall_mean");
    if (is_adversarial) {
      EXPECT_LT(metrics.at("modality_accuracy"), 0.75);
      EXPECT_DOUBLE_EQ(metrics.at("modality_majority"), 0.5);
    }
  }
  EXPECT_GT(recalls[1], recalls[0] - 0.03);
}

}  // namespace
}  // namespace heddle
