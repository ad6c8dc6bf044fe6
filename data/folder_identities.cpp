#include "data/folder_identities.h"

#include <map>

#include "core/error.h"
#include "data/csv.h"

namespace heddle {

void load_identities(const DatasetDescription::IdentityPart& part, const FolderSource& source,
                     Dataset& dataset) {
  if (part.column.empty()) {
    return;
  }
  if (part.file.empty()) {
    std::map<std::string, std::int64_t> numbers;
    for (const std::string& name : source.table->text(part.column)) {
      const auto [entry, is_new] = numbers.emplace(name, static_cast<std::int64_t>(numbers.size()));
      dataset.identities.push_back(entry->second);
      if (is_new) {
        dataset.identity_names.push_back(name);
      }
    }
    return;
  }
  dataset.identities = source.table->integers(part.column);
  dataset.identity_names = read_table(source.folder / part.file).text(part.name);
  const auto known = static_cast<std::int64_t>(dataset.identity_names.size());
  for (std::size_t i = 0; i < dataset.identities.size(); ++i) {
    const std::int64_t identity = dataset.identities[i];
    check<InputError>(identity >= 0 && identity < known, source.table->file_name(), ": line ",
                      source.table->line_of(static_cast<std::int64_t>(i)), ": column \"",
                      part.column, "\" has ", identity, ", but ", part.file, " has rows 0 … ",
                      known - 1);
  }
}

}  // namespace heddle
