#include "train/model_batch.h"

#include <algorithm>
#include <bit>

#include "core/error.h"

namespace heddle {

namespace {

InputSpec::Kind kind_for(ModalityKind kind) {
  switch (kind) {
    case ModalityKind::tokens:
      return InputSpec::Kind::tokens;
    case ModalityKind::sequence:
      return InputSpec::Kind::sequence;
    case ModalityKind::image:
      return InputSpec::Kind::image;
    case ModalityKind::features:
      break;
  }
  return InputSpec::Kind::features;
}

}  // namespace

std::vector<InputSpec> input_specs(const Dataset& dataset,
                                   const std::vector<std::string>& modalities) {
  std::vector<InputSpec> specs;
  for (const std::string& name : modalities.empty() ? dataset.modality_names() : modalities) {
    const ModalityInfo& info = dataset.modality(name).info;
    InputSpec& spec = specs.emplace_back();
    spec.name = info.name;
    spec.kind = kind_for(info.kind);
    spec.shape = info.shape;
    if (info.vocabulary != nullptr) {
      spec.vocabulary = info.vocabulary->size();
      if (info.vocabulary->has_ends()) {
        spec.begin = Vocabulary::begin;
        spec.end = Vocabulary::end;
      }
    }
  }
  return specs;
}

Presence presence_of_subset(const std::vector<bool>& shown, std::int64_t batch) {
  check(std::find(shown.begin(), shown.end(), true) != shown.end(),
        "presence: no modality is shown; expected at least one");
  Presence presence;
  for (const bool one : shown) {
    presence.push_back(one ? Tensor() : Tensor::full({batch}, 0.0, DType::boolean));
  }
  return presence;
}

Presence random_presence(std::size_t modalities, std::int64_t batch, double probability,
                         Generator& generator) {
  Presence presence(modalities);
  if (probability <= 0.0) {
    return presence;
  }
  std::vector<bool*> masks;
  for (Tensor& mask : presence) {
    mask = Tensor::full({batch}, 1.0, DType::boolean);
    masks.push_back(mask.mutable_data<bool>());
  }
  const std::uint64_t subsets = (std::uint64_t{1} << modalities) - 1;
  for (std::int64_t sample = 0; sample < batch; ++sample) {
    // Both numbers are drawn always, so that one sample's draw never shifts another's by chance.
    const bool drops = generator.bernoulli(probability);
    const std::uint64_t subset = 1 + generator.below(subsets);
    for (std::size_t m = 0; drops && m < modalities; ++m) {
      masks[m][sample] = (subset >> m & 1) != 0;
    }
  }
  return presence;
}

Presence presence_at_missing_rate(const Tensor& samples, std::size_t modalities, double rate,
                                  std::uint64_t seed) {
  check<InputError>(rate >= 0.0 && rate <= 1.0, "missing rate is ", rate, "; expected 0 … 1");
  const Generator::State stream = Generator(seed).named("missing").state();
  const std::vector<std::int64_t> numbers = samples.to_vector<std::int64_t>();
  Presence presence;
  for (std::size_t m = 0; m < modalities; ++m) {
    presence.push_back(Tensor::full(samples.shape(), 1.0, DType::boolean));
  }
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] < 0) {
      continue;  // padding of a group
    }
    const auto draw = [&](std::size_t m) {
      return uniform_unit(random_word(stream.seed, stream.stream,
                                      static_cast<std::uint64_t>(numbers[i]) * modalities + m));
    };
    std::size_t last = 0;
    for (std::size_t m = 1; m < modalities; ++m) {
      last = draw(m) > draw(last) ? m : last;
    }
    for (std::size_t m = 0; m < modalities; ++m) {
      presence[m].mutable_data<bool>()[i] = m == last || !(draw(m) < static_cast<float>(rate));
    }
  }
  return presence;
}

namespace {

/// Samples that both show: `present` bool [B] or, of groups, [U, B]; `shown` the same, or [B].
Tensor both(const Tensor& present, const Tensor& shown) {
  if (!present.defined() || !shown.defined()) {
    return present.defined() ? present : shown;
  }
  Tensor result = present.clone();
  bool* out = result.mutable_data<bool>("model_batch");
  for (std::int64_t i = 0; i < result.elements(); ++i) {
    out[i] = out[i] && shown.data<bool>()[i % shown.elements()];
  }
  return result;
}

}  // namespace

ModelBatch model_batch(const SampleBatch& batch, const Presence& presence) {
  check(presence.empty() || presence.size() == batch.modalities.size(),
        "model_batch: ", presence.size(), " masks for ", batch.modalities.size(),
        " modalities; expected as many");
  ModelBatch result;
  for (std::size_t m = 0; m < batch.modalities.size(); ++m) {
    const BatchModality& modality = batch.modalities[m];
    result.inputs.push_back(
        {.values = modality.values,
         .lengths = modality.lengths,
         .present = both(modality.present, presence.empty() ? Tensor() : presence[m])});
  }
  result.group_lengths = batch.group_lengths;
  return result;
}

std::vector<std::vector<bool>> all_subsets(std::size_t count) {
  check(count >= 1 && count <= 16, "subsets of ", count, " modalities; expected 1 … 16");
  std::vector<std::uint32_t> masks;
  for (std::uint32_t mask = 1; mask < std::uint32_t{1} << count; ++mask) {
    masks.push_back(mask);
  }
  std::stable_sort(masks.begin(), masks.end(), [](std::uint32_t left, std::uint32_t right) {
    return std::popcount(left) < std::popcount(right);
  });
  std::vector<std::vector<bool>> subsets;
  for (const std::uint32_t mask : masks) {
    std::vector<bool>& subset = subsets.emplace_back();
    for (std::size_t m = 0; m < count; ++m) {
      subset.push_back((mask >> m & 1) != 0);
    }
  }
  return subsets;
}

}  // namespace heddle
