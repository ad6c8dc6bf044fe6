#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/dataset_description.h"
#include "data/tsv.h"
#include "data/waveforms.h"

namespace heddle {

/// What modalities are loaded from.
struct FolderSource {
  std::filesystem::path folder;
  std::optional<Table> table;
  std::int64_t samples = 0;
  std::vector<std::int64_t> train;  // samples, for vocabularies and standardisation
  std::vector<bool> used;           // whether a sample is in any split, or unlabelled
  std::vector<DatasetDescription::ModalityPart> described;  // all, loaded or not
  std::map<std::string, std::string> tokenizers;            // FolderOptions::tokenizers
  /// Byte-pair vocabularies learned so far, by the name they are shared under.
  std::map<std::string, std::shared_ptr<const Vocabulary>> vocabularies;
};

/// The noise that "noise_ratio" and "noise_seed" ask for.
std::optional<WaveformNoise> noise_of_waveforms(const DatasetDescription::ModalityPart& part);

/// Loads one modality of all samples. Errors (InputError): a file or column that is not what the
/// description says, with file and row.
Modality load_modality(const DatasetDescription::ModalityPart& part, FolderSource& source);

}  // namespace heddle
