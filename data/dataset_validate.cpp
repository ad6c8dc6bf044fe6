#include <algorithm>
#include <cmath>
#include <set>

#include "core/error.h"
#include "data/dataset.h"

namespace heddle {
namespace {

void check_starts(const Modality& modality, const std::string& where) {
  const std::vector<std::int64_t>& starts = modality.starts;
  check(starts.front() == 0 && starts.back() == modality.values.size(0) &&
            std::is_sorted(starts.begin(), starts.end()),
        where, "the starts do not cover its ", modality.values.size(0), " rows in order");
}

void check_tokens(const Modality& modality, const std::string& where) {
  check(modality.values.dtype() == DType::i64 && modality.values.rank() == 1, where, "tokens are ",
        modality.values.dtype(), " ", modality.values.shape(), ", expected i64 [n]");
  check(modality.info.vocabulary != nullptr, where, "tokens have no vocabulary");
  const std::int64_t words = modality.info.vocabulary->size();
  for (const std::int64_t number : modality.values.to_vector<std::int64_t>()) {
    check(number > 0 && number < words, where, "a token is ", number, ", expected 1 … ", words - 1);
  }
}

void check_rows(const Modality& modality, std::int64_t samples, const std::string& where) {
  const std::int64_t rows = modality.row_count();
  check(!modality.rows.empty() || rows == samples, where, rows, " rows, expected ", samples,
        ", one for each sample, or a list that says which sample has which");
  check(modality.rows.empty() || static_cast<std::int64_t>(modality.rows.size()) == samples, where,
        modality.rows.size(), " samples are given a row, expected ", samples);
  for (const std::int64_t row : modality.rows) {
    check(row >= 0 && row < rows, where, "a sample has row ", row, ", expected 0 … ", rows - 1);
  }
  check(modality.present.empty() || static_cast<std::int64_t>(modality.present.size()) == samples,
        where, "is said of ", modality.present.size(), " samples to be there or not, expected ",
        samples);
}

void check_modality(const Modality& modality, std::int64_t samples) {
  const ModalityInfo& info = modality.info;
  const std::string where = concat("modality \"", info.name, "\": ");
  check(modality.values.defined(), where, "has no values");
  const bool starts_wanted = has_lengths(info.kind);
  check(starts_wanted != modality.starts.empty(), where, "kind ", name_of(info.kind),
        starts_wanted ? " needs starts" : " has no starts");
  const int wanted_rank = info.kind == ModalityKind::tokens  ? 0
                          : info.kind == ModalityKind::image ? 3
                                                             : 1;
  check(info.shape.rank() == wanted_rank, where, "shape ", info.shape, " of a sample, expected ",
        wanted_rank, " dimensions");
  if (starts_wanted) {
    check_starts(modality, where);
  }
  check_rows(modality, samples, where);
  if (info.kind == ModalityKind::tokens) {
    check_tokens(modality, where);
    const std::int64_t rows = modality.row_count();
    check(modality.texts.empty() || static_cast<std::int64_t>(modality.texts.size()) == rows, where,
          modality.texts.size(), " texts, expected ", rows);
    return;
  }
  const Shape wanted = info.shape.inserted(0, modality.values.size(0));
  check(modality.values.dtype() == DType::f32 && modality.values.shape() == wanted, where,
        "values are ", modality.values.dtype(), " ", modality.values.shape(), ", expected f32 ",
        wanted);
  const Standardisation& standardisation = info.standardisation;
  const std::size_t numbers = standardisation.mean.size();
  check(numbers == standardisation.scale.size() &&
            (numbers <= 1 || static_cast<std::int64_t>(numbers) == info.shape[0]),
        where, "standardisation has ", numbers, " means and ", standardisation.scale.size(),
        " scales, expected none, one or ", info.shape[0]);
}

void check_splits(const Dataset& dataset) {
  std::vector<char> taken(static_cast<std::size_t>(dataset.samples));
  for (const Split split : all_splits) {
    for (const std::int64_t sample : dataset.indices(split)) {
      check(sample >= 0 && sample < dataset.samples, "split ", name_of(split), " has sample ",
            sample, ", expected 0 … ", dataset.samples - 1);
      char& seen = taken[static_cast<std::size_t>(sample)];
      check(seen == 0, "sample ", sample, " is in two splits, or twice in one");
      seen = 1;
    }
  }
}

void check_unlabelled(const Dataset& dataset) {
  const std::vector<std::int64_t>& unlabelled = dataset.unlabelled;
  for (std::size_t i = 0; i < unlabelled.size(); ++i) {
    check(unlabelled[i] >= 0 && unlabelled[i] < dataset.samples &&
              (i == 0 || unlabelled[i - 1] < unlabelled[i]),
          "unlabelled samples have ", unlabelled[i], " at ", i, ", expected 0 … ",
          dataset.samples - 1, ", ascending");
  }
  for (const Split split : all_splits) {
    for (const std::int64_t sample : dataset.indices(split)) {
      check(!dataset.is_unlabelled(sample), "sample ", sample, " is in split ", name_of(split),
            " and unlabelled");
    }
  }
}

void check_groups(const Dataset& dataset) {
  std::vector<int> split_of(static_cast<std::size_t>(dataset.samples), -1);
  for (const Split split : all_splits) {
    for (const std::int64_t sample : dataset.indices(split)) {
      split_of[static_cast<std::size_t>(sample)] = static_cast<int>(split);
    }
  }
  std::vector<char> taken(static_cast<std::size_t>(dataset.samples));
  for (const SampleGroup& group : dataset.groups) {
    check(!group.members.empty(), "group \"", group.name, "\" has no samples");
    for (const std::int64_t sample : group.members) {
      check(sample >= 0 && sample < dataset.samples, "group \"", group.name, "\" has sample ",
            sample, ", expected 0 … ", dataset.samples - 1);
      const auto at = static_cast<std::size_t>(sample);
      check(taken[at] == 0, "sample ", sample, " is in two groups, or twice in one");
      taken[at] = 1;
      check(split_of[at] == static_cast<int>(group.split), "group \"", group.name,
            "\" is in split ", name_of(group.split), ", but its sample ", sample, " is not");
    }
  }
}

}  // namespace

void Dataset::validate() const {
  check(samples >= 0, "data set \"", name, "\" has ", samples, " samples");
  std::set<std::string> names;
  for (const Modality& entry : modalities) {
    check(!entry.info.name.empty() && names.insert(entry.info.name).second, "modality name \"",
          entry.info.name, "\" is empty or there twice");
    check_modality(entry, samples);
  }
  check_splits(*this);
  check_unlabelled(*this);
  if (has_labels()) {
    check(labels.dtype() == DType::i64 && labels.shape() == Shape{samples}, "labels are ",
          labels.dtype(), " ", labels.shape(), ", expected i64 [", samples, "]");
    const std::vector<std::int64_t> values = labels.to_vector<std::int64_t>();
    const std::vector<bool> in_split = in_a_split();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::int64_t label = values[i];
      check((label == -1 && !in_split[i]) || (label >= 0 && label < classes()), "a label is ",
            label, ", expected 0 … ", classes() - 1);
    }
  }
  if (has_targets()) {
    check(targets.dtype() == DType::f32 && targets.shape() == Shape{samples}, "targets are ",
          targets.dtype(), " ", targets.shape(), ", expected f32 [", samples, "]");
    for (const float target : targets.to_vector<float>()) {
      check(std::isfinite(target), "a target is ", target, ", expected a finite number");
    }
  }
  check(other_class >= -1 && other_class < classes(), "the class of other answers is ", other_class,
        ", expected −1 … ", classes() - 1);
  check(category_of.empty() || static_cast<std::int64_t>(category_of.size()) == samples,
        category_of.size(), " values of \"", category, "\", expected ", samples);
  check(sample_names.empty() || static_cast<std::int64_t>(sample_names.size()) == samples,
        sample_names.size(), " sample names, expected ", samples);
  check(identities.empty() || static_cast<std::int64_t>(identities.size()) == samples,
        identities.size(), " identities, expected one for each of the ", samples, " samples");
  for (const std::int64_t identity : identities) {
    check(identity >= 0 && (identity_names.empty() ||
                            identity < static_cast<std::int64_t>(identity_names.size())),
          "an identity is ", identity, ", expected 0 … ",
          identity_names.empty() ? "" : std::to_string(identity_names.size() - 1));
  }
  if (has_groups()) {
    check_groups(*this);
  }
}

}  // namespace heddle
