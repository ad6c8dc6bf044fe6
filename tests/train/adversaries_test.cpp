#include "train/adversaries.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "autograd/ops.h"
#include "autograd/tape.h"
#include "models/build.h"
#include "tests/core/throws.h"
#include "tests/train/small_run.h"
#include "train/trainer.h"

namespace heddle {
namespace {

/// Four numbers per sample: the sign of the first (in noise) is the class; the second and third say
/// the domain, of which there are three.
Dataset domains_in_plain_sight() {
  Dataset dataset;
  dataset.name = "domains";
  dataset.samples = 360;
  dataset.class_names = {"no", "yes"};
  dataset.domain_names = {"a", "b", "c"};
  Generator generator(5);
  std::vector<float> features;
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < dataset.samples; ++i) {
    const std::int64_t domain = i % 3;
    const std::int64_t label = static_cast<std::int64_t>(generator.below(2));
    const auto noise = [&] { return 0.3f * (generator.uniform() - 0.5f); };
    features.insert(features.end(),
                    {(label == 1 ? 1.0f : -1.0f) + noise(), (domain == 1 ? 1.0f : 0.0f) + noise(),
                     (domain == 2 ? 1.0f : 0.0f) + noise(), noise()});
    labels.push_back(label);
    dataset.domains.push_back(domain);
    dataset.splits[i < 300 ? 0 : 1].push_back(i);
  }
  dataset.labels = Tensor::from<std::int64_t>(labels, {dataset.samples});
  Modality modality;
  modality.info.name = "record";
  modality.info.kind = ModalityKind::features;
  modality.info.shape = {4};
  modality.values = Tensor::from<float>(features, {dataset.samples, 4});
  dataset.modalities.push_back(modality);
  return dataset;
}

RunConfig domain_config() {
  RunConfig config;
  config.model.name = "fusion";
  config.model.hidden = 8;
  config.train.epochs = 40;
  config.train.batch_size = 30;
  config.train.domain.column = "clinic";
  config.train.domain.discriminator.hidden = 16;
  config.optimizer.learning_rate = 5e-3;
  return config;
}

/// The metrics of the validation split after training.
Metrics trained(const RunConfig& config, const Dataset& dataset) {
  Trainer trainer(config, dataset);
  Metrics metrics;
  while (!trainer.finished()) {
    if (trainer.step().ends_epoch) {
      metrics = trainer.end_epoch();
    }
  }
  return metrics;
}

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

/// Six steps at once, and three, a snapshot, and three.
void expect_resumes(RunConfig config, const Dataset& dataset) {
  config.train.average_decay = 0.9;
  Trainer whole(config, dataset);
  Trainer first(config, dataset);
  for (int step = 0; step < 3; ++step) {
    whole.step();
    first.step();
  }
  Trainer second(config, dataset);
  const Snapshot snapshot = first.snapshot();
  second.restore(snapshot);
  for (int step = 0; step < 3; ++step) {
    whole.step();
    second.step();
  }
  const Snapshot ends[] = {whole.snapshot(), second.snapshot()};
  ASSERT_EQ(ends[0].tensors.size(), ends[1].tensors.size());
  int of_adversaries = 0;
  for (std::size_t i = 0; i < ends[0].tensors.size(); ++i) {
    const NamedTensor& tensor = ends[0].tensors[i];
    EXPECT_EQ(tensor.name, ends[1].tensors[i].name);
    EXPECT_TRUE(same_bits(tensor.tensor, ends[1].tensors[i].tensor)) << tensor.name;
    of_adversaries += tensor.name.find("adversary.") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(of_adversaries, 3 * 4);  // values, and two moments of each
  for (const NamedParameter& parameter : whole.parameters()) {
    EXPECT_EQ(parameter.name.find("adversary"), std::string::npos) << parameter.name;
  }
  for (const NamedTensor& tensor : whole.chosen_weights()) {
    EXPECT_EQ(tensor.name.find("adversary"), std::string::npos) << tensor.name;
  }
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
  EXPECT_NE(message().find("expected model.name = \"joint_embedding\""), std::string::npos);
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

/// What a network trained on the embeddings of one half of the test split guesses of the other
/// half.
double probe_accuracy(Trainer& trainer, const Dataset& dataset) {
  const Predictions predictions = trainer.evaluate(Split::test);
  static_cast<void>(dataset);
  const std::int64_t width = predictions.embeddings[0].width;
  const auto samples = static_cast<std::int64_t>(predictions.samples.size());
  std::vector<Variable> halves[2];
  for (const ModalityEmbeddings& entry : predictions.embeddings) {
    const Tensor all = Tensor::from<float>(entry.values, {samples, width});
    halves[0].push_back(Variable(all.slice(0, 0, samples / 2)));
    halves[1].push_back(Variable(all.slice(0, samples / 2, samples)));
  }
  const auto origins_of = [](const std::vector<Variable>& half) {
    std::vector<std::int64_t> origins;
    for (std::size_t m = 0; m < half.size(); ++m) {
      origins.insert(origins.end(), static_cast<std::size_t>(half[m].size(0)),
                     static_cast<std::int64_t>(m));
    }
    return origins;
  };
  Discriminator probe(width, 32, 2, Generator(9), DType::f32);
  OptimizerConfig options;
  options.learning_rate = 1e-2;
  Optimizer optimizer(options, parameters_of(probe));
  const std::vector<std::int64_t> train_origins = origins_of(halves[0]);
  const Tensor targets =
      Tensor::from<std::int64_t>(train_origins, {static_cast<std::int64_t>(train_origins.size())});
  for (int step = 0; step < 200; ++step) {
    optimizer.clear_gradients();
    Tape tape;
    const Variable loss = cross_entropy(probe(concat(halves[0], 0)), targets);
    tape.backward(loss);
    optimizer.step(loss.value());
  }
  const std::vector<std::int64_t> origins = origins_of(halves[1]);
  const std::vector<double> logits = probe(concat(halves[1], 0)).value().to_vector<double>();
  double right = 0.0;
  for (std::size_t i = 0; i < origins.size(); ++i) {
    right += (logits[2 * i + 1] > logits[2 * i]) == (origins[i] == 1) ? 1.0 : 0.0;
  }
  return right / static_cast<double>(origins.size());
}

TEST(Adversaries, TheSpaceOfTheRetrievalTwinForgetsTheModality) {
  RunConfig config =
      load_run_config(std::filesystem::path(HEDDLE_SOURCE_DIR) / "configs/retrieval.toml");
  const LoadedData data = load_data(config.data);
  double probes[2];
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
    probes[is_adversarial] = probe_accuracy(trainer, data.dataset);
    recalls[is_adversarial] =
        metrics_of(trainer.evaluate(Split::test), data.dataset).at("recall_mean");
    if (is_adversarial) {
      EXPECT_LT(metrics.at("modality_accuracy"), 0.75);
      EXPECT_DOUBLE_EQ(metrics.at("modality_majority"), 0.5);
    }
    RecordProperty(is_adversarial ? "probe_adversarial" : "probe_plain",
                   std::to_string(probes[is_adversarial]));
  }
  EXPECT_GT(probes[0], 0.95);
  EXPECT_LT(probes[1], probes[0] - 0.15) << "recall " << recalls[0] << " and " << recalls[1];
  EXPECT_GT(recalls[1], recalls[0] - 0.03) << "probes " << probes[0] << " and " << probes[1];
}

}  // namespace
}  // namespace heddle
