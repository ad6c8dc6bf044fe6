#include "report/text.h"
#include "train/run_report.h"
#include "train/run_report_parts.h"

namespace heddle {

RunReport describe_seeds(const RunConfig& config, const std::vector<RunSummary>& runs,
                         const std::string& command) {
  RunReport report;
  report.title = config.name;
  report.description = config.description;
  const auto spreads = spreads_of(runs);
  const std::string metric = main_metric(runs.front());
  const MetricText text = text_of(metric);
  const auto value = [&](const std::string& split) -> std::optional<ReportValue> {
    const auto found = spreads.find(split);
    if (found == spreads.end() || !found->second.contains(metric)) {
      return std::nullopt;
    }
    const Spread& spread = found->second.at(metric);
    return ReportValue{spread.mean, spread.deviation};
  };
  report.headline.metric = "test " + metric;
  report.headline.unit = text.unit;
  report.headline.value = value("test");
  report.headline.sentence = "Mean and standard deviation over " +
                             report::plural(static_cast<std::int64_t>(runs.size()), "seed") +
                             "; each has a report of its own.";
  report.metrics = metrics_table(spreads, true);
  double seconds = 0.0;
  const auto test = runs.front().metrics.find("test");
  std::set<std::string> names;
  if (test != runs.front().metrics.end()) {
    for (const auto& [name, number] : test->second) {
      names.insert(name);
    }
  }
  const std::vector<MetricText> texts = metric_texts(names);
  for (const MetricText& known : texts) {
    report.seeds.metrics.emplace_back(known.title);
    report.seeds.units.push_back(known.unit);
  }
  for (const RunSummary& run : runs) {
    seconds += run.seconds;
    report.seeds.seeds.push_back(run.seed);
    std::vector<double>& row = report.seeds.values.emplace_back();
    for (const MetricText& known : texts) {
      if (run.metrics.contains("test") && run.metrics.at("test").contains(known.name)) {
        row.push_back(run.metrics.at("test").at(known.name));
      }
    }
  }
  if (const auto watched = value("test_best_epoch")) {
    report.best_epoch = {metric, text.unit, *watched, value("test"), ""};
  }
  add_machine(report.run, config, command);
  report.run.threads = runs.front().threads;
  report.run.parameters = runs.front().parameters;
  report.run.seconds = seconds;
  report.run.seeds = report.seeds.seeds;
  return report;
}

}  // namespace heddle
