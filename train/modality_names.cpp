#include "train/modality_names.h"

#include <algorithm>

#include "core/error.h"
#include "data/nearest_name.h"

namespace heddle {

ModalityNames::ModalityNames(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    const std::size_t equals = line.find('=');
    check<InputError>(equals != std::string::npos && equals > 0 && equals + 1 < line.size() &&
                          line.find('=', equals + 1) == std::string::npos,
                      "data.rename has \"", line, "\"; expected \"NAME=MODALITY\"");
    const Entry entry{line.substr(0, equals), line.substr(equals + 1)};
    for (const Entry& other : entries_) {
      check<InputError>(other.name != entry.name && other.modality != entry.modality,
                        "data.rename has \"", other.name, "=", other.modality, "\" and \"", line,
                        "\"; expected each name and each modality once");
    }
    entries_.push_back(entry);
  }
}

std::string ModalityNames::of_data(const std::string& name) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.name == name; });
  return found == entries_.end() ? name : found->modality;
}

std::vector<std::string> ModalityNames::of_data(const std::vector<std::string>& names) const {
  std::vector<std::string> own;
  for (const std::string& name : names) {
    own.push_back(of_data(name));
  }
  return own;
}

void ModalityNames::rename(Dataset& dataset, bool has_all) const {
  for (const Entry& entry : entries_) {
    check<InputError>(!has_all || dataset.has_modality(entry.modality), "data.rename names \"",
                      entry.modality, "\", which is no modality of data set \"", dataset.name, "\"",
                      suggestion(entry.modality, dataset.modality_names()));
  }
  for (Modality& modality : dataset.modalities) {
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
      return entry.modality == modality.info.name;
    });
    if (found != entries_.end()) {
      modality.info.name = found->name;
    }
  }
  for (const Entry& entry : entries_) {
    const auto count =
        std::count_if(dataset.modalities.begin(), dataset.modalities.end(),
                      [&](const Modality& modality) { return modality.info.name == entry.name; });
    check<InputError>(count <= 1, "data.rename calls modality \"", entry.modality,
                      "\" of data set \"", dataset.name, "\" \"", entry.name,
                      "\", as another one is called");
  }
}

}  // namespace heddle
