#include "report/benchmark_groups.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace heddle::report {
namespace {

/// The place of a key in the order in which keys were first seen.
template <typename Key>
class Places {
 public:
  /// With whether the key is new.
  std::pair<std::size_t, bool> of(const Key& key) {
    const auto [found, is_new] = places_.emplace(key, places_.size());
    return {found->second, is_new};
  }

 private:
  std::map<Key, std::size_t> places_;
};

BenchmarkRates rates_of(const BenchmarkFile& file, std::int64_t threads) {
  const auto found =
      std::find_if(file.rates.begin(), file.rates.end(),
                   [&](const BenchmarkRates& rates) { return rates.threads == threads; });
  return found == file.rates.end() ? BenchmarkRates{} : *found;
}

/// Adds rows to families; remembers where each goes.
class Grouping {
 public:
  void add(std::size_t index, const BenchmarkFile& file, const BenchmarkRow& row) {
    std::vector<SettingRows>& settings = family(row.what.family).settings;
    const auto [place, is_new] =
        settings_[row.what.family].of({index, row.threads, row.math, std::string()});
    if (is_new) {
      settings.push_back({index, row.threads, row.math, rates_of(file, row.threads), {}});
    }
    const auto [which, is_new_case] = cases_[{row.what.family, 0, place}].of(case_title(row));
    if (is_new_case) {
      settings[place].cases.emplace_back();
    }
    settings[place].cases[which].push_back(&row);
  }

  void add(std::size_t index, const BenchmarkFile& file, const LadderRow& row) {
    std::vector<LadderRows>& ladders = family(row.what.family).ladders;
    const auto [place, is_new] =
        ladders_[row.what.family].of({index, 0, row.what.direction, row.dtype});
    if (is_new) {
      ladders.push_back({index, row.what.direction, row.dtype, rates_of(file, 0), {}});
    }
    const auto [which, is_new_case] = cases_[{row.what.family, 1, place}].of(row.what.name);
    if (is_new_case) {
      ladders[place].cases.emplace_back();
    }
    ladders[place].cases[which].push_back(&row);
  }

  std::vector<Family> take() { return std::move(families_); }

 private:
  using Conditions = std::tuple<std::size_t, std::int64_t, std::string, std::string>;

  Family& family(const std::string& name) {
    const auto [place, is_new] = names_.of(name);
    if (is_new) {
      families_.push_back({name, {}, {}});
    }
    return families_[place];
  }

  std::vector<Family> families_;
  Places<std::string> names_;
  std::map<std::string, Places<Conditions>> settings_;
  std::map<std::string, Places<Conditions>> ladders_;
  std::map<std::tuple<std::string, int, std::size_t>, Places<std::string>> cases_;
};

}  // namespace

std::vector<Family> families_of(const std::vector<BenchmarkFile>& files) {
  Grouping grouping;
  for (std::size_t index = 0; index < files.size(); ++index) {
    for (const BenchmarkRow& row : files[index].rows) {
      grouping.add(index, files[index], row);
    }
    for (const LadderRow& row : files[index].ladder) {
      grouping.add(index, files[index], row);
    }
  }
  return grouping.take();
}

std::vector<Standing> standings(const SettingRows& setting) {
  std::vector<Standing> all;
  Places<std::pair<std::string, std::string>> places;
  std::vector<double> logarithms;
  for (const CaseRows& rows : setting.cases) {
    for (const BenchmarkRow* row : rows) {
      if (row->opponent.empty()) {
        continue;
      }
      const auto [place, is_new] = places.of({row->opponent, row->opponent_math});
      if (is_new) {
        all.push_back({row->opponent, row->opponent_math});
        logarithms.push_back(0.0);
      }
      Standing& standing = all[place];
      const std::optional<double> ratio = row->ratio();
      if (!ratio) {
        ++standing.absent;
        continue;
      }
      ++standing.measured;
      standing.lost += *ratio < 1.0 ? 1 : 0;
      logarithms[place] += std::log(*ratio);
      if (standing.worst == nullptr || *ratio < *standing.worst->ratio()) {
        standing.worst = row;
      }
    }
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].measured > 0) {
      all[i].geometric_mean = std::exp(logarithms[i] / static_cast<double>(all[i].measured));
    }
  }
  return all;
}

std::string version_name(const LadderRow& row) { return row.version + " (" + row.math + ")"; }

std::vector<std::string> version_names(const LadderRows& ladder) {
  std::vector<std::string> names;
  Places<std::string> places;
  for (const CaseVersions& versions : ladder.cases) {
    for (const LadderRow* row : versions) {
      if (places.of(version_name(*row)).second) {
        names.push_back(version_name(*row));
      }
    }
  }
  return names;
}

std::string case_title(const BenchmarkRow& row) {
  return row.what.name + ", " + row.what.direction + (row.cold ? ", cold" : "");
}

double fraction_of_roof(const BenchmarkRates& rates, const BenchmarkCase& what,
                        double milliseconds) {
  if (rates.copy_gb_per_s <= 0.0 || rates.fma_gflop_per_s <= 0.0) {
    return 0.0;
  }
  const double least = std::max(what.bytes / (1e6 * rates.copy_gb_per_s),
                                what.operations / (1e6 * rates.fma_gflop_per_s));
  return least / milliseconds;
}

}  // namespace heddle::report
