#pragma once

#include <map>
#include <string>
#include <vector>

#include "train/config.h"
#include "train/report.h"
#include "train/results.h"

namespace heddle {

/// How a report names and explains a metric.
struct MetricText {
  const char* name;
  const char* title;
  const char* explanation;
  ReportUnit unit;
  bool lower_is_better;
};

/// All metrics, the most telling first.
const std::vector<MetricText>& metric_texts();
/// Errors: none; an unknown metric is explained as the loss is.
const MetricText& text_of(const std::string& metric);

/// The figure a run is known by: "accuracy" where there are classes, else "mae", else "loss".
std::string main_metric(const RunSummary& summary);

/// Rows of metrics, one column per split; with their deviations where there are several runs.
ReportMetrics metrics_table(const std::map<std::string, std::map<std::string, Spread>>& metrics,
                            bool with_deviation);

/// Command, configuration, processor, compiler, system, time.
void add_machine(ReportRun& run, const RunConfig& config, const std::string& command);

}  // namespace heddle
