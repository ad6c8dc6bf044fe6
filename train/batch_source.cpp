#include "train/batch_source.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "data/batch.h"
#include "models/sequence_generator.h"
#include "train/adversaries.h"
#include "train/evaluation.h"
#include "train/model_batch.h"

namespace heddle {
namespace {

/// For each sample its lengths in all modalities that have any, that of the last one first: what is
/// written, in the usual order, whose places cost most.
std::vector<std::vector<std::int64_t>> lengths_of(const Dataset& dataset,
                                                  const std::vector<std::string>& modalities,
                                                  const std::vector<std::int64_t>& items,
                                                  const Model& model) {
  check<InputError>(!model.takes_groups(),
                    "train.batch_tokens is for single samples, but the model "
                    "takes groups; expected batch_tokens = 0");
  std::vector<std::vector<std::int64_t>> lengths(items.size());
  for (auto name = modalities.rbegin(); name != modalities.rend(); ++name) {
    const Modality& modality = dataset.modality(*name);
    for (std::size_t i = 0; has_lengths(modality.info.kind) && i < items.size(); ++i) {
      lengths[i].push_back(std::max<std::int64_t>(1, modality.length(items[i])));
    }
  }
  check<InputError>(!lengths.front().empty(),
                    "train.batch_tokens is given, but no modality has "
                    "lengths; expected batch_tokens = 0");
  return lengths;
}

BatchSampler sampler_for(const TrainConfig& config, const Dataset& dataset,
                         const std::vector<std::string>& modalities, const Model& model) {
  const std::vector<std::int64_t> items = items_of(dataset, Split::train, model);
  check<InputError>(!items.empty(), "data set \"", dataset.name, "\" has no training samples");
  const std::uint64_t seed = Generator(config.seed).named("order").state().stream;
  SamplerOptions options{.batch_size = config.batch_size, .batch_tokens = config.batch_tokens};
  if (config.batch_tokens > 0) {
    options.lengths = lengths_of(dataset, modalities, items, model);
  }
  return BatchSampler(items, std::move(options), config.seed ^ seed);
}

/// Deals out the samples that have no label, where there are any and something learns from them.
std::optional<BatchSampler> unlabelled_sampler_for(const TrainConfig& config,
                                                   const Dataset& dataset, const Model& model) {
  if (dataset.unlabelled.empty() || config.domain.column.empty()) {
    return std::nullopt;
  }
  check<InputError>(!model.takes_groups(), "data set \"", dataset.name, "\" has ",
                    dataset.unlabelled.size(),
                    " samples without a label, but the model takes groups whole; expected all "
                    "members of a group to have one");
  const std::int64_t wanted = config.domain.unlabelled_batch_size > 0
                                  ? config.domain.unlabelled_batch_size
                                  : config.batch_size;
  const auto most = static_cast<std::int64_t>(dataset.unlabelled.size());
  const std::uint64_t seed = Generator(config.seed).named("order of unlabelled").state().stream;
  return BatchSampler(dataset.unlabelled, {.batch_size = std::min(wanted, most), .drop_last = true},
                      config.seed ^ seed);
}

std::int64_t count_samples(const SampleBatch& batch) {
  if (!batch.of_groups()) {
    return batch.size();
  }
  std::int64_t members = 0;
  for (const std::int64_t length : batch.group_lengths.to_vector<std::int64_t>()) {
    members += length;
  }
  return members;
}

}  // namespace

std::vector<Tensor*> tensors_of(StepBatch& batch) {
  std::vector<Tensor*> tensors;
  for (CleanInput& input : batch.inputs.inputs) {
    tensors.insert(tensors.end(), {&input.values, &input.lengths, &input.present});
  }
  tensors.insert(tensors.end(), {&batch.inputs.group_lengths, &batch.targets.labels,
                                 &batch.targets.targets, &batch.targets.counted});
  for (PairTargets& pair : batch.targets.pairs) {
    tensors.insert(tensors.end(), {&pair.negatives, &pair.own, &pair.weights});
  }
  tensors.insert(tensors.end(), {&batch.origins.domains, &batch.origins.modalities});
  return tensors;
}

std::vector<Tensor*> tensors_of(std::vector<StepBatch>& batches) {
  std::vector<Tensor*> tensors;
  for (StepBatch& batch : batches) {
    const std::vector<Tensor*> some = tensors_of(batch);
    tensors.insert(tensors.end(), some.begin(), some.end());
  }
  return tensors;
}

BatchSource::BatchSource(const TrainConfig& config, const Dataset& dataset,
                         const std::vector<std::string>& modalities, Model& model, const Loss& loss,
                         const Adversaries* adversaries)
    : config_(config),
      dataset_(dataset),
      modalities_(modalities),
      model_(model),
      loss_(loss),
      adversaries_(adversaries),
      sampler_(sampler_for(config, dataset, modalities, model)),
      unlabelled_(unlabelled_sampler_for(config, dataset, model)),
      presence_(Generator(config.seed).named("modality dropout")) {}

/// A function of the step, so that there is no state to keep.
std::vector<std::int64_t> BatchSource::unlabelled_at(std::int64_t step) {
  const std::int64_t batches = unlabelled_->batches_per_epoch();
  const BatchSampler::State wanted{.seed = unlabelled_->state().seed,
                                   .epoch = step / batches,
                                   .position = step % batches * unlabelled_->batch_size()};
  if (unlabelled_->state() != wanted) {  // of a run that goes on; else it is there by itself
    unlabelled_->restore(wanted);
  }
  return unlabelled_->next();
}

StepBatch BatchSource::make(std::int64_t step) {
  std::vector<std::int64_t> items = sampler_.next();
  if (unlabelled_) {
    const std::vector<std::int64_t> more = unlabelled_at(step);
    items.insert(items.end(), more.begin(), more.end());
  }
  const SampleBatch batch = model_.takes_groups() ? collate_groups(dataset_, items, modalities_)
                                                  : collate(dataset_, items, modalities_);
  const bool hides = step / batches_per_epoch() >= config_.modality_dropout_start;
  Presence presence = random_presence(modalities_.size(), batch.size(),
                                      hides ? config_.modality_dropout : 0.0, presence_);
  if (const SequenceGenerator* generator = model_.generator()) {
    // Only what stands beside the source may be missing: without it there is nothing to learn.
    presence[generator->source_input()] = Tensor();
    presence[generator->target_input()] = Tensor();
  }
  return {.inputs = model_.clean(model_batch(batch, presence)),
          .targets = loss_.targets_of(batch, model_.dtype(), model_.device()),
          .origins = adversaries_ != nullptr
                         ? adversaries_->targets_of(batch, presence, model_.device())
                         : AdversaryTargets{},
          .samples = count_samples(batch),
          .ends_epoch = sampler_.at_epoch_start()};
}

StepBatch BatchSource::next(std::int64_t step) {
  if (!ready_) {
    return make(step);
  }
  StepBatch batch = std::move(*ready_);
  ready_.reset();
  return batch;
}

void BatchSource::prepare(std::int64_t step) {
  if (!ready_) {
    ready_place_ = place();
    ready_ = make(step);
  }
}

BatchSource::Place BatchSource::place() const {
  return ready_ ? ready_place_ : Place{sampler_.state(), presence_.state()};
}

void BatchSource::restore(const Place& place) {
  ready_.reset();
  sampler_.restore(place.sampler);
  presence_.restore(place.presence);
}

}  // namespace heddle
