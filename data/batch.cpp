#include "data/batch.h"

#include <algorithm>
#include <cstring>

#include "core/error.h"

namespace heddle {
namespace {

std::vector<const Modality*> chosen(const Dataset& dataset, std::span<const std::string> names) {
  std::vector<const Modality*> found;
  if (names.empty()) {
    for (const Modality& modality : dataset.modalities) {
      found.push_back(&modality);
    }
  }
  for (const std::string& name : names) {
    found.push_back(&dataset.modality(name));
  }
  return found;
}

void check_indices(std::span<const std::int64_t> indices, std::int64_t count, const char* what) {
  check(!indices.empty(), what, ": got no index, expected at least one");
  for (const std::int64_t index : indices) {
    check(index >= 0 && index < count, what, ": got index ", index, ", expected 0 … ", count - 1);
  }
}

/// Samples of different lengths side by side: [T, B] or [T, B, F], zero where one has ended.
template <typename T>
BatchModality padded(const Modality& modality, std::span<const std::int64_t> indices) {
  const auto count = static_cast<std::int64_t>(indices.size());
  std::int64_t longest = 1;
  std::vector<std::int64_t> lengths;
  for (const std::int64_t index : indices) {
    lengths.push_back(modality.length(index));
    longest = std::max(longest, lengths.back());
  }
  Shape shape = {longest, count};
  for (const std::int64_t size : modality.info.shape) {
    shape.push_back(size);
  }
  const std::int64_t width = element_count(modality.info.shape);
  Tensor values = Tensor::zeros(shape, dtype_of<T>());
  T* out = values.mutable_data<T>("collate");
  const T* in = modality.values.data<T>();
  for (std::int64_t b = 0; b < count; ++b) {
    const std::int64_t row = modality.row_of(indices[static_cast<std::size_t>(b)]);
    const std::int64_t start = modality.starts[static_cast<std::size_t>(row)];
    for (std::int64_t t = 0; t < lengths[static_cast<std::size_t>(b)]; ++t) {
      std::copy_n(in + (start + t) * width, width, out + (t * count + b) * width);
    }
  }
  return {.name = modality.info.name,
          .kind = modality.info.kind,
          .values = values,
          .lengths = Tensor::from<std::int64_t>(std::span<const std::int64_t>(lengths), {count})};
}

/// Rows of a tensor [N, …] one after the other.
Tensor gathered(const Tensor& column, std::span<const std::int64_t> indices) {
  return dispatch_any(column.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    Shape shape = column.shape().replaced(0, static_cast<std::int64_t>(indices.size()));
    Tensor rows = Tensor::empty(shape, column.dtype());
    const std::int64_t width = element_count(column.shape().erased(0));
    T* out = rows.mutable_data<T>("collate");
    for (const std::int64_t index : indices) {
      out = std::copy_n(column.data<T>() + index * width, width, out);
    }
    return rows;
  });
}

/// Rows of a tensor [N, …] as [U, B, …]: row `place[u·B + b]`, or `padding` where that is −1.
template <typename T>
Tensor placed(const Tensor& column, std::span<const std::int64_t> place, std::int64_t longest,
              T padding) {
  const auto slots = static_cast<std::int64_t>(place.size());
  const Shape shape = column.shape().replaced(0, slots / longest).inserted(0, longest);
  Tensor rows = Tensor::empty(shape, column.dtype());
  const std::int64_t width = element_count(column.shape().erased(0));
  T* out = rows.mutable_data<T>("collate_groups");
  for (const std::int64_t sample : place) {
    out = sample < 0 ? std::fill_n(out, width, padding)
                     : std::copy_n(column.data<T>() + sample * width, width, out);
  }
  return rows;
}

/// The rows of samples; −1 stays −1.
std::vector<std::int64_t> rows_of(const Modality& modality, std::span<const std::int64_t> samples) {
  std::vector<std::int64_t> rows;
  for (const std::int64_t sample : samples) {
    rows.push_back(sample < 0 ? sample : modality.row_of(sample));
  }
  return rows;
}

/// bool `shape`, true for padding (−1); undefined where all samples have the modality.
Tensor presence(const Modality& modality, std::span<const std::int64_t> samples,
                const Shape& shape) {
  const auto absent = [&](std::int64_t sample) { return sample >= 0 && !modality.has(sample); };
  if (std::none_of(samples.begin(), samples.end(), absent)) {
    return {};
  }
  Tensor present = Tensor::full(shape, 1.0, DType::boolean);
  bool* out = present.mutable_data<bool>("collate");
  for (const std::int64_t sample : samples) {
    *out++ = !absent(sample);
  }
  return present;
}

}  // namespace

const BatchModality& SampleBatch::modality(std::string_view name) const {
  std::string names;
  for (const BatchModality& entry : modalities) {
    if (entry.name == name) {
      return entry;
    }
    names += (names.empty() ? "" : ", ") + entry.name;
  }
  fail("the batch has no modality \"", name, "\"; it has ", names);
}

bool SampleBatch::has_modality(std::string_view name) const {
  return std::any_of(modalities.begin(), modalities.end(),
                     [&](const BatchModality& entry) { return entry.name == name; });
}

