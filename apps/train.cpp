#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <iostream>

#include "apps/commands.h"
#include "core/error.h"
#include "train/bleu.h"
#include "train/run.h"

namespace heddle {

namespace {

constexpr int signal_base = 128;

RunConfig config_of(const TrainCommand& command) {
  std::vector<std::string> overrides = command.overrides;
  if (!command.device.empty()) {
    overrides.push_back("train.device=\"" + command.device + "\"");
  }
  if (!command.math.empty()) {
    overrides.push_back("train.math=\"" + command.math + "\"");
  }
  return load_run_config(command.config, overrides);
}

RunFolder::Start start_of(const TrainCommand& command) {
  if (command.resume) {
    return RunFolder::Start::resume;
  }
  return command.overwrite ? RunFolder::Start::overwrite : RunFolder::Start::fresh;
}

void print_metrics(const std::map<std::string, Metrics>& metrics) {
  for (const auto& [split, values] : metrics) {
    std::cout << std::left << std::setw(16) << split;
    for (const auto& [name, value] : values) {
      std::cout << "  " << name << ' ' << value;
    }
    std::cout << '\n';
  }
}

void print_subsets(const std::vector<SubsetResult>& subsets) {
  for (const SubsetResult& subset : subsets) {
    std::string names;
    for (const std::string& name : subset.modalities) {
      names += (names.empty() ? "" : " + ") + name;
    }
    std::cout << "  " << std::left << std::setw(24) << names << std::right << std::setw(6)
              << 100.0 * subset.accuracy << " %";
    if (subset.best_possible) {
      std::cout << "   best possible " << std::setw(6) << 100.0 * *subset.best_possible << " %";
    }
    std::cout << '\n';
  }
}

void print_collapse(const RunSummary& summary, const std::string& which) {
  for (const auto& [split, label] : summary.collapsed) {
    std::cout << which << "warning: every " << split << " sample is predicted as \"" << label
              << "\": the model has collapsed to one class\n";
  }
}

void print_summary(const RunConfig& config, const RunSummary& summary,
                   const std::filesystem::path& folder) {
  std::cout << std::fixed << std::setprecision(4);
  print_metrics(summary.metrics);
  print_collapse(summary, "");
  if (config.task.kind == TaskKind::generate) {
    std::cout << "BLEU is " << bleu_signature({.lower_case = config.task.bleu_lower_case}) << '\n';
  }
  if (!summary.subsets.empty()) {
    std::cout << "accuracy on the test split with these modalities, the others masked:\n"
              << std::setprecision(1);
    print_subsets(summary.subsets);
  }
  std::cout << summary.steps << " steps in " << time_text(summary.seconds) << ", "
            << summary.parameters << " parameters, weights " << summary.weights_sha256.substr(0, 16)
            << "…\n"
            << "report: " << (folder / "report.html").string() << '\n';
}

void print_spreads(const std::vector<RunSummary>& runs) {
  std::cout << std::fixed << std::setprecision(4);
  for (const auto& [split, metrics] : spreads_of(runs)) {
    std::cout << std::left << std::setw(16) << split;
    for (const auto& [name, spread] : metrics) {
      std::cout << "  " << name << ' ' << spread.mean << " ± " << spread.deviation;
    }
    std::cout << '\n';
  }
}

void print_seeds(const std::vector<RunSummary>& runs, const std::filesystem::path& folder) {
  print_spreads(runs);
  for (const RunSummary& run : runs) {
    print_collapse(run, concat("seed ", run.seed, ": "));
  }
  std::cout << "report: " << (folder / "report.html").string() << '\n';
}

void print_folds(const FoldsOutcome& outcome, const std::filesystem::path& folder) {
  print_spreads(outcome.runs);
  print_metrics({{"all folds", outcome.pooled}});
  for (std::size_t i = 0; i < outcome.runs.size(); ++i) {
    print_collapse(outcome.runs[i], concat("fold ", outcome.folds[i], ": "));
  }
  std::cout << "results: " << (folder / "folds.json").string() << '\n';
}

/// The spread over seeds of each fold's main figures, and of the means over folds.
void print_fold_seeds(const FoldSeedsOutcome& outcome, const std::filesystem::path& folder) {
  const std::vector<std::string>& names = outcome.seeds.front().folds;
  std::cout << "test split, fold by fold, over " << outcome.seeds.size() << " seeds\n"
            << std::fixed << std::setprecision(4);
  for (std::size_t k = 0; k < names.size(); ++k) {
    std::vector<RunSummary> runs;
    for (const FoldsOutcome& seed : outcome.seeds) {
      runs.push_back(seed.runs[k]);
      print_collapse(seed.runs[k], concat("seed ", seed.runs[k].seed, ", fold ", names[k], ": "));
    }
    std::cout << "  " << std::left << std::setw(14) << names[k];
    const auto spreads = spreads_of(runs);
    for (const auto& [name, spread] : spreads.at("test")) {
      if (name == "accuracy" || name == "auc" || name == "mae" || name == "loss") {
        std::cout << "  " << name << ' ' << spread.mean << " ± " << spread.deviation;
      }
    }
    std::cout << '\n';
  }
  std::cout << "means over folds (pooled: all folds' predictions together), over seeds\n";
  print_spreads(means_over_folds(outcome));
  std::cout << "results: " << (folder / "seeds.json").string() << '\n';
}

void print_tasks(const RunOutcome& outcome, const std::filesystem::path& folder) {
  std::cout << std::fixed << std::setprecision(4);
  for (const MemberOutcome& member : outcome.members) {
    std::cout << member.name << '\n';
    for (const auto& [split, values] : member.summary.metrics) {
      print_metrics({{"  " + split, values}});
    }
  }
  std::cout << "mean over tasks\n";
  for (const auto& [split, values] : outcome.summary.metrics) {
    Metrics means;
    for (const auto& [name, value] : values) {
      if (name.find('.') == std::string::npos) {
        means[name] = value;
      }
    }
    print_metrics({{"  " + split, means}});
  }
  print_collapse(outcome.summary, "");
  std::cout << outcome.summary.steps << " steps in " << time_text(outcome.summary.seconds) << ", "
            << outcome.summary.parameters << " parameters, weights "
            << outcome.summary.weights_sha256.substr(0, 16) << "…\n";
  for (const MemberOutcome& member : outcome.members) {
    std::cout << "report: " << (folder / member.name / "report.html").string() << '\n';
  }
}

void print_transfer(const TransferOutcome& outcome, const std::filesystem::path& folder) {
  constexpr int name_width = 18;
  constexpr int value_width = 20;
  std::cout << "test split, over " << outcome.together.size()
            << " seeds; alone: as many steps and samples of each task\n"
            << std::left << std::setw(name_width) << "task" << std::setw(name_width) << "metric"
            << std::setw(value_width) << "together" << std::setw(value_width) << "alone"
            << "difference\n";
  const auto text = [](const Spread& spread) {
    return concat(std::fixed, std::setprecision(4), spread.mean, " ± ", spread.deviation);
  };
  constexpr int sign_bytes = 1;  // "±" is two bytes wide and one letter
  for (const TransferRow& row : transfer_rows(outcome)) {
    if (row.metric == "accuracy" || row.metric == "mae" || row.metric == "loss") {
      std::cout << std::left << std::setw(name_width) << row.member << std::setw(name_width)
                << row.metric << std::setw(value_width + sign_bytes) << text(row.together)
                << std::setw(value_width + sign_bytes) << text(row.alone) << text(row.difference)
                << '\n';
    }
  }
  std::cout << "results: " << (folder / "transfer.json").string() << '\n';
}

int train_separately(const RunConfig& config, const TrainCommand& command,
                     const std::vector<LoadedData>& data, const RunOptions& options) {
  const TransferOutcome outcome =
      run_separately(config, std::max<std::int64_t>(1, command.seeds), data, options);
  if (outcome.signal == 0) {
    print_transfer(outcome, options.folder);
  }
  return outcome.signal == 0 ? 0 : signal_base + outcome.signal;
}

}  // namespace

int run(const TrainCommand& command) {
  const RunConfig config = config_of(command);
  RunOptions options;
  options.folder = command.out.empty() ? std::filesystem::path("out") / config.name
                                       : std::filesystem::path(command.out);
  options.start = start_of(command);
  options.command = command.typed;
  options.messages = &std::cerr;
  options.manner = Progress::manner_for(STDERR_FILENO);
  check<UsageError>(options.start != RunFolder::Start::fresh || !holds_run(options.folder),
                    options.folder.string(),
                    " holds a run already; add --resume to continue it, --overwrite to replace it, "
                    "or choose another folder with --out");
  if (command.folds && command.seeds > 0) {
    const FoldSeedsOutcome outcome = run_fold_seeds(config, command.seeds, options);
    if (outcome.signal == 0) {
      print_fold_seeds(outcome, options.folder);
    }
    return outcome.signal == 0 ? 0 : signal_base + outcome.signal;
  }
  if (command.folds) {
    const FoldsOutcome outcome = run_folds(config, options);
    if (outcome.signal == 0) {
      print_folds(outcome, options.folder);
    }
    return outcome.signal == 0 ? 0 : signal_base + outcome.signal;
  }
  const std::vector<LoadedData> data = load_tasks(config);
  if (command.separately) {
    return train_separately(config, command, data, options);
  }
  if (command.seeds > 0) {
    const SeedsOutcome outcome = run_seeds(config, command.seeds, data, options);
    if (outcome.signal == 0) {
      print_seeds(outcome.runs, options.folder);
    }
    return outcome.signal == 0 ? 0 : signal_base + outcome.signal;
  }
  const RunOutcome outcome = run_training(config, data, options);
  if (outcome.signal == 0) {
    if (config.task.kind == TaskKind::joint) {
      print_tasks(outcome, options.folder);
    } else {
      print_summary(config, outcome.summary, options.folder);
    }
  }
  return outcome.signal == 0 ? 0 : signal_base + outcome.signal;
}

}  // namespace heddle
