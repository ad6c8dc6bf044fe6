#include "train/run_report_parts.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "core/build_info.h"
#include "core/error.h"
#include "report/text.h"
#include "train/machine.h"
#include "train/retrieval_metrics.h"

namespace heddle {

namespace {

constexpr ReportUnit fraction = ReportUnit::fraction;
constexpr ReportUnit number = ReportUnit::number;
/// Puts a median rank behind the recalls of its direction.
constexpr std::int64_t behind_recalls = 1000;

/// All but those that are named after modalities.
const std::vector<MetricText>& fixed_texts() {
  static const std::vector<MetricText> texts = {
      {"accuracy", "Accuracy", "share of samples whose class is right", fraction, false},
      {"recall_mean", "Mean recall", "of R@1, R@5 and R@10 over the trained pairs, both directions",
       fraction, false},
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
      {"f1_nonneg", "F1, negative / non-negative", "weighted by how often each is the truth",
       fraction, false},
      {"f1_pos", "F1, negative / positive", "the same, samples with a score of 0 left out",
       fraction, false},
      {"acc7", "Acc-7", "the score, rounded to −3 … 3, is exactly right", fraction, false},
      {"mae", "Mean absolute error", "of the score", number, true},
      {"constant_mae", "Mean absolute error of a constant",
       "of always saying the median of the training split's scores", number, true},
      {"mse", "Mean squared error", "of the score", number, true},
      {"constant_mse", "Mean squared error of a constant",
       "of always saying the mean of the training split's scores", number, true},
      {"correlation", "Correlation", "Pearson's, of true and predicted scores", number, false},
      {"bleu", "BLEU-4", "of whole texts, 0 to 100: nrefs:1, eff:no, tok:13a, smooth:exp", number,
       false},
      {"exact", "Exactly right", "share of texts that are their references", fraction, false},
      {"perplexity", "Perplexity", "of the references' tokens", number, true},
      {"loss", "Loss", "what training makes small", number, true}};
  return texts;
}

/// Of auxiliary heads; their modality and a bracket follow in the names.
const std::vector<MetricText>& head_texts() {
  static const std::vector<MetricText> texts = {
      {"head_accuracy[", "Accuracy of the head of ",
       "trained beside the model on this modality alone", fraction, false},
      {"head_mae[", "Mean absolute error of the head of ",
       "trained beside the model on this modality alone", number, true}};
  return texts;
}

MetricText retrieval_text(const std::string& name, const RetrievalMetricName& parts) {
  const std::string title = parts.left + " → " + parts.right;
  if (parts.k == 0) {
    return {name, title + ", median rank", "of the first right answer", number, true};
  }
  return {name, concat(title, ", R@", parts.k),
          concat("share of queries with a right answer among the first ", parts.k), fraction,
          false};
}

}  // namespace

std::vector<MetricText> metric_texts(const std::set<std::string>& metrics) {
  std::vector<MetricText> texts;
  for (const MetricText& text : fixed_texts()) {
    if (metrics.contains(text.name) && text.name != "loss") {
      texts.push_back(text);
    }
  }
  std::vector<std::pair<RetrievalMetricName, std::string>> retrieval;
  for (const std::string& name : metrics) {
    if (const auto parts = retrieval_metric_named(name)) {
      retrieval.emplace_back(*parts, name);
    }
  }
  const auto order = [](const auto& entry) {
    const RetrievalMetricName& parts = entry.first;
    return std::tuple(parts.left, parts.right, parts.k == 0 ? behind_recalls : parts.k);
  };
  std::sort(retrieval.begin(), retrieval.end(),
            [&](const auto& left, const auto& right) { return order(left) < order(right); });
  for (const auto& [parts, name] : retrieval) {
    texts.push_back(retrieval_text(name, parts));
  }
  for (const std::string& name : metrics) {
    for (const MetricText& head : head_texts()) {
      if (name.starts_with(head.name) && name.ends_with(']')) {
        const std::string modality =
            name.substr(head.name.size(), name.size() - head.name.size() - 1);
        texts.push_back(
            {name, head.title + modality, head.explanation, head.unit, head.lower_is_better});
      }
    }
  }
  if (metrics.contains("loss")) {
    texts.push_back(fixed_texts().back());
  }
  return texts;
}

MetricText text_of(const std::string& metric) {
  const std::vector<MetricText> texts = metric_texts({metric});
  return texts.empty() ? fixed_texts().back() : texts.front();
}

std::string main_metric(const RunSummary& summary) {
  const auto test = summary.metrics.find("test");
  if (test == summary.metrics.end() || test->second.contains("accuracy")) {
    return "accuracy";
  }
  if (test->second.contains("recall_mean")) {
    return "recall_mean";
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
  std::set<std::string> names;
  for (const auto& [split, values] : metrics) {
    for (const auto& [name, spread] : values) {
      names.insert(name);
    }
  }
  for (const MetricText& text : metric_texts(names)) {
    add(text.name, {text.title, text.explanation, text.unit, text.lower_is_better, {}});
  }
  for (const std::string& name : names) {
    if (!name.starts_with("accuracy[")) {
      continue;
    }
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