SampleBatch collate(const Dataset& dataset, std::span<const std::int64_t> indices,
                    std::span<const std::string> modalities) {
  check_indices(indices, dataset.samples, "collate");
  SampleBatch batch;
  for (const Modality* modality : chosen(dataset, modalities)) {
    switch (modality->info.kind) {
      case ModalityKind::tokens:
        batch.modalities.push_back(padded<std::int64_t>(*modality, indices));
        break;
      case ModalityKind::sequence:
        batch.modalities.push_back(padded<float>(*modality, indices));
        break;
      case ModalityKind::features:
      case ModalityKind::image:
        batch.modalities.push_back(
            {.name = modality->info.name,
             .kind = modality->info.kind,
             .values = gathered(modality->values, rows_of(*modality, indices)),
             .lengths = {}});
        break;
    }
    batch.modalities.back().present =
        presence(*modality, indices, {static_cast<std::int64_t>(indices.size())});
  }
  batch.samples = Tensor::from(indices, {static_cast<std::int64_t>(indices.size())});
  if (dataset.has_labels()) {
    batch.labels = gathered(dataset.labels, indices);
  }
  if (dataset.has_targets()) {
    batch.targets = gathered(dataset.targets, indices);
  }
  const auto is_unlabelled = [&](std::int64_t index) { return dataset.is_unlabelled(index); };
  if (std::any_of(indices.begin(), indices.end(), is_unlabelled)) {
    batch.labelled = Tensor::full(batch.samples.shape(), 1.0, DType::boolean);
    bool* out = batch.labelled.mutable_data<bool>("collate");
    for (const std::int64_t index : indices) {
      *out++ = !is_unlabelled(index);
    }
  }
  return batch;
}

SampleBatch collate_groups(const Dataset& dataset, std::span<const std::int64_t> indices,
                           std::span<const std::string> modalities) {
  check_indices(indices, static_cast<std::int64_t>(dataset.groups.size()), "collate_groups");
  const std::size_t count = indices.size();
  std::size_t longest = 0;
  std::vector<std::int64_t> lengths;
  for (const std::int64_t index : indices) {
    const SampleGroup& group = dataset.groups[static_cast<std::size_t>(index)];
    lengths.push_back(static_cast<std::int64_t>(group.members.size()));
    longest = std::max(longest, group.members.size());
  }
  std::vector<std::int64_t> place(longest * count, -1);
  for (std::size_t b = 0; b < count; ++b) {
    const SampleGroup& group = dataset.groups[static_cast<std::size_t>(indices[b])];
    for (std::size_t u = 0; u < group.members.size(); ++u) {
      place[u * count + b] = group.members[u];
    }
  }
  const auto utterances = static_cast<std::int64_t>(longest);
  const auto groups = static_cast<std::int64_t>(count);

  SampleBatch batch;
  for (const Modality* modality : chosen(dataset, modalities)) {
    check(modality->info.kind == ModalityKind::features, "collate_groups: modality \"",
          modality->info.name, "\" is of kind ", name_of(modality->info.kind),
          "; groups take features only, so name the modalities to use");
    batch.modalities.push_back(
        {.name = modality->info.name,
         .kind = ModalityKind::features,
         .values = placed(modality->values, rows_of(*modality, place), utterances, 0.0f),
         .lengths = {},
         .present = presence(*modality, place, {utterances, groups})});
  }
  batch.samples = Tensor::from(std::span<const std::int64_t>(place), {utterances, groups});
  batch.group_lengths = Tensor::from(std::span<const std::int64_t>(lengths), {groups});
  if (dataset.has_labels()) {
    batch.labels = placed(dataset.labels, place, utterances, std::int64_t{-1});
  }
  if (dataset.has_targets()) {
    batch.targets = placed(dataset.targets, place, utterances, 0.0f);
  }
  return batch;
}

BatchModality batch_of_text(const ModalityInfo& info, std::string_view text) {
  check(info.kind == ModalityKind::tokens && info.vocabulary != nullptr, "modality \"", info.name,
        "\" is of kind ", name_of(info.kind), "; text is for tokens");
  const std::vector<std::int64_t> numbers = info.vocabulary->encode(text);
  check<InputError>(!numbers.empty(), "modality \"", info.name, "\": no word in \"", text, "\"");
  const auto length = static_cast<std::int64_t>(numbers.size());
  return {.name = info.name,
          .kind = info.kind,
          .values = Tensor::from(std::span<const std::int64_t>(numbers), {length, 1}),
          .lengths = Tensor::from<std::int64_t>({length}, {1})};
}

BatchModality batch_of_raw(const ModalityInfo& info, const Tensor& raw) {
  check(info.kind != ModalityKind::tokens, "modality \"", info.name,
        "\" is of kind tokens; give its text");
  const bool is_sequence = info.kind == ModalityKind::sequence;
  const Shape sample = is_sequence && raw.rank() > 0 ? raw.shape().erased(0) : raw.shape();
  check<InputError>(is_floating(raw.dtype()) && sample == info.shape && raw.elements() > 0,
                    "modality \"", info.name, "\": got ", raw.dtype(), " ", raw.shape(),
                    ", expected f32 ", is_sequence ? "[frames, features] with features " : "",
                    info.shape);
  Tensor values = raw.to(DType::f32).contiguous().clone();
  float* out = values.mutable_data<float>("batch_of_raw");
  // Planes of an image share one number; features have one each.
  const std::int64_t plane = info.kind == ModalityKind::image ? info.shape[1] * info.shape[2] : 1;
  for (std::int64_t i = 0; i < values.elements(); ++i) {
    out[i] = info.standardisation.stored(out[i], i / plane % info.shape[0]);
  }
  BatchModality result{.name = info.name, .kind = info.kind, .values = {}, .lengths = {}};
  result.values = values.unsqueeze(is_sequence ? 1 : 0);
  if (is_sequence) {
    result.lengths = Tensor::from<std::int64_t>({raw.size(0)}, {1});
  }
  return result;
}

}  // namespace heddle
