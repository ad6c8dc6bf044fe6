#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "data/batch.h"
#include "data/dataset.h"
#include "models/model.h"
#include "train/adversary_targets.h"
#include "train/config.h"
#include "train/discriminator.h"
#include "train/metrics.h"
#include "train/model_batch.h"

namespace heddle {

/// Small networks that guess where the model's vectors come from, and that the model learns to
/// deceive, through gradient reversal:
///   domain    from ModelOutput::fused, the domain of the sample (DANN: Ganin et al., JMLR 2016,
///             arXiv 1505.07818)
///   modality  from each of ModelOutput::embeddings, or of ModelOutput::encoded where there are
///             none, its modality (retrieval: ACMR, Wang et al., ACM MM 2017; fusion: ARGF, Mai,
///             Hu & Xing, AAAI 2020, arXiv 1911.07848)
/// Each adds cross-entropy(discriminator(reverse(x, weight · λ)), origin) to what is minimised: it
/// learns at full rate, the model by −weight · λ of its gradient. They belong to the training, not
/// to the model, and draw no random numbers after they were made.
class Adversaries {
 public:
  /// With weights from streams of train.seed that the model does not use, on its device. Errors
  /// (InputError): the data set has no domains, or the training split fewer than two; the model has
  /// no such vectors.
  Adversaries(const RunConfig& config, const Dataset& dataset, Model& model);
  static bool are_wanted(const TrainConfig& config);

  AdversaryTargets targets_of(const SampleBatch& batch, const Presence& presence,
                              Device device) const;
  /// Tells the device λ where a share `progress` of all steps is done: 1 with the constant
  /// schedule, else 2 / (1 + e^{−10 progress}) − 1 (Ganin et al., §5.2.2). Not part of what is
  /// captured.
  void begin_step(double progress);
  /// What they add to the loss: one single value. Reads nothing on the host.
  Variable operator()(const ModelOutput& output, const AdversaryTargets& targets) const;
  void visit(Visitor& visitor);

  /// Right guesses, and how often each origin was there to be guessed.
  struct Tally {
    std::int64_t right = 0;
    std::vector<std::int64_t> counts;
  };
  struct Tallies {
    Tally domain;
    Tally modality;
  };
  /// Counts the guesses about a batch into `into`.
  void count(const ModelOutput& output, const SampleBatch& batch, Tallies& into) const;
  /// "domain_accuracy" beside "domain_majority", "modality_accuracy" beside "modality_majority":
  /// the share of right guesses, and of the most frequent origin. Only of what was counted.
  static Metrics metrics_of(const Tallies& tallies);

 private:
  struct Adversary {
    DiscriminatorConfig config;
    Discriminator discriminator;
    Tensor strength;  // [1], on the device: weight · λ

    Variable loss(const Variable& x, const Tensor& origins) const;
    void count(const Variable& x, const std::vector<std::int64_t>& origins, Tally& into) const;
  };
  static Adversary make(const DiscriminatorConfig& config, std::int64_t width, std::int64_t classes,
                        const Generator& generator, Model& model);
  std::vector<std::int64_t> domains_of(const SampleBatch& batch) const;

  std::vector<std::int64_t> domains_;  // of the data set's samples
  std::optional<Adversary> domain_;
  std::optional<Adversary> modality_;
};

/// Those of `metrics` that Adversaries::metrics_of gives.
Metrics adversary_metrics(const Metrics& metrics);

}  // namespace heddle
