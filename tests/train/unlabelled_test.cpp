#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "models/build.h"
#include "tests/train/plain_domains.h"
#include "train/adversaries.h"
#include "train/batch_source.h"

namespace heddle {
namespace {

using Indices = std::vector<std::int64_t>;

/// The last hundred training samples, of domain "c" alone, have lost their labels.
Dataset with_unlabelled_domain() {
  Dataset dataset = domains_in_plain_sight();
  std::vector<std::int64_t> labels = dataset.labels.to_vector<std::int64_t>();
  Indices labelled;
  for (const std::int64_t sample : dataset.splits[0]) {
    if (dataset.domains[static_cast<std::size_t>(sample)] == 2) {
      dataset.unlabelled.push_back(sample);
      labels[static_cast<std::size_t>(sample)] = -1;
    } else {
      labelled.push_back(sample);
    }
  }
  dataset.splits[0] = labelled;
  dataset.labels = Tensor::from<std::int64_t>(labels, {dataset.samples});
  dataset.validate();
  return dataset;
}

TEST(Unlabelled, ReachTheDiscriminatorAlone) {
  const Dataset dataset = with_unlabelled_domain();
  RunConfig config = domain_config();
  config.model.dtype = DType::f64;
  config.train.domain.unlabelled_batch_size = 7;
  const Loss loss(config, dataset);
  const auto model = build_model(config.model, input_specs(dataset), 2, false, Generator(3));
  Adversaries adversaries(config, dataset, *model);
  const std::vector<std::string> modalities = {"record"};
  BatchSource source(config.train, dataset, modalities, *model, loss, &adversaries);
  EXPECT_TRUE(source.uses_unlabelled());
  EXPECT_EQ(source.batches_per_epoch(), 7);  // of the 200 with a label
  std::set<std::vector<double>> seen;
  for (std::int64_t step = 0; step < 14; ++step) {
    StepBatch batch = source.next(step);
    const std::vector<std::int64_t> labels = batch.targets.labels.to_vector<std::int64_t>();
    const std::vector<std::int64_t> domains = batch.origins.domains.to_vector<std::int64_t>();
    ASSERT_EQ(batch.samples, step % 7 == 6 ? 20 + 7 : 30 + 7);
    const std::size_t labelled = labels.size() - 7;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      EXPECT_EQ(labels[i] == -1, i >= labelled);
      EXPECT_EQ(domains[i] == 2, i >= labelled);
    }
    const std::vector<double> values = batch.inputs.inputs[0].values.to_vector<double>();
    for (std::size_t i = labelled; i < labels.size(); ++i) {
      seen.emplace(values.begin() + static_cast<std::ptrdiff_t>(4 * i),
                   values.begin() + static_cast<std::ptrdiff_t>(4 * i + 4));
    }
    if (step == 4) {
      // The loss is that of the labelled samples alone.
      std::vector<std::int64_t> rows;
      const double together = loss(model->forward(batch.inputs), batch.targets).item<double>();
      CleanBatch alone = batch.inputs;
      alone.inputs[0].values =
          alone.inputs[0].values.slice(0, 0, static_cast<std::int64_t>(labelled)).clone();
      LossTargets of_those = batch.targets;
      of_those.labels = of_those.labels.slice(0, 0, static_cast<std::int64_t>(labelled)).clone();
      EXPECT_NEAR(loss(model->forward(alone), of_those).item<double>(), together, 1e-12);
    }
  }
  EXPECT_EQ(seen.size(), 98u);  // 14 different sevens of a hundred
}

TEST(Unlabelled, AreDealtOutAgainAfterResuming) {
  expect_resumes(domain_config(), with_unlabelled_domain());
}

TEST(Unlabelled, AreWantedByTheDiscriminatorAlone) {
  const Dataset dataset = with_unlabelled_domain();
  RunConfig config = domain_config();
  config.train.epochs = 2;
  const Metrics metrics = trained(config, dataset);
  EXPECT_NEAR(metrics.at("domain_majority"), 120.0 / 160.0, 1e-12);  // 20 of 60, and all hundred
  config.train.domain.column.clear();
  EXPECT_FALSE(Trainer(config, dataset).uses_unlabelled());
  EXPECT_FALSE(trained(config, dataset).contains("domain_majority"));
}

}  // namespace
}  // namespace heddle
