#pragma once

#include <string>
#include <vector>

#include "data/dataset.h"

namespace heddle {

/// What data.rename says: what a run calls modalities of its data set. Joint runs share encoders
/// of modalities by their names, which data sets do not choose for each other.
class ModalityNames {
 public:
  /// From lines "NAME=MODALITY". Errors (InputError): another form, a name or a modality twice.
  explicit ModalityNames(const std::vector<std::string>& lines);

  /// What the data set calls the modality that the run calls `name`.
  std::string of_data(const std::string& name) const;
  std::vector<std::string> of_data(const std::vector<std::string>& names) const;
  /// Gives the modalities their new names; where `has_all` is false, some may not have been loaded.
  /// Errors (InputError): a modality that is not there, a name that another one has.
  void rename(Dataset& dataset, bool has_all) const;

 private:
  struct Entry {
    std::string name;
    std::string modality;
  };
  std::vector<Entry> entries_;
};

}  // namespace heddle
