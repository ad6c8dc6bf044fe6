#include "data/folder_splits.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "core/error.h"
#include "core/random.h"
#include "data/nearest_name.h"

namespace heddle {
namespace {

constexpr int no_split = -1;

/// For each sample the position of its Split, or `no_split`.
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
  std::vector<int> splits;
  for (const std::string& value : table->text(part.column)) {
    const auto found = split_of_value.find(value);
    check<InputError>(found != split_of_value.end(), table->file_name(), ": line ",
                      Table::line_of(static_cast<std::int64_t>(splits.size())), ": column \"",
                      part.column, "\" has \"", value.substr(0, 40), "\", expected one of ", listed,
                      "; add it to train, valid, test or ignore of [split]");
    splits.push_back(found->second);
  }
  return splits;
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
    const std::vector<std::int64_t> rows = table->integers(found->rows);
    for (std::size_t i = 0; i < splits.size(); ++i) {
      if (rows[i] < 0 && splits[i] == static_cast<int>(Split::train)) {
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
  if (part.column.empty()) {
    for (std::size_t i = 0; i < splits.size(); ++i) {
      groups.push_back({.name = {}, .members = {static_cast<std::int64_t>(i)}});
    }
  } else {
    const std::vector<std::string> names = table->text(part.column);
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
    std::erase_if(group.members, [&](std::int64_t i) { return split_of(i) == no_split; });
    if (group.members.empty()) {
      continue;
    }
    const int split = split_of(group.members.front());
    for (const std::int64_t i : group.members) {
      check<InputError>(split_of(i) == split, table->file_name(), ": line ", Table::line_of(i),
                        ": group \"", group.name, "\" is in two splits, ",
                        name_of(static_cast<Split>(split)), " and ",
                        name_of(static_cast<Split>(split_of(i))));
    }
    group.split = static_cast<Split>(split);
    used.push_back(std::move(group));
  }
  return used;
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
                   double valid_share, std::uint64_t valid_seed, Dataset& dataset) {
  std::vector<int> splits = splits_from_column(description.split, table, dataset.samples);
  leave_out_incomplete(description, table, splits);
  std::vector<SampleGroup> groups = groups_from_column(description.group, table, splits);
  if (valid_share > 0) {
    take_validation_part(valid_share, valid_seed, groups);
  }
  for (const SampleGroup& group : groups) {
    auto& indices = dataset.splits[static_cast<std::size_t>(group.split)];
    indices.insert(indices.end(), group.members.begin(), group.members.end());
  }
  for (auto& indices : dataset.splits) {
    std::sort(indices.begin(), indices.end());
  }
  if (!description.group.column.empty()) {
    dataset.groups = std::move(groups);
  }
}

}  // namespace heddle
