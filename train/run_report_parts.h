#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "train/config.h"
#include "train/report.h"
#include "train/results.h"

namespace heddle {

/// How a report names and explains a metric.
struct MetricText {
  std::string name;
  std::string title;
  std::string explanation;
  ReportUnit unit;
  bool lower_is_better;
};

/// Those of `metrics` that reports show, the most telling first.
std::vector<MetricText> metric_texts(const std::set<std::string>& metrics);
/// Errors: none; an unknown metric is explained as the loss is.
MetricText text_of(const std::string& metric);

/// The figure a run is known by: "accuracy" where there are classes, "recall_mean" of retrieval,
/// else "mae", else "loss".
std::string main_metric(const RunSummary& summary);

/// Rows of metrics, one column per split; with their deviations where there are several runs.
ReportMetrics metrics_table(const std::map<std::string, std::map<std::string, Spread>>& metrics,
                            bool with_deviation);

/// Command, configuration, processor, compiler, system, time.
void add_machine(ReportRun& run, const RunConfig& config, const std::string& command);

}  // namespace heddle
