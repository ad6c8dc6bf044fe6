#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace heddle {

/// What of a data set is there, without reading any of it.
struct FolderState {
  std::string name;
  std::filesystem::path folder;      // where its files should be
  std::vector<std::string> files;    // that its dataset.toml names
  std::vector<std::string> missing;  // those that are not there
};

/// `folder`: instead of the one its dataset.toml names. Files that a column of a table names are
/// not looked for. Errors (InputError): no such dataset.toml, or a wrong one.
FolderState folder_state(const std::filesystem::path& description,
                         const std::optional<std::filesystem::path>& folder = {});

}  // namespace heddle
