#include "train/run_report_parts.h"

#include <utility>

#include "core/build_info.h"
#include "report/text.h"
#include "train/machine.h"

namespace heddle {

namespace {

constexpr ReportUnit fraction = ReportUnit::fraction;
constexpr ReportUnit number = ReportUnit::number;

}  // namespace

const std::vector<MetricText>& metric_texts() {
  static const std::vector<MetricText> texts = {
      {"accuracy", "Accuracy", "share of samples whose class is right", fraction, false},
      {"f1_macro", "F1, macro", "mean of the classes' F1, each class counting the same", fraction,
       false},
      {"f1_weighted", "F1, weighted", "mean of the classes' F1, by how often each occurs", fraction,
       false},
      {"acc2_nonneg", "Acc-2, negative / non-negative", "a score of 0 counts as non-negative",
       fraction, false},
      {"acc2_pos", "Acc-2, negative / positive", "samples with a score of 0 are left out", fraction,
       false},
      {"acc7", "Acc-7", "the score, rounded to −3 … 3, is exactly right", fraction, false},
      {"mae", "Mean absolute error", "of the score", number, true},
      {"mse", "Mean squared error", "of the score", number, true},
      {"correlation", "Correlation", "Pearson's, of true and predicted scores", number, false},
      {"bleu", "BLEU-4", "of whole texts, 0 to 100: nrefs:1, eff:no, tok:13a, smooth:exp", number,
       false},
      {"exact", "Exactly right", "share of texts that are their references", fraction, false},
      {"perplexity", "Perplexity", "of the references' tokens", number, true},
      {"loss", "Loss", "what training makes small", number, true}};
  return texts;
}

const MetricText& text_of(const std::string& metric) {
  for (const MetricText& text : metric_texts()) {
    if (metric == text.name) {
      return text;
    }
  }
  return metric_texts().back();
}

std::string main_metric(const RunSummary& summary) {
  const auto test = summary.metrics.find("test");
  if (test == summary.metrics.end() || test->second.contains("accuracy")) {
    return "accuracy";
  }
  if (test->second.contains("bleu")) {
    return "bleu";
  }
  return test->second.contains("mae") ? "mae" : "loss";
}

ReportMetrics metrics_table(const std::map<std::string, std::map<std::string, Spread>>& metrics,
                            bool with_deviation) {
  ReportMetrics table;
  const std::vector<std::pair<std::string, std::string>> splits = {
      {"train", "training"}, {"valid", "validation"}, {"test", "test"}};
  for (const auto& [split, title] : splits) {
    if (metrics.contains(split)) {
      table.columns.push_back(title);
    }
  }
  for (const MetricText& text : metric_texts()) {
    ReportMetric row = {text.title, text.explanation, text.unit, text.lower_is_better, {}};
    bool known = false;
    for (const auto& [split, title] : splits) {
      const auto values = metrics.find(split);
      if (values == metrics.end()) {
        continue;
      }
      std::optional<ReportValue>& cell = row.values.emplace_back();
      const auto value = values->second.find(text.name);
      if (value != values->second.end()) {
        known = true;
        cell = ReportValue{value->second.mean, std::nullopt};
        if (with_deviation) {
          cell->deviation = value->second.deviation;
        }
      }
    }
    if (known) {
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

void add_machine(ReportRun& run, const RunConfig& config, const std::string& command) {
  const BuildInfo& build = build_info();
  run.command = command;
  run.configuration = to_toml(config);
  run.processor = processor_name() + ", " + report::plural(processor_count(), "core");
  run.device = config.train.device;
  run.compiler = std::string(build.compiler) + ", " + build.flags;
  run.version = std::string("heddle ") + build.version;
  run.system = system_name();
  run.started = time_now();
}

}  // namespace heddle
