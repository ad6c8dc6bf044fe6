#include "data/folder_splits.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <utility>

#include "core/error.h"
#include "core/random.h"
#include "data/folder_arrays.h"
#include "data/nearest_name.h"

namespace heddle {
namespace {

// In place of the position of a Split.
constexpr int no_split = -1;
constexpr int without_label = -2;  // to train on all the same

/// Samples of several tables belong to the split their table is for.
std::vector<int> splits_from_tables(const std::vector<SplitRows>& tables) {
  std::vector<int> splits;
  for (const SplitRows& table : tables) {
    splits.insert(splits.end(), static_cast<std::size_t>(table.rows),
                  static_cast<int>(table.split));
  }
  return splits;
}

/// For each sample the position of its Split, `no_split`, or `without_label`.
std::vector<int> splits_from_column(const DatasetDescription::SplitPart& part,
                                    const std::optional<Table>& table, std::int64_t samples) {
  if (part.column.empty()) {
    return std::vector<int>(static_cast<std::size_t>(samples), static_cast<int>(Split::train));
  }
  std::map<std::string, int> split_of_value;
  std::string listed;
  const auto list = [&](const std::vector<std::string>& values, int split) {
    for (const std::string& value : values) {
      check<InputError>(split_of_value.emplace(value, split).second, "[split] lists the value \"",
                        value, "\" twice");
      listed += (listed.empty() ? "\"" : ", \"") + value + "\"";
    }
  };
  for (const Split split : all_splits) {
    list(part.values[static_cast<std::size_t>(split)], static_cast<int>(split));
  }
  list(part.ignored, no_split);
  list(part.unlabelled, without_label);
  std::vector<int> splits;
  for (const std::string& value : table->text(part.column)) {
    const auto found = split_of_value.find(value);
    if (found == split_of_value.end()) {
      fail<InputError>(table->place_of(static_cast<std::int64_t>(splits.size())), ": column \"",
                       part.column, "\" has \"", value.substr(0, 40), "\", expected one of ",
                       listed, "; add it to train, valid, test, unlabelled or ignore of [split]");
    }
    splits.push_back(found->second);
  }
  return splits;
}

/// What each row's group is called: the values of the columns, joined.
std::vector<std::string> group_names(const std::vector<std::string>& columns, const Table& table) {
  std::vector<std::string> names = table.text(columns.front());
  for (std::size_t c = 1; c < columns.size(); ++c) {
    const std::vector<std::string> more = table.text(columns[c]);
    for (std::size_t i = 0; i < names.size(); ++i) {
      names[i] += "/" + more[i];
    }
  }
  return names;
}

/// Values in the order of their numbers where all are whole numbers, else in byte order.
std::vector<std::string> sorted_values(const std::vector<std::string>& texts) {
  std::vector<std::string> values = texts;
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  const auto number = [](const std::string& text) -> std::optional<std::int64_t> {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value)
                                                                    : std::nullopt;
  };
  if (std::all_of(values.begin(), values.end(), [&](const auto& text) { return number(text); })) {
    std::sort(values.begin(), values.end(),
              [&](const auto& left, const auto& right) { return *number(left) < *number(right); });
  }
  return values;
}

/// The fold of each sample, and the folds' names.
std::vector<std::int64_t> folds_of(const DatasetDescription& description,
                                   const std::optional<Table>& table, Dataset& dataset) {
  const DatasetDescription::SplitPart& part = description.split;
  std::vector<std::int64_t> folds(static_cast<std::size_t>(dataset.samples));
  const std::string& column = part.folds_column;
  std::vector<std::string> texts;
  if (!column.empty()) {
    texts = table->text(column);
  } else if (!description.group.columns.empty()) {
    texts = group_names(description.group.columns, *table);
  } else {
    for (std::size_t i = 0; i < folds.size(); ++i) {
      texts.push_back(std::to_string(i));
    }
  }
  const std::vector<std::string> values = sorted_values(texts);
  const auto count = static_cast<std::int64_t>(values.size());
  constexpr std::int64_t most_folds = 1000;
  std::map<std::string, std::int64_t> fold_of;
  if (!part.folds_column.empty()) {
    check<InputError>(count >= 2 && count <= most_folds, table->file_name(), ": column \"", column,
                      "\" has ", count, " different values, expected 2 … ", most_folds, " folds");
    dataset.folds = values;
    for (const std::string& value : values) {
      fold_of.emplace(value, static_cast<std::int64_t>(fold_of.size()));
    }
  } else {
    check<InputError>(part.folds <= std::min(count, most_folds), description.file_name, ": ",
                      part.folds, " folds of ", count, " groups, expected at most ",
                      std::min(count, most_folds));
    Generator generator = Generator(part.folds_seed).named("folds");
    const std::vector<std::int64_t> order = generator.permutation(count);
    for (std::int64_t i = 0; i < count; ++i) {
      fold_of.emplace(values[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])],
                      i % part.folds);
    }
    for (std::int64_t fold = 0; fold < part.folds; ++fold) {
      dataset.folds.push_back(std::to_string(fold));
    }
  }
  for (std::size_t i = 0; i < folds.size(); ++i) {
    folds[i] = fold_of.at(texts[i]);
  }
  return folds;
}

