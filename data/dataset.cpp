#include "data/dataset.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/error.h"
#include "data/nearest_name.h"

namespace heddle {

std::string_view name_of(ModalityKind kind) {
  switch (kind) {
    case ModalityKind::tokens:
      return "tokens";
    case ModalityKind::features:
      return "features";
    case ModalityKind::sequence:
      return "sequence";
    case ModalityKind::image:
      break;
  }
  return "image";
}

ModalityKind modality_kind_named(std::string_view name) {
  std::vector<std::string> known;
  for (const ModalityKind kind : {ModalityKind::tokens, ModalityKind::features,
                                  ModalityKind::sequence, ModalityKind::image}) {
    if (name_of(kind) == name) {
      return kind;
    }
    known.emplace_back(name_of(kind));
  }
  fail<InputError>("unknown kind of modality \"", name, "\"", suggestion(name, known));
}

bool has_lengths(ModalityKind kind) {
  return kind == ModalityKind::tokens || kind == ModalityKind::sequence;
}

float Standardisation::raw(float stored, std::int64_t feature) const {
  float value = stored;
  if (!mean.empty()) {
    const std::size_t at = mean.size() == 1 ? 0 : static_cast<std::size_t>(feature);
    value = stored / scale[at] + mean[at];
  }
  return power == 1.0f ? value : std::copysign(std::pow(std::abs(value), 1.0f / power), value);
}

float Standardisation::powered(float raw) const {
  return power == 1.0f ? raw : std::copysign(std::pow(std::abs(raw), power), raw);
}

float Standardisation::stored(float raw, std::int64_t feature) const {
  const float value = powered(raw);
  if (mean.empty()) {
    return value;
  }
  const std::size_t at = mean.size() == 1 ? 0 : static_cast<std::size_t>(feature);
  return (value - mean[at]) * scale[at];
}

std::int64_t ModalityInfo::features() const {
  check(shape.rank() == 1, "modality \"", name, "\" is of kind ", name_of(kind),
        ", which has no single number of features");
  return shape[0];
}

std::int64_t Modality::row_of(std::int64_t sample) const {
  return rows.empty() ? sample : rows.at(static_cast<std::size_t>(sample));
}

std::int64_t Modality::row_count() const {
  return starts.empty() ? values.size(0) : static_cast<std::int64_t>(starts.size()) - 1;
}

bool Modality::has(std::int64_t sample) const {
  return present.empty() || present.at(static_cast<std::size_t>(sample));
}

std::int64_t Modality::length(std::int64_t sample) const {
  if (starts.empty()) {
    return 1;
  }
  const auto at = static_cast<std::size_t>(row_of(sample));
  return starts.at(at + 1) - starts.at(at);
}

Tensor Modality::sample(std::int64_t sample) const {
  if (starts.empty()) {
    return values.select(0, row_of(sample));
  }
  const auto at = static_cast<std::size_t>(row_of(sample));
  return values.slice(0, starts.at(at), starts.at(at + 1));
}

std::vector<std::string> Modality::words(std::int64_t sample) const {
  check(info.kind == ModalityKind::tokens, "modality \"", info.name, "\" is of kind ",
        name_of(info.kind), "; only tokens have words");
  if (!texts.empty()) {
    const std::string& text = texts.at(static_cast<std::size_t>(row_of(sample)));
    return info.vocabulary ? info.vocabulary->pieces(text) : words_in(text);
  }
  std::vector<std::string> words;
  for (const std::int64_t number : this->sample(sample).to_vector<std::int64_t>()) {
    words.push_back(info.vocabulary ? info.vocabulary->word(number) : std::to_string(number));
  }
  return words;
}

std::string_view name_of(Split split) {
  switch (split) {
    case Split::train:
      return "train";
    case Split::valid:
      return "valid";
    case Split::test:
      break;
  }
  return "test";
}

Split split_named(std::string_view name) {
  std::vector<std::string> known;
  for (const Split split : all_splits) {
    if (name_of(split) == name) {
      return split;
    }
    known.emplace_back(name_of(split));
  }
  fail<InputError>("unknown split \"", name, "\"", suggestion(name, known));
}

std::vector<std::int64_t> Dataset::group_indices(Split split) const {
  std::vector<std::int64_t> found;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (groups[i].split == split) {
      found.push_back(static_cast<std::int64_t>(i));
    }
  }
  return found;
}

std::vector<std::string> Dataset::modality_names() const {
  std::vector<std::string> names;
  for (const Modality& entry : modalities) {
    names.push_back(entry.info.name);
  }
  return names;
}

bool Dataset::has_modality(std::string_view modality_name) const {
  return std::any_of(modalities.begin(), modalities.end(),
                     [&](const Modality& entry) { return entry.info.name == modality_name; });
}

const Modality& Dataset::modality(std::string_view modality_name) const {
  for (const Modality& entry : modalities) {
    if (entry.info.name == modality_name) {
      return entry;
    }
  }
  fail<InputError>("data set \"", name, "\" has no modality \"", modality_name, "\"",
                   suggestion(modality_name, modality_names()));
}

bool Dataset::is_unlabelled(std::int64_t sample) const {
  return std::binary_search(unlabelled.begin(), unlabelled.end(), sample);
}

std::vector<bool> Dataset::in_a_split() const {
  std::vector<bool> found(static_cast<std::size_t>(samples));
  for (const std::vector<std::int64_t>& split : splits) {
    for (const std::int64_t sample : split) {
      found[static_cast<std::size_t>(sample)] = true;
    }
  }
  return found;
}

std::string Dataset::name_of_sample(std::int64_t sample) const {
  check(sample >= 0 && sample < samples, "data set \"", name, "\" has no sample ", sample,
        ", expected 0 … ", samples - 1);
  return sample_names.empty() ? std::to_string(sample)
                              : sample_names[static_cast<std::size_t>(sample)];
}

std::string Dataset::name_of_identity(std::int64_t identity) const {
  if (identities.empty()) {
    return name_of_sample(identity);
  }
  return identity_names.empty() ? std::to_string(identity)
                                : identity_names.at(static_cast<std::size_t>(identity));
}

std::int64_t Dataset::sample_named(std::string_view sample_name) const {
  const auto found = std::find(sample_names.begin(), sample_names.end(), sample_name);
  if (found != sample_names.end()) {
    return found - sample_names.begin();
  }
  std::int64_t number = -1;
  const char* end = sample_name.data() + sample_name.size();
  const auto result = std::from_chars(sample_name.data(), end, number);
  check<InputError>(
      result.ec == std::errc() && result.ptr == end && number >= 0 && number < samples,
      "data set \"", name, "\" has no sample \"", sample_name, "\"; expected a number from 0 to ",
      samples - 1, sample_names.empty() ? "" : concat(", or a name such as ", sample_names[0]));
  return number;
}

std::vector<std::int64_t> Dataset::class_counts(std::span<const std::int64_t> indices) const {
  std::vector<std::int64_t> counts(class_names.size());
  if (!has_labels()) {
    return counts;
  }
  const std::vector<std::int64_t> all = labels.to_vector<std::int64_t>();
  for (const std::int64_t sample : indices) {
    ++counts.at(static_cast<std::size_t>(all.at(static_cast<std::size_t>(sample))));
  }
  return counts;
}

}  // namespace heddle
