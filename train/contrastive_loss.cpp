#include "train/contrastive_loss.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <string>

#include "autograd/ops.h"
#include "core/error.h"
#include "data/nearest_name.h"

namespace heddle {
namespace {

/// Added to what must not be a candidate: its share in a softmax is exactly 0.
constexpr double out_of_reach = -1e9;

std::size_t place_of(const std::vector<std::string>& modalities, const std::string& name) {
  const auto found = std::find(modalities.begin(), modalities.end(), name);
  check<InputError>(found != modalities.end(), "task: a pair names \"", name,
                    "\", which is no modality of this run", suggestion(name, modalities));
  return static_cast<std::size_t>(found - modalities.begin());
}

PairTargets pair_targets(const std::vector<std::int64_t>& identities,
                         const std::vector<bool>& has_left, const std::vector<bool>& has_right,
                         DType dtype, Device device) {
  const std::size_t count = identities.size();
  std::vector<double> negatives(count * count);
  std::vector<std::int64_t> own(count);
  std::vector<double> weights(count);
  std::int64_t counted = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const bool counts = has_left[i] && has_right[i];
    own[i] = counts ? static_cast<std::int64_t>(i) : -1;
    counted += counts ? 1 : 0;
    for (std::size_t j = 0; j < count; ++j) {
      const bool wrong = has_left[i] && has_right[j] && identities[i] != identities[j];
      negatives[i * count + j] = wrong ? 1.0 : 0.0;
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    weights[i] = own[i] >= 0 ? 1.0 / static_cast<double>(counted) : 0.0;
  }
  const auto size = static_cast<std::int64_t>(count);
  const auto sent = [&](const std::vector<double>& values, const Shape& shape) {
    return Tensor::from(std::span<const double>(values), shape).to(dtype).to(device);
  };
  return {.negatives = sent(negatives, {size, size}),
          .own = Tensor::from(std::span<const std::int64_t>(own), {size}).to(device),
          .weights = sent(weights, {size})};
}

Variable own_cosines(const Variable& cosines) {
  const Tensor own = positions(cosines.size(0), cosines.device()).unsqueeze(1);
  return gather(cosines, own, 1);  // [B, 1]
}

Variable infonce(const Variable& cosines, const Variable& scale, const PairTargets& targets,
                 double temperature) {
  const std::int64_t samples = cosines.size(0);
  const Variable own_place(compare(CompareOp::equal,
                                   positions(samples, cosines.device()).unsqueeze(1),
                                   positions(samples, cosines.device()).unsqueeze(0))
                               .to(cosines.dtype()));
  const Variable scaled = scale.defined() ? cosines * scale : cosines / temperature;
  const Variable blocked = (1.0 - Variable(targets.negatives) - own_place) * out_of_reach;
  const Variable logits = scaled + blocked;
  const CrossEntropyOptions options = {.label_smoothing = 0.0, .ignore_index = -1};
  return (cross_entropy(logits, targets.own, {}, options) +
          cross_entropy(transpose(logits, 0, 1), targets.own, {}, options)) *
         0.5;
}

/// What each sample contributes over the rows of `cosines`, [B].
Variable violations(const Variable& cosines, const Tensor& negatives, const LossConfig& config) {
  const Variable excess =
      relu(cosines - own_cosines(cosines) + config.margin) * Variable(negatives);
  return config.negatives == TripletNegatives::hardest ? max(excess, 1) : sum(excess, {1});
}

}  // namespace

std::vector<bool> samples_with(const BatchModality& modality, std::size_t samples) {
  std::vector<bool> present(samples, true);
  for (std::size_t i = 0; i < samples; ++i) {
    const auto at = static_cast<std::int64_t>(i);
    present[i] = (!modality.present.defined() || modality.present.data<bool>()[at]) &&
                 (!modality.lengths.defined() || modality.lengths.data<std::int64_t>()[at] > 0);
  }
  return present;
}

Variable contrastive_loss(const Variable& cosines, const Variable& scale,
                          const PairTargets& targets, const LossConfig& config) {
  if (config.contrastive == ContrastiveLossKind::infonce) {
    return infonce(cosines, scale, targets, config.temperature);
  }
  const Variable rows = violations(cosines, targets.negatives, config);
  const Variable columns =
      violations(transpose(cosines, 0, 1), targets.negatives.transpose(0, 1), config);
  return sum((rows + columns) * Variable(targets.weights));
}

ContrastiveLoss::ContrastiveLoss(const RunConfig& config, const Dataset& dataset)
    : config_(config.loss), task_(config.task), identities_(dataset.identities) {
  const std::vector<std::string> modalities =
      config.data.modalities.empty() ? dataset.modality_names() : config.data.modalities;
  for (const ModalityPair& pair : task_.pairs) {
    pairs_.push_back({place_of(modalities, pair.left), place_of(modalities, pair.right)});
  }
  for (const ModalityPair& pair : task_.evaluate) {
    static_cast<void>(place_of(modalities, pair.left));
    static_cast<void>(place_of(modalities, pair.right));
  }
}

std::vector<PairTargets> ContrastiveLoss::targets_of(const SampleBatch& batch, DType dtype,
                                                     Device device) const {
  std::vector<std::int64_t> identities = batch.samples.to_vector<std::int64_t>();
  for (std::int64_t& sample : identities) {
    sample = identities_.empty() ? sample : identities_[static_cast<std::size_t>(sample)];
  }
  std::vector<PairTargets> result;
  for (const Places& pair : pairs_) {
    result.push_back(
        pair_targets(identities, samples_with(batch.modalities[pair.left], identities.size()),
                     samples_with(batch.modalities[pair.right], identities.size()), dtype, device));
  }
  return result;
}

Variable ContrastiveLoss::operator()(const ModelOutput& output,
                                     const std::vector<PairTargets>& targets) const {
  Variable total;
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    const Variable cosines = matmul(output.embeddings[pairs_[i].left],
                                    transpose(output.embeddings[pairs_[i].right], 0, 1));
    const Variable part = contrastive_loss(cosines, output.similarity_scale, targets[i], config_);
    total = total.defined() ? total + part : part;
  }
  return total / static_cast<double>(pairs_.size());
}

std::optional<double> ContrastiveLoss::learned_temperature() const {
  const bool learns =
      config_.contrastive == ContrastiveLossKind::infonce && config_.learn_temperature;
  return learns ? std::optional(config_.temperature) : std::nullopt;
}

std::vector<EvaluatedPair> ContrastiveLoss::evaluated_pairs() const {
  std::vector<EvaluatedPair> pairs;
  for (const ModalityPair& pair : task_.pairs) {
    pairs.push_back({pair, true});
  }
  for (const ModalityPair& pair : task_.evaluate) {
    pairs.push_back({pair, false});
  }
  return pairs;
}

}  // namespace heddle
