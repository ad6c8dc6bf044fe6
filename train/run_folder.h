#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "train/run_state.h"

namespace heddle {

/// What a run leaves on disk:
///   config.toml           every key with its value: repeats the run
///   metrics.jsonl         one line per `log_every` steps and per evaluation; the same bytes for
///                         the same seed, however often the run was interrupted
///   checkpoints/          the newest states, to resume from
///   best.safetensors      weights of the best epoch; last.safetensors: those after the last step
///   summary.json, report.html
/// One process at a time: the folder is locked while this lives.
class RunFolder {
 public:
  enum class Start { fresh, overwrite, resume };

  /// Makes the folder if need be, and clears what an earlier run left there (overwrite).
  /// Errors: UsageError where the folder holds a run already and Start is fresh; Error where
  /// another process works in it; InputError where it cannot be made.
  RunFolder(std::filesystem::path folder, Start start);
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  const std::filesystem::path& path() const { return folder_; }
  std::filesystem::path checkpoints() const { return folder_ / "checkpoints"; }
  std::filesystem::path best_weights() const { return folder_ / "best.safetensors"; }
  std::filesystem::path last_weights() const { return folder_ / "last.safetensors"; }
  std::filesystem::path file(std::string_view name) const { return folder_ / name; }

  /// Writes config.toml, or compares it with the one that is there. Errors (InputError): another
  /// configuration; names the first line that differs.
  void keep_config(const std::string& config) const;

  /// metrics.jsonl becomes the lines of `history`.
  void rewrite_metrics(const std::vector<HistoryEntry>& history);
  /// Adds the entries of `history` that are not in metrics.jsonl yet.
  void append_metrics(const std::vector<HistoryEntry>& history);

 private:
  std::filesystem::path folder_;
  int lock_ = -1;
  std::size_t lines_ = 0;
};

/// Whether `folder` holds a run.
bool holds_run(const std::filesystem::path& folder);

}  // namespace heddle
