#include "data/folder_splits.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "core/error.h"
#include "core/random.h"

namespace heddle {
namespace {

constexpr int no_split = -1;

/// Samples of several tables belong to the split their table is for.
std::vector<int> splits_from_tables(const std::vector<SplitRows>& tables) {
  std::vector<int> splits;
  for (const SplitRows& table : tables) {
    splits.insert(splits.end(), static_cast<std::size_t>(table.rows),
                  static_cast<int>(table.split));
  }
  return splits;
}

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
    if (found == split_of_value.end()) {
      fail<InputError>(table->place_of(static_cast<std::int64_t>(splits.size())), ": column \"",
                       part.column, "\" has \"", value.substr(0, 40), "\", expected one of ",
                       listed, "; add it to train, valid, test or ignore of [split]");
    }
    splits.push_back(found->second);
  }
  return splits;
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
                   const std::vector<SplitRows>& tables, double valid_share,
                   std::uint64_t valid_seed, Dataset& dataset) {
  std::vector<int> splits = tables.empty()
                                ? splits_from_column(description.split, table, dataset.samples)
                                : splits_from_tables(tables);
  if (!description.split.complete.empty()) {
    const std::vector<std::int64_t> numbers = table->integers(description.split.complete);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      splits[i] = numbers[i] < 0 ? no_split : splits[i];
    }
  }
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

std::vector<bool> in_a_split(const Dataset& dataset) {
  std::vector<bool> used(static_cast<std::size_t>(dataset.samples));
  for (const Split split : all_splits) {
    for (const std::int64_t sample : dataset.indices(split)) {
      used[static_cast<std::size_t>(sample)] = true;
    }
  }
  return used;
}

}  // namespace heddle
