#include "train/run_report_parts.h"

#include <set>
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
      {"majority_accuracy", "Accuracy of the majority class",
       "of always saying the class most frequent in the training split", fraction, false},
      {"auc", "AUC", "how often a sample of the second class scores above one of the first",
       fraction, false},
      {"auc_low", "AUC, lower end", "of its 95 % interval, by bootstrap", fraction, false},
      {"auc_high", "AUC, upper end", "of its 95 % interval, by bootstrap", fraction, false},
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
  const auto add = [&](const std::string& name, ReportMetric row) {
    bool known = false;
    for (const auto& [split, title] : splits) {
      const auto values = metrics.find(split);
      if (values == metrics.end()) {
        continue;
      }
      std::optional<ReportValue>& cell = row.values.emplace_back();
      const auto value = values->second.find(name);
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
  };
  for (const MetricText& text : metric_texts()) {
    add(text.name, {text.title, text.explanation, text.unit, text.lower_is_better, {}});
  }
  std::set<std::string> categories;
  for (const auto& [split, values] : metrics) {
    for (const auto& [name, spread] : values) {
      if (name.starts_with("accuracy[")) {
        categories.insert(name);
      }
    }
  }
  for (const std::string& name : categories) {
    const std::string value = name.substr(9, name.size() - 10);
    add(name, {"Accuracy of " + value,
               "of the samples of this category",
               ReportUnit::fraction,
               false,
               {}});
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
