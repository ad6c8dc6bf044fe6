#include "data/folder_domains.h"

#include <map>
#include <utility>

#include "core/error.h"

namespace heddle {

void load_domains(const std::string& column, const FolderSource& source, Dataset& dataset) {
  if (column.empty()) {
    return;
  }
  check<InputError>(source.table.has_value(), "data set \"", dataset.name,
                    "\": domains are asked for by \"", column,
                    "\", but there is no [table] with such a column");
  const std::vector<std::string> texts = source.table->text(column);
  std::map<std::string, std::int64_t> numbers;
  for (const auto* samples : {&source.train, &std::as_const(dataset.unlabelled)}) {
    for (const std::int64_t sample : *samples) {
      numbers.emplace(texts[static_cast<std::size_t>(sample)], 0);
    }
  }
  for (auto& [name, number] : numbers) {
    number = static_cast<std::int64_t>(dataset.domain_names.size());
    dataset.domain_names.push_back(name);
  }
  for (const std::string& text : texts) {
    const auto found = numbers.find(text);
    dataset.domains.push_back(found == numbers.end() ? -1 : found->second);
  }
}

}  // namespace heddle