/// Leaves out what a fold may not show.
void choose_fold(const DatasetDescription& description, const std::optional<Table>& table,
                 bool has_splits, const SplitChoice& choice, std::vector<int>& splits,
                 Dataset& dataset) {
  const std::vector<std::int64_t> folds = folds_of(description, table, dataset);
  const std::int64_t fold = choice.fold;
  check<InputError>(fold < static_cast<std::int64_t>(dataset.folds.size()), description.file_name,
                    ": fold ", fold, " is asked for, expected 0 … ", dataset.folds.size() - 1);
  constexpr int test = static_cast<int>(Split::test);
  constexpr int train = static_cast<int>(Split::train);
  const bool keeps_unlabelled = choice.held_out_unlabelled;
  check<InputError>(has_splits || !keeps_unlabelled, description.file_name,
                    ": held_out_unlabelled is for folds of which a part alone is tested; expected "
                    "[split] to have a column that says which");
  for (std::size_t i = 0; i < splits.size(); ++i) {
    const bool held_out = folds[i] == fold;
    if (!has_splits) {
      splits[i] = held_out ? test : splits[i];
    } else if (held_out != (splits[i] == test)) {
      const bool is_trained_on = splits[i] == train || splits[i] == without_label;
      splits[i] = held_out && keeps_unlabelled && is_trained_on ? without_label : no_split;
    }
  }
}

/// Training samples that lack their label, or their target, are trained on without.
void set_unlabelled_apart(const DatasetDescription& description, const std::optional<Table>& table,
                          std::vector<int>& splits) {
  for (const DatasetDescription::LabelPart* part : {&description.label, &description.target}) {
    if (part->missing.empty()) {
      continue;
    }
    const std::vector<std::string> texts = table->text(part->column);
    for (std::size_t i = 0; i < splits.size(); ++i) {
      if (!part->is_missing(texts[i]) || splits[i] == no_split) {
        continue;
      }
      if (splits[i] == static_cast<int>(Split::valid) ||
          splits[i] == static_cast<int>(Split::test)) {
        fail<InputError>(
            table->place_of(static_cast<std::int64_t>(i)), ": column \"", part->column, "\" has \"",
            texts[i], "\", which stands for none, but the sample is in split ",
            name_of(static_cast<Split>(splits[i])), "; expected it of training samples alone");
      }
      splits[i] = without_label;
    }
  }
}

/// Takes training samples that lack a modality which training needs out of their split.
void leave_out_incomplete(const DatasetDescription& description, const std::optional<Table>& table,
                          std::vector<int>& splits) {
  for (const std::string& name : description.split.train_needs) {
    std::vector<std::string> known;
    const DatasetDescription::ModalityPart* found = nullptr;
    for (const DatasetDescription::ModalityPart& part : description.modalities) {
      known.push_back(part.name);
      found = part.name == name ? &part : found;
    }
    check<InputError>(found != nullptr, description.file_name, ": [split] train_needs names \"",
                      name, "\", which is no modality", suggestion(name, known));
    check<InputError>(!found->rows.empty(), description.file_name, ": [split] train_needs names \"",
                      name, "\", which every sample has; expected a modality with \"rows\"");
    const std::vector<std::int64_t> rows = row_numbers(*found, *table);
    for (std::size_t i = 0; i < splits.size(); ++i) {
      if (rows[i] == -1 &&
          (splits[i] == static_cast<int>(Split::train) || splits[i] == without_label)) {
        splits[i] = no_split;
      }
    }
  }
}

/// Samples of each group in the order of the order column, groups in the order of the table;
/// without groups, each sample by itself.
std::vector<SampleGroup> groups_from_column(const DatasetDescription::GroupPart& part,
                                            const std::optional<Table>& table,
                                            const std::vector<int>& splits) {
  std::vector<SampleGroup> groups;
  if (part.columns.empty()) {
    for (std::size_t i = 0; i < splits.size(); ++i) {
      groups.push_back({.name = {}, .members = {static_cast<std::int64_t>(i)}});
    }
  } else {
    const std::vector<std::string> names = group_names(part.columns, *table);
    std::map<std::string, std::size_t> position;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto [entry, is_new] = position.emplace(names[i], groups.size());
      if (is_new) {
        groups.push_back({.name = names[i], .members = {}});
      }
      groups[entry->second].members.push_back(static_cast<std::int64_t>(i));
    }
  }
  if (!part.order.empty()) {
    const std::vector<double> order = table->numbers(part.order);
    const auto place = [&](std::int64_t i) { return order[static_cast<std::size_t>(i)]; };
    for (SampleGroup& group : groups) {
      std::stable_sort(
          group.members.begin(), group.members.end(),
          [&](std::int64_t left, std::int64_t right) { return place(left) < place(right); });
    }
  }
  std::vector<SampleGroup> used;
  for (SampleGroup& group : groups) {
    const auto split_of = [&](std::int64_t i) { return splits[static_cast<std::size_t>(i)]; };
    std::erase_if(group.members, [&](std::int64_t i) { return split_of(i) < 0; });
    if (group.members.empty()) {
      continue;
    }
    const int split = split_of(group.members.front());
    for (const std::int64_t i : group.members) {
      if (split_of(i) != split) {
        fail<InputError>(table->place_of(i), ": group \"", group.name, "\" is in two splits, ",
                         name_of(static_cast<Split>(split)), " and ",
                         name_of(static_cast<Split>(split_of(i))));
      }
    }
    group.split = static_cast<Split>(split);
    used.push_back(std::move(group));
  }
  return used;
}

