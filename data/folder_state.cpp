#include "data/folder_state.h"

#include <algorithm>

#include "data/dataset_description.h"

namespace heddle {

FolderState folder_state(const std::filesystem::path& description,
                         const std::optional<std::filesystem::path>& folder) {
  const DatasetDescription described = parse_dataset_description(InputFile::open(description));
  FolderState state;
  state.name = described.name;
  const std::filesystem::path beside = description.parent_path();
  state.folder = folder                     ? *folder
                 : described.folder.empty() ? beside
                                            : (beside / described.folder).lexically_normal();
  const auto add = [&](std::string file) {
    file = file.substr(
        0, file.find(".npz:") == std::string::npos ? file.size() : file.find(".npz:") + 4);
    if (!file.empty() &&
        std::find(state.files.begin(), state.files.end(), file) == state.files.end()) {
      state.files.push_back(file);
    }
  };
  for (const std::string& file : described.table_files) {
    add(file);
  }
  for (const std::string& file : described.split_tables) {
    add(file);
  }
  add(described.identity.file);
  for (const auto& join : described.joins) {
    add(join.file);
  }
  add(described.label.file);
  add(described.target.file);
  for (const DatasetDescription::ModalityPart& part : described.modalities) {
    for (const std::string& file : part.files()) {
      add(file);
    }
    add(part.lengths);
    add(part.starts);
  }
  for (const std::string& file : state.files) {
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(state.folder / file, ignored)) {
      state.missing.push_back(file);
    }
  }
  return state;
}

}  // namespace heddle
