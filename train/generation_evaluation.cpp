#include "train/generation_evaluation.h"

#include <algorithm>
#include <numeric>

#include "autograd/ops.h"
#include "core/error.h"
#include "core/stream.h"
#include "data/batch.h"
#include "train/model_batch.h"

namespace heddle {
namespace {

std::int64_t count_of(const Tensor& labels) {
  std::int64_t count = 0;
  for (const std::int64_t label : labels.to(Device{}).to_vector<std::int64_t>()) {
    count += label >= 0 ? 1 : 0;
  }
  return count;
}

/// Puts another sample's value of a modality beside each sample: that half the list away.
void exchange(SampleBatch& batch, const Dataset& dataset, std::span<const std::int64_t> items,
              const std::vector<std::size_t>& places, const std::string& modality) {
  std::vector<std::int64_t> others;
  for (const std::size_t place : places) {
    others.push_back(items[(place + items.size() / 2) % items.size()]);
  }
  const std::vector<std::string> only = {modality};
  for (BatchModality& one : batch.modalities) {
    if (one.name == modality) {
      one = collate(dataset, others, only).modalities.front();
    }
  }
}

/// What is shown beside the source and the target, which are always there.
Presence presence_for(const EvaluationOptions& options, const SequenceGenerator& generator,
                      const SampleBatch& batch) {
  Presence presence;
  if (!options.shown.empty()) {
    presence = presence_of_subset(options.shown, batch.size());
  } else if (options.missing_rate > 0.0) {
    presence = presence_at_missing_rate(batch.samples, batch.modalities.size(),
                                        options.missing_rate, options.missing_seed);
  }
  if (!presence.empty()) {
    presence[generator.source_input()] = Tensor();
    presence[generator.target_input()] = Tensor();
  }
  return presence;
}

}  // namespace

Predictions predict_sequences(Model& model, const Loss& loss, const Dataset& dataset,
                              std::span<const std::int64_t> items,
                              const EvaluationOptions& options) {
  SequenceGenerator& generator = *model.generator();
  const Modality& source = dataset.modality(options.modalities[generator.source_input()]);
  const Modality& target = dataset.modality(options.modalities[generator.target_input()]);
  check<InputError>(options.shown.empty() || options.shown[generator.source_input()], "modality \"",
                    source.info.name,
                    "\" is what this model reads, and cannot be masked; expected it among those "
                    "that are shown");
  const DType dtype = model.dtype();
  const Device device = model.device();
  std::vector<std::size_t> order(items.size());
  std::iota(order.begin(), order.end(), std::size_t{});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
    const auto lengths = [&](std::size_t at) {
      return std::pair(source.length(items[at]), target.length(items[at]));
    };
    return lengths(left) < lengths(right);
  });

  Predictions result;
  result.samples.assign(items.begin(), items.end());
  result.labels.assign(items.size(), -1);
  GeneratedTexts& texts = result.generated;
  texts.lower_case = loss.task().bleu_lower_case;
  for (const std::int64_t sample : items) {
    const auto text = [&](const Modality& modality) {
      return modality.texts.empty()
                 ? modality.info.vocabulary->decode(
                       modality.sample(sample).to_vector<std::int64_t>())
                 : modality.texts[static_cast<std::size_t>(modality.row_of(sample))];
    };
    texts.sources.push_back(text(source));
    texts.references.push_back(text(target));
  }
  texts.outputs.resize(options.generation ? items.size() : 0);
  double loss_sum = 0.0;
  const auto step = static_cast<std::size_t>(options.batch_size);
  for (std::size_t begin = 0; begin < order.size(); begin += step) {
    const std::vector<std::size_t> places(
        order.begin() + static_cast<std::ptrdiff_t>(begin),
        order.begin() + static_cast<std::ptrdiff_t>(std::min(begin + step, order.size())));
    std::vector<std::int64_t> part;
    for (const std::size_t place : places) {
      part.push_back(items[place]);
    }
    SampleBatch batch = collate(dataset, part, options.modalities);
    if (!options.exchanged.empty()) {
      exchange(batch, dataset, items, places, options.exchanged);
    }
    const CleanBatch clean =
        model.clean(model_batch(batch, presence_for(options, generator, batch)));
    const MathScope math(device, model.math);
    const ModelOutput output = model.forward(clean);
    const LossTargets targets = loss.targets_of(batch, dtype, device);
    const auto tokens = static_cast<double>(count_of(targets.labels));
    loss_sum += loss(output, targets).item<double>() * tokens;
    texts.surprise +=
        cross_entropy(output.logits, targets.labels, {}, {.ignore_index = -1}).item<double>() *
        tokens;
    texts.tokens += static_cast<std::int64_t>(tokens);
    if (options.generation) {
      const auto found = generator.generate(clean, *options.generation);
      for (std::size_t i = 0; i < places.size(); ++i) {
        texts.outputs[places[i]] = target.info.vocabulary->decode(found[i].front().tokens);
      }
    }
  }
  result.loss = loss_sum / static_cast<double>(std::max<std::int64_t>(1, texts.tokens));
  return result;
}

}  // namespace heddle
