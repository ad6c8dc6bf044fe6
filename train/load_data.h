#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/builtin/cues.h"
#include "data/dataset.h"
#include "train/config.h"

namespace heddle {

struct LoadedData {
  Dataset dataset;
  std::vector<HiddenCues> cues;  // one per sample; built-in "sentiment" data only
  /// Where modalities of kind tokens have one vocabulary with those of other tasks: by modality,
  /// the number there of each number of the vocabulary this data has by itself.
  std::map<std::string, std::vector<std::int64_t>> own_words = {};
};

/// The data a configuration names; with the column `category` of the table, where given, as
/// Dataset::category, with the column `domain` as Dataset::domains, and with byte-pair encodings by
/// modality that were learned before (FolderOptions::tokenizers). Errors (InputError): as the
/// loaders.
LoadedData load_data(const DataConfig& config, const std::string& category = {},
                     const std::map<std::string, std::string>& tokenizers = {},
                     const std::string& domain = {});

/// The data of each task of a run: one, or one per member of a joint run, whose shared modalities
/// of kind tokens have one vocabulary then. Errors (InputError): as load_data and share_vocabulary.
std::vector<LoadedData> load_tasks(const RunConfig& config);

/// The byte-pair encodings of a data set, by modality, to be given to `load_data`.
std::map<std::string, std::string> tokenizers_of(const Dataset& dataset);

/// The best value of the run's main figure (accuracy; of retrieval the mean recall) that is
/// possible with these modalities; known for built-in data only.
std::optional<double> best_possible(const DataConfig& config,
                                    const std::vector<std::string>& modalities);

}  // namespace heddle
