#include <ostream>

#include "core/error.h"
#include "data/atomic_file.h"
#include "train/run.h"
#include "train/trainer.h"

namespace heddle {
namespace {

std::int64_t epoch_steps_of(const RunConfig& config, std::span<const LoadedData> data) {
  std::vector<const Dataset*> datasets;
  for (const LoadedData& task : data) {
    datasets.push_back(&task.dataset);
  }
  return Trainer(config, datasets).steps_per_epoch();
}

}  // namespace

TransferOutcome run_separately(const RunConfig& config, std::int64_t count,
                               std::span<const LoadedData> data, const RunOptions& options) {
  check<UsageError>(config.task.kind == TaskKind::joint,
                    "--separately sets a joint run against its members alone, but task.kind is not "
                    "\"joint\"");
  RunFolder folder(options.folder, options.start);
  folder.keep_config(to_toml(config));
  const std::int64_t epoch_steps = epoch_steps_of(config, data);
  TransferOutcome outcome;
  const auto run = [&](const RunConfig& part, std::span<const LoadedData> part_data,
                       const std::string& name, std::vector<RunSummary>& runs) {
    if (outcome.signal != 0) {
      return;
    }
    if (options.messages != nullptr) {
      *options.messages << name << '\n';
    }
    RunOptions where = options;
    where.folder = options.folder / name;
    SeedsOutcome seeds = run_seeds(part, count, part_data, where);
    outcome.signal = seeds.signal;
    runs = std::move(seeds.runs);
  };
  run(config, data, "together", outcome.together);
  for (std::size_t i = 0; i < config.members.size(); ++i) {
    const std::string& name = config.members[i].name;
    run(only_member(config, i, epoch_steps), data.subspan(i, 1), "alone-" + name,
        outcome.alone[name]);
  }
  if (outcome.signal == 0) {
    write_file_atomically(folder.file("transfer.json"), transfer_json(outcome));
  }
  return outcome;
}

}  // namespace heddle
