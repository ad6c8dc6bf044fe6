#include "train/results.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace heddle {

namespace {

using Json = nlohmann::ordered_json;

Json from_metrics(const Metrics& metrics) {
  Json result = Json::object();
  for (const auto& [name, value] : metrics) {
    result[name] = value;  // what is not finite is written as null
  }
  return result;
}

Json from_subset(const SubsetResult& subset) {
  const bool counts_classes = subset.metrics.empty() || subset.metrics.contains("accuracy");
  Json json = {{"modalities", subset.modalities},
               {"accuracy", counts_classes ? Json(subset.accuracy) : Json()},
               {"best_possible", subset.best_possible ? Json(*subset.best_possible) : Json()}};
  if (!subset.metrics.empty()) {
    json["metrics"] = from_metrics(subset.metrics);
  }
  return json;
}

Json from_subsets(const std::vector<SubsetResult>& subsets) {
  Json list = Json::array();
  for (const SubsetResult& subset : subsets) {
    list.push_back(from_subset(subset));
  }
  return list;
}

}  // namespace

std::string to_json(const RunSummary& summary) {
  Json metrics = Json::object();
  for (const auto& [split, values] : summary.metrics) {
    metrics[split] = from_metrics(values);
  }
  const Json json = {{"device", summary.device},
                     {"threads", summary.threads},
                     {"seconds", summary.seconds},
                     {"seed", summary.seed},
                     {"steps", summary.steps},
                     {"parameters", summary.parameters},
                     {"weights_sha256", summary.weights_sha256},
                     {"metrics", metrics},
                     {"subsets", from_subsets(summary.subsets)},
                     {"collapsed", summary.collapsed}};
  return json.dump(2) + "\n";
}

std::string evaluation_json(const std::string& split, const Metrics& metrics,
                            const std::vector<SubsetResult>& subsets,
                            const std::vector<MissingRateResult>& missing_rates) {
  Json json = {
      {"split", split}, {"metrics", from_metrics(metrics)}, {"subsets", from_subsets(subsets)}};
  for (const MissingRateResult& result : missing_rates) {
    json["missing_rates"].push_back({{"rate", result.rate},
                                     {"hidden", result.hidden},
                                     {"metrics", from_metrics(result.metrics)}});
  }
  return json.dump(2) + "\n";
}

Spread spread_of(const std::vector<double>& values) {
  if (values.empty()) {
    return {};
  }
  const auto count = static_cast<double>(values.size());
  double mean = 0.0;
  for (const double value : values) {
    mean += value / count;
  }
  double squares = 0.0;
  for (const double value : values) {
    squares += (value - mean) * (value - mean);
  }
  return {mean, values.size() > 1 ? std::sqrt(squares / (count - 1.0)) : 0.0};
}

std::map<std::string, std::map<std::string, Spread>> spreads_of(
    const std::vector<RunSummary>& runs) {
  std::map<std::string, std::map<std::string, std::vector<double>>> values;
  for (const RunSummary& run : runs) {
    for (const auto& [split, metrics] : run.metrics) {
      for (const auto& [name, value] : metrics) {
        values[split][name].push_back(value);
      }
    }
  }
  std::map<std::string, std::map<std::string, Spread>> spreads;
  for (const auto& [split, metrics] : values) {
    for (const auto& [name, list] : metrics) {
      spreads[split][name] = spread_of(list);
    }
  }
  return spreads;
}

namespace {

Json from_spread(const std::map<std::string, Spread>& values) {
  Json json = Json::object();
  for (const auto& [name, spread] : values) {
    json[name] = {{"mean", spread.mean}, {"std", spread.deviation}};
  }
  return json;
}

Json from_spreads(const std::vector<RunSummary>& runs) {
  Json metrics = Json::object();
  for (const auto& [split, values] : spreads_of(runs)) {
    metrics[split] = from_spread(values);
  }
  return metrics;
}

}  // namespace

std::string seeds_json(const std::vector<RunSummary>& runs) {
  Json seeds = Json::array();
  Json collapsed = Json::array();
  for (const RunSummary& run : runs) {
    seeds.push_back(run.seed);
    if (run.collapsed.contains("test")) {
      collapsed.push_back(run.seed);
    }
  }
  return Json({{"seeds", seeds}, {"metrics", from_spreads(runs)}, {"collapsed", collapsed}})
             .dump(2) +
         "\n";
}

