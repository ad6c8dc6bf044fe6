#include "train/run_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "core/error.h"
#include "data/atomic_file.h"
#include "data/input_file.h"
#include "train/config.h"

namespace heddle {

namespace {

constexpr std::array<const char*, 7> files = {"config.toml",     "metrics.jsonl",    "summary.json",
                                              "seeds.json",      "best.safetensors", "report.html",
                                              "last.safetensors"};

std::string text_of(const std::filesystem::path& path) {
  const InputFile file = InputFile::open(path);
  return file.read_text(0, file.size());
}

/// Removes what a run leaves, and nothing else that may be in the folder.
void remove_run(const std::filesystem::path& folder) {
  for (const char* name : files) {
    std::filesystem::remove(folder / name);
  }
  if (std::filesystem::is_directory(folder / "checkpoints")) {
    for (const auto& entry : std::filesystem::directory_iterator(folder / "checkpoints")) {
      if (entry.path().filename().string().starts_with("step-")) {
        std::filesystem::remove(entry.path());
      }
    }
  }
}

/// Parts of files whose writer was killed; nobody else writes here while the folder is locked.
void remove_leftovers(const std::filesystem::path& folder) {
  for (const std::filesystem::path& place : {folder, folder / "checkpoints"}) {
    if (!std::filesystem::is_directory(place)) {
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(place)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with(".") && name.find(".tmp-") != std::string::npos) {
        std::error_code ignored;  // it only takes room
        std::filesystem::remove(entry.path(), ignored);
      }
    }
  }
}

int lock(const std::filesystem::path& folder) {
  const std::string path = (folder / ".lock").string();
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  check<InputError>(descriptor >= 0, path, ": cannot be written: ", std::strerror(errno));
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    ::close(descriptor);
    fail(folder.string(),
         ": another process is training in this folder; wait for it, stop it, or "
         "choose another folder with --out");
  }
  return descriptor;
}

/// The first line that differs, as "key = value" of both.
std::string first_difference(const std::string& before, const std::string& now) {
  std::istringstream left(before);
  std::istringstream right(now);
  std::string old_line;
  std::string new_line;
  while (true) {
    const bool more_old = static_cast<bool>(std::getline(left, old_line));
    const bool more_new = static_cast<bool>(std::getline(right, new_line));
    if (!more_old && !more_new) {
      return "line ends";
    }
    if (!more_old || !more_new || old_line != new_line) {
      return concat("\"", more_old ? old_line : "", "\" before, \"", more_new ? new_line : "",
                    "\" now");
    }
  }
}

}  // namespace

RunFolder::RunFolder(std::filesystem::path folder, Start start) : folder_(std::move(folder)) {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  check<InputError>(!error && std::filesystem::is_directory(folder_), folder_.string(),
                    ": cannot be made: ", error ? error.message() : "it is not a folder");
  lock_ = lock(folder_);
  try {
    if (start == Start::overwrite) {
      remove_run(folder_);
    }
    check<UsageError>(start == Start::resume || !holds_run(folder_), folder_.string(),
                      " holds a run already; add --resume to continue it, --overwrite to replace "
                      "it, or choose another folder with --out");
    remove_leftovers(folder_);
  } catch (...) {
    ::close(lock_);
    throw;
  }
}

RunFolder::~RunFolder() {
  if (lock_ >= 0) {
    ::close(lock_);
  }
}

void RunFolder::keep_config(const std::string& config) const {
  const std::filesystem::path path = file("config.toml");
  if (!std::filesystem::exists(path)) {
    write_file_atomically(path, config);
    return;
  }
  const std::string before = text_of(path);
  if (before == config) {
    return;
  }
  const std::string old_run = lasting_toml(parse_run_config(before, path.string()));
  const std::string new_run = lasting_toml(parse_run_config(config, "configuration"));
  check<InputError>(old_run == new_run, path.string(),
                    ": the run in this folder has another configuration (",
                    first_difference(old_run, new_run),
                    "); resume it with its own configuration, or choose another folder");
  write_file_atomically(path, config);  // goes on elsewhere
}

void RunFolder::rewrite_metrics(const std::vector<HistoryEntry>& history) {
  std::string text;
  for (const HistoryEntry& entry : history) {
    text += to_json_line(entry);
  }
  write_file_atomically(file("metrics.jsonl"), text);
  lines_ = history.size();
}

void RunFolder::append_metrics(const std::vector<HistoryEntry>& history) {
  if (history.size() <= lines_) {
    return;
  }
  std::ofstream out(file("metrics.jsonl"), std::ios::app | std::ios::binary);
  for (; lines_ < history.size(); ++lines_) {
    out << to_json_line(history[lines_]);
  }
  out.flush();
  check(out.good(), file("metrics.jsonl").string(), ": cannot be written: ", std::strerror(errno));
}

bool holds_run(const std::filesystem::path& folder) {
  return std::filesystem::exists(folder / "config.toml") ||
         std::filesystem::exists(folder / "seeds.json");
}

}  // namespace heddle
