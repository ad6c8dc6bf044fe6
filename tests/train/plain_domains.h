#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/train/small_run.h"
#include "train/trainer.h"

namespace heddle {

/// Four numbers per sample: the sign of the first (in noise) is the class; the second and third say
/// the domain, of which there are three.
inline Dataset domains_in_plain_sight() {
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

inline RunConfig domain_config() {
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
inline Metrics trained(const RunConfig& config, const Dataset& dataset) {
  Trainer trainer(config, dataset);
  Metrics metrics;
  while (!trainer.finished()) {
    if (trainer.step().ends_epoch) {
      metrics = trainer.end_epoch();
    }
  }
  return metrics;
}

/// Six steps at once, and three, a snapshot, and three.
inline void expect_resumes(RunConfig config, const Dataset& dataset) {
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

}  // namespace heddle
