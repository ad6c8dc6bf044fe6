#include "train/run_report.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "report/text.h"
#include "train/run_report_parts.h"

namespace heddle {

namespace {

constexpr ReportUnit fraction = ReportUnit::fraction;
constexpr ReportUnit number = ReportUnit::number;

std::optional<double> find(const Metrics& metrics, const std::string& name) {
  const auto found = metrics.find(name);
  return found != metrics.end() ? std::optional(found->second) : std::nullopt;
}

ReportSeries series_of(const std::vector<HistoryEntry>& history, const std::string& split,
                       const std::string& metric, const std::string& name) {
  ReportSeries series;
  series.name = name;
  for (const HistoryEntry& entry : history) {
    const auto value = find(entry.values, metric);
    if (entry.split == split && value) {
      series.x.push_back(static_cast<double>(entry.step));
      series.y.push_back(*value);
    }
  }
  return series;
}

/// Lines over steps of one metric, for the splits that have it.
ReportChart chart_of(const RunState& state, const std::string& metric, const std::string& title,
                     const std::string& y_label, ReportUnit unit) {
  ReportChart chart;
  chart.title = title;
  chart.y_label = y_label;
  chart.unit = unit;
  for (const auto& [split, name] :
       {std::pair{"train", "training"}, {"valid", "validation"}, {"test", "test"}}) {
    ReportSeries series = series_of(state.history, split, metric, name);
    if (!series.x.empty()) {
      chart.series.push_back(std::move(series));
    }
  }
  if (!state.candidates.empty() &&
      (metric == "loss" || chart.series.size() > 1 || unit == fraction)) {
    chart.marked_x = static_cast<double>(state.candidates.front().step);
    chart.mark_label = "chosen";
  }
  return chart;
}

void add_charts(RunReport& report, const RunState& state) {
  const auto add = [&](const char* metric, const char* title, const char* y_label,
                       ReportUnit unit) {
    ReportChart chart = chart_of(state, metric, title, y_label, unit);
    if (!chart.series.empty()) {
      report.charts.push_back(std::move(chart));
    }
  };
  add("loss", "Loss", "mean per sample", number);
  add("accuracy", "Accuracy", "share of samples", fraction);
  add("recall_mean", "Mean recall", "of R@1, 5 and 10 over pairs and directions", fraction);
  add("bleu", "BLEU", "0 to 100", number);
  add("mae", "Mean absolute error", "of the score", number);
  add("learning_rate", "Learning rate", "per step", number);
  add("gradient_norm", "Norm of the gradient", "before clipping", number);
}

void add_subsets(RunReport& report, const FinishedRun& run) {
  for (const SubsetResult& result : run.summary.subsets) {
    ReportSubset& subset = report.subsets.emplace_back();
    subset.modalities = result.modalities;
    subset.accuracy = result.accuracy;
    subset.best_possible = result.best_possible;
    if (result.samples > 0) {
      subset.standard_error = std::sqrt(result.accuracy * (1.0 - result.accuracy) /
                                        static_cast<double>(result.samples));
    }
  }
}

void add_confusion(RunReport& report, const FinishedRun& run) {
  constexpr std::size_t most_classes = 40;  // that a page can show
  if (run.evaluation.test.predicted.empty() || run.data.dataset.class_names.size() > most_classes) {
    return;
  }
  report.confusions.push_back({.split = "test",
                               .classes = run.data.dataset.class_names,
                               .counts = confusion_of(run.evaluation.test, run.data.dataset)});
}

/// In place of a confusion matrix, where the model says a number alone.
void add_scatter(RunReport& report, const FinishedRun& run) {
  const Predictions& test = run.evaluation.test;
  if (test.predicted.empty() && !test.scores.empty() && !test.targets.empty()) {
    report.scatters.push_back({"test", test.targets, test.scores});
  }
}

std::string data_text(const RunConfig& config, const Dataset& dataset) {
  std::string text = dataset.name.empty() ? config.name : dataset.name;
  text += ": ";
  for (const Split split : all_splits) {
    text += report::format_count(static_cast<std::int64_t>(dataset.indices(split).size()));
    text += split == Split::test ? " samples (training / validation / test)" : " / ";
  }
  return text;
}

ReportHeadline headline_of(const FinishedRun& run) {
  const std::string metric = main_metric(run.summary);
  const MetricText text = text_of(metric);
  ReportHeadline headline;
  headline.metric = "test " + metric;
  headline.unit = text.unit;
  const auto test = run.summary.metrics.find("test");
  const auto value = test != run.summary.metrics.end() ? find(test->second, metric) : std::nullopt;
  if (value) {
    headline.value = ReportValue{*value, std::nullopt};
    const auto samples = static_cast<double>(run.evaluation.test.samples.size());
    if (metric == "accuracy" && samples > 0) {
      headline.standard_error = std::sqrt(*value * (1.0 - *value) / samples);
    }
  }
  if (text.unit == fraction) {  // what is known is the best share of samples that can be right
    headline.best_possible = best_possible(run.config.data, run.modalities);
  }
  std::string inputs;
  for (std::size_t i = 0; i < run.modalities.size(); ++i) {
    inputs += (i == 0 ? "" : i + 1 == run.modalities.size() ? " and " : ", ") + run.modalities[i];
  }
  headline.sentence = "With " + inputs + ".";
  if (!run.state.candidates.empty()) {
    const bool earliest = run.config.train.choose == ChooseRule::one_standard_error;
    headline.sentence =
        "With " + inputs + "; weights of step " +
        report::format_count(run.state.candidates.front().step) +
        (earliest ? ", the earliest within one standard error of the best by validation "
                  : ", the best by validation ") +
        run.config.train.select + ".";
  }
  if (const auto one = run.summary.collapsed.find("test"); one != run.summary.collapsed.end()) {
    headline.sentence += " Every sample of the test split is predicted as \"" + one->second +
                         "\": the model has collapsed to one class.";
  }
  headline.facts = {{"training time", report::format_duration(run.summary.seconds)},
                    {"steps", report::format_count(run.summary.steps)},
                    {"parameters", report::format_count(run.summary.parameters)},
                    {"threads", report::format_count(run.summary.threads)}};
  return headline;
}

}  // namespace

std::optional<HistoryEntry> best_watched_epoch(const std::vector<HistoryEntry>& history) {
  std::optional<HistoryEntry> best;
  const auto value = [](const HistoryEntry& entry) {
    const auto accuracy = find(entry.values, "accuracy");
    if (const auto recall = find(entry.values, "recall_mean")) {
      return *recall;
    }
    return accuracy ? *accuracy : -find(entry.values, "loss").value_or(0.0);
  };
  for (const HistoryEntry& entry : history) {
    if (entry.split == "test" && (!best || value(entry) > value(*best))) {
      best = entry;
    }
  }
  return best;
}

RunReport describe_run(const FinishedRun& run) {
  RunReport report;
  report.title = run.config.name;
  report.description = run.config.description;
  report.headline = headline_of(run);
  add_charts(report, run.state);
  add_subsets(report, run);
  add_confusion(report, run);
  add_scatter(report, run);
  report.metrics = metrics_table(spreads_of({run.summary}), false);
  const auto watched = run.summary.metrics.find("test_best_epoch");
  const std::string metric = main_metric(run.summary);
  if (watched != run.summary.metrics.end() && watched->second.contains(metric)) {
    ReportBestEpoch& best = report.best_epoch.emplace();
    best.metric = metric;
    best.unit = text_of(metric).unit;
    best.value = {watched->second.at(metric), std::nullopt};
    best.honest = report.headline.value;
  }
  report.wall = describe_wall(run);
  add_machine(report.run, run.config, run.command);
  report.run.weights_sha256 = run.summary.weights_sha256;
  report.run.threads = run.summary.threads;
  report.run.parameters = run.summary.parameters;
  report.run.steps = run.summary.steps;
  report.run.seconds = run.summary.seconds;
  report.run.seeds = {run.summary.seed};
  report.run.more = {{"data", data_text(run.config, run.data.dataset)}};
  return report;
}

}  // namespace heddle
