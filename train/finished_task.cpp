#include "train/finished_task.h"

#include <utility>
#include <vector>

#include "core/error.h"
#include "data/atomic_file.h"
#include "train/breakdown.h"
#include "train/checkpoint.h"
#include "train/weights.h"

namespace heddle {
namespace {

/// Some rows of a table, on the host.
Tensor rows_of(const Tensor& table, const std::vector<std::int64_t>& rows) {
  const Tensor from = table.to(Device{});
  Tensor result =
      Tensor::empty(from.shape().replaced(0, static_cast<std::int64_t>(rows.size())), from.dtype());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto place = static_cast<std::int64_t>(i);
    result.slice(0, place, place + 1).copy_(from.slice(0, rows[i], rows[i] + 1), "rows_of");
  }
  return result;
}

/// The weights of a task as its own data needs them: tables without the words of other tasks.
std::vector<NamedTensor> own_weights(const TrainedTask& task, const LoadedData& data) {
  std::vector<NamedTensor> weights = copy_of_weights(parameters_of(*task.model));
  for (const auto& [modality, numbers] : data.own_words) {
    for (NamedTensor& weight : weights) {
      if (weight.name == modality + ".embedding.weight") {
        weight.tensor = rows_of(weight.tensor, numbers);
      }
    }
  }
  return weights;
}

/// The history with what it says of one member, under the names of a run of it alone.
RunState state_of_member(const RunState& state, const std::string& member) {
  RunState own = state;
  const std::string prefix = member + ".";
  for (HistoryEntry& entry : own.history) {
    if (entry.split == "train") {
      continue;
    }
    Metrics values;
    for (const auto& [name, value] : entry.values) {
      if (name.starts_with(prefix)) {
        values[name.substr(prefix.size())] = value;
      }
    }
    entry.values = std::move(values);
  }
  return own;
}

}  // namespace

void summarise(const FinalEvaluation& evaluation, const Dataset& dataset, RunSummary& summary) {
  summary.metrics = metrics_by_split(evaluation, dataset);
  summary.subsets = evaluation.subsets;
  for (const auto& [split, predictions] : {std::pair{"train", &evaluation.train},
                                           {"valid", &evaluation.valid},
                                           {"test", &evaluation.test}}) {
    if (const auto label = collapsed_to(*predictions)) {
      summary.collapsed[split] = dataset.class_names[static_cast<std::size_t>(*label)];
    }
  }
}

void write_results(const FinishedRun& run, const std::filesystem::path& folder) {
  write_file_atomically(folder / "summary.json", to_json(run.summary));
  write_file_atomically(folder / "report.html", report_html(describe_run(run)));
}

void write_member(const TrainedTask& task, const LoadedData& data, const RunState& state,
                  const FinalEvaluation& evaluation, const RunSummary& summary,
                  const std::string& command, std::int64_t step,
                  const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  const std::string config = to_toml(task.config);
  write_file_atomically(folder / "config.toml", config);
  save_weights(folder / "best.safetensors",
               {own_weights(task, data), config, step, tokenizers_of(data.dataset)});
  write_results({task.config, data, state_of_member(state, task.name), evaluation, summary,
                 task.modalities, command},
                folder);
}

}  // namespace heddle
