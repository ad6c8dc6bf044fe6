#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apps/commands.h"
#include "core/error.h"
#include "data/folder_state.h"
#include "train/config.h"

namespace heddle {
namespace {

struct Task {
  std::string config;  // as it is typed
  std::string name;
  std::string kind;  // "classify", "retrieve", "generate", "joint"
  std::string data;
  std::string description;
  bool ready = false;
  std::string state;  // "built in", "there", "2 of 5 files are missing in …"
};

const char* name_of(TaskKind kind) {
  switch (kind) {
    case TaskKind::retrieve:
      return "retrieve";
    case TaskKind::generate:
      return "generate";
    case TaskKind::joint:
      return "joint";
    case TaskKind::classify:
      break;
  }
  return "classify";
}

/// What a configuration's data are, and whether they are there.
void look_at_data(const RunConfig& config, Task& task) {
  if (config.data.kind == DataKind::builtin) {
    task.data = "built-in " + config.data.set;
    task.ready = true;
    task.state = "built in";
    return;
  }
  std::optional<std::filesystem::path> folder;
  if (!config.data.folder.empty()) {
    folder = config.data.folder;
  }
  const FolderState found = folder_state(config.data.description, folder);
  task.data = found.name;
  task.ready = found.missing.empty();
  task.state =
      task.ready ? "there: " + found.folder.string()
      : found.missing.size() == found.files.size()
          ? "absent: expected in " + found.folder.string()
          : concat(found.missing.size(), " of ", found.files.size(), " files are missing in ",
                   found.folder.string(), ", the first ", found.missing.front());
}

/// The same of all members: ready where all are there, else what the first lacks.
void look_at_members(const RunConfig& config, Task& task) {
  task.ready = true;
  for (std::size_t i = 0; i < config.members.size(); ++i) {
    Task member;
    look_at_data(member_run(config, i), member);
    task.data += (i == 0 ? "" : " + ") + member.data;
    if (task.ready) {
      task.state = member.state;
    }
    task.ready = task.ready && member.ready;
  }
}

/// The configurations below a folder; dataset descriptions are not among them.
std::vector<Task> tasks_below(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_regular_file() && entry.path().extension() == ".toml" &&
        !name.starts_with("dataset")) {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<Task> tasks;
  for (const std::filesystem::path& file : files) {
    const RunConfig config = load_run_config(file);
    Task& task = tasks.emplace_back();
    task.config = file.string();
    task.name = config.name;
    task.kind = name_of(config.task.kind);
    task.description = config.description;
    if (config.task.kind == TaskKind::joint) {
      look_at_members(config, task);
    } else {
      look_at_data(config, task);
    }
  }
  return tasks;
}

}  // namespace

int run(const TasksCommand& command) {
  check<InputError>(std::filesystem::is_directory(command.configs), command.configs,
                    ": no such folder; say with --configs where the configurations are");
  const std::vector<Task> tasks = tasks_below(command.configs);
  if (command.json) {
    nlohmann::json told = nlohmann::json::array();
    for (const Task& task : tasks) {
      told.push_back({{"config", task.config},
                      {"name", task.name},
                      {"kind", task.kind},
                      {"data", task.data},
                      {"description", task.description},
                      {"ready", task.ready},
                      {"state", task.state}});
    }
    std::cout << told.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    return 0;
  }
  for (const Task& task : tasks) {
    std::cout << (task.ready ? "+ " : "- ") << "heddle train " << task.config << "\n    "
              << task.kind << ", " << task.data << " (" << task.state << ")\n";
    if (!task.description.empty()) {
      std::cout << "    " << task.description << '\n';
    }
  }
  return 0;
}

}  // namespace heddle