/// Those samples without a label that share no group with a sample that results are told of.
std::vector<std::int64_t> unlabelled_samples(const DatasetDescription::GroupPart& part,
                                             const std::optional<Table>& table,
                                             const std::vector<int>& splits,
                                             const std::vector<SampleGroup>& groups) {
  std::set<std::string> kept_from_training;
  std::vector<std::string> names;
  if (!part.columns.empty()) {
    names = group_names(part.columns, *table);
    for (const SampleGroup& group : groups) {
      if (group.split != Split::train) {
        kept_from_training.insert(group.name);
      }
    }
  }
  std::vector<std::int64_t> samples;
  for (std::size_t i = 0; i < splits.size(); ++i) {
    if (splits[i] == without_label && (names.empty() || !kept_from_training.contains(names[i]))) {
      samples.push_back(static_cast<std::int64_t>(i));
    }
  }
  return samples;
}

void take_validation_part(double share, std::uint64_t seed, std::vector<SampleGroup>& groups) {
  std::vector<std::size_t> train;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    check<InputError>(groups[i].split != Split::valid,
                      "there is a validation split already, so that valid_share cannot take one "
                      "from the training split; leave one of them out");
    if (groups[i].split == Split::train) {
      train.push_back(i);
    }
  }
  const auto count = static_cast<std::int64_t>(train.size());
  check<InputError>(count >= 2, "the training split has ", count,
                    " groups, too few to take a validation part");
  const auto wanted = static_cast<std::int64_t>(std::llround(share * static_cast<double>(count)));
  const std::int64_t taken = std::clamp<std::int64_t>(wanted, 1, count - 1);
  Generator generator = Generator(seed).named("validation part");
  const std::vector<std::int64_t> order = generator.permutation(count);
  for (std::int64_t i = 0; i < taken; ++i) {
    const auto position = static_cast<std::size_t>(order[static_cast<std::size_t>(i)]);
    groups[train[position]].split = Split::valid;
  }
}

}  // namespace

void assign_splits(const DatasetDescription& description, const std::optional<Table>& table,
                   const std::vector<SplitRows>& tables, const SplitChoice& choice,
                   Dataset& dataset) {
  std::vector<int> splits = tables.empty()
                                ? splits_from_column(description.split, table, dataset.samples)
                                : splits_from_tables(tables);
  if (description.split.has_folds()) {
    const bool has_splits = !tables.empty() || !description.split.column.empty();
    choose_fold(description, table, has_splits, choice, splits, dataset);
  } else {
    check<InputError>(!choice.held_out_unlabelled, description.file_name,
                      ": held_out_unlabelled is asked for, but [split] has no folds");
  }
  if (!description.split.complete.empty()) {
    const std::vector<std::int64_t> numbers = table->integers(description.split.complete);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      splits[i] = numbers[i] < 0 ? no_split : splits[i];
    }
  }
  set_unlabelled_apart(description, table, splits);
  leave_out_incomplete(description, table, splits);
  std::vector<SampleGroup> groups = groups_from_column(description.group, table, splits);
  if (choice.valid_share > 0) {
    take_validation_part(choice.valid_share, choice.valid_seed, groups);
  }
  dataset.unlabelled = unlabelled_samples(description.group, table, splits, groups);
  for (const SampleGroup& group : groups) {
    auto& indices = dataset.splits[static_cast<std::size_t>(group.split)];
    indices.insert(indices.end(), group.members.begin(), group.members.end());
  }
  for (auto& indices : dataset.splits) {
    std::sort(indices.begin(), indices.end());
  }
  if (!description.group.columns.empty()) {
    dataset.groups = std::move(groups);
  }
}

std::vector<bool> in_use(const Dataset& dataset) {
  std::vector<bool> used = dataset.in_a_split();
  for (const std::int64_t sample : dataset.unlabelled) {
    used[static_cast<std::size_t>(sample)] = true;
  }
  return used;
}

}  // namespace heddle