std::vector<TransferRow> transfer_rows(const TransferOutcome& outcome) {
  std::vector<TransferRow> rows;
  for (const auto& [member, runs] : outcome.alone) {
    const std::string prefix = member + ".";
    for (const auto& [name, first] : runs.front().metrics.at("test")) {
      if (!name.starts_with(prefix)) {
        continue;
      }
      std::vector<double> together;
      std::vector<double> alone;
      std::vector<double> difference;
      for (std::size_t i = 0; i < runs.size(); ++i) {
        together.push_back(outcome.together[i].metrics.at("test").at(name));
        alone.push_back(runs[i].metrics.at("test").at(name));
        difference.push_back(together.back() - alone.back());
      }
      rows.push_back({member, name.substr(prefix.size()), spread_of(together), spread_of(alone),
                      spread_of(difference)});
    }
  }
  return rows;
}

std::string transfer_json(const TransferOutcome& outcome) {
  Json seeds = Json::array();
  for (const RunSummary& run : outcome.together) {
    seeds.push_back(run.seed);
  }
  const auto from_spread = [](const Spread& spread) {
    return Json({{"mean", spread.mean}, {"std", spread.deviation}});
  };
  Json tasks = Json::object();
  for (const TransferRow& row : transfer_rows(outcome)) {
    tasks[row.member][row.metric] = {{"together", from_spread(row.together)},
                                     {"alone", from_spread(row.alone)},
                                     {"difference", from_spread(row.difference)}};
  }
  return Json({{"seeds", seeds}, {"tasks", tasks}}).dump(2) + "\n";
}

std::string folds_json(const FoldsOutcome& outcome) {
  Json collapsed = Json::array();
  for (std::size_t i = 0; i < outcome.runs.size(); ++i) {
    if (outcome.runs[i].collapsed.contains("test")) {
      collapsed.push_back(outcome.folds[i]);
    }
  }
  return Json({{"folds", outcome.folds},
               {"seed", outcome.runs.empty() ? 0 : outcome.runs.front().seed},
               {"metrics", from_spreads(outcome.runs)},
               {"pooled", from_metrics(outcome.pooled)},
               {"collapsed", collapsed}})
             .dump(2) +
         "\n";
}

std::vector<RunSummary> means_over_folds(const FoldSeedsOutcome& outcome) {
  std::vector<RunSummary> means;
  for (const FoldsOutcome& folds : outcome.seeds) {
    RunSummary& mean = means.emplace_back();
    mean.seed = folds.runs.empty() ? 0 : folds.runs.front().seed;
    for (const auto& [split, metrics] : spreads_of(folds.runs)) {
      for (const auto& [name, spread] : metrics) {
        mean.metrics[split][name] = spread.mean;
      }
    }
    mean.metrics["pooled"] = folds.pooled;
  }
  return means;
}

std::string fold_seeds_json(const FoldSeedsOutcome& outcome) {
  Json seeds = Json::array();
  Json collapsed = Json::array();
  Json by_fold = Json::object();
  const std::vector<std::string> folds =
      outcome.seeds.empty() ? std::vector<std::string>{} : outcome.seeds.front().folds;
  for (std::size_t k = 0; k < folds.size(); ++k) {
    std::vector<RunSummary> runs;
    for (const FoldsOutcome& seed : outcome.seeds) {
      runs.push_back(seed.runs.at(k));
    }
    by_fold[folds[k]] = from_spread(spreads_of(runs)["test"]);
  }
  for (const FoldsOutcome& seed : outcome.seeds) {
    for (std::size_t k = 0; k < seed.runs.size(); ++k) {
      if (seed.runs[k].collapsed.contains("test")) {
        collapsed.push_back({{"seed", seed.runs[k].seed}, {"fold", seed.folds[k]}});
      }
    }
  }
  const std::vector<RunSummary> means = means_over_folds(outcome);
  for (const RunSummary& mean : means) {
    seeds.push_back(mean.seed);
  }
  Json metrics = from_spreads(means);
  const Json pooled = metrics["pooled"];
  metrics.erase("pooled");
  return Json({{"seeds", seeds},
               {"folds", folds},
               {"metrics", metrics},
               {"pooled", pooled},
               {"by_fold", by_fold},
               {"collapsed", collapsed}})
             .dump(2) +
         "\n";
}

}  // namespace heddle
