#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "autograd/variable.h"
#include "core/tensor.h"
#include "data/batch.h"
#include "data/dataset.h"
#include "models/model.h"
#include "train/config.h"

namespace heddle {

/// Who belongs to whom among the B samples of a batch, for one pair of modalities. On the device of
/// the model, in its type.
struct PairTargets {
  /// f [B, B]: 1 where the right input of sample j is a wrong answer to the left one of sample i,
  /// else 0: its own, another caption of the same picture (the same identity), or absent.
  Tensor negatives;
  Tensor own;      // i64 [B]: i, or −1 where sample i lacks either input and counts nowhere
  Tensor weights;  // f [B]: 1 / how many count, or 0
};

struct EvaluatedPair {
  ModalityPair names;
  bool is_trained = false;
};

/// The mean over the pairs of modalities of a loss over S_ij = cosine of left i and right j, which
/// is small where what belongs together is closer than what does not, in both directions.
///
/// infonce (van den Oord et al., arXiv 1807.03748; symmetric as in Radford et al., 2021):
///   ½ mean_i −log e^{S_ii/τ} / (e^{S_ii/τ} + Σ_j∈N(i) e^{S_ij/τ})   + ½ the same over columns
/// triplet (Faghri et al., arXiv 1707.05612), with margin α:
///   mean_i Σ_j∈N(i) [α − S_ii + S_ij]₊ + the same over columns; hardest: max_j in place of Σ_j
/// N(i) are the negatives above: samples of one identity never count against each other.
class ContrastiveLoss {
 public:
  /// Errors (InputError): a pair names a modality that the run does not use.
  ContrastiveLoss(const RunConfig& config, const Dataset& dataset);

  std::vector<PairTargets> targets_of(const SampleBatch& batch, DType dtype, Device device) const;
  /// One single value. Reads nothing on the host.
  Variable operator()(const ModelOutput& output, const std::vector<PairTargets>& targets) const;

  /// Where the temperature begins, if it is the model's to learn.
  std::optional<double> learned_temperature() const;
  std::vector<EvaluatedPair> evaluated_pairs() const;

 private:
  struct Places {
    std::size_t left;  // positions among the run's modalities
    std::size_t right;
  };

  LossConfig config_;
  TaskConfig task_;
  std::vector<Places> pairs_;
  std::vector<std::int64_t> identities_;  // of the data set's samples; empty: each its own
};

/// Whether each of `samples` samples of a batch has this modality: it is there and not empty.
std::vector<bool> samples_with(const BatchModality& modality, std::size_t samples);

/// The loss of one pair from its matrix of cosines S [B, B]. `scale` [1] multiplies cosines
/// (infonce); undefined: 1 / the configured temperature.
Variable contrastive_loss(const Variable& cosines, const Variable& scale,
                          const PairTargets& targets, const LossConfig& config);

}  // namespace heddle
