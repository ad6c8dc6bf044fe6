#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"

namespace heddle {

/// What a user may say beside the dataset.toml (from a configuration or the command line).
struct FolderOptions {
  /// Where the data files are. Absent: `folder` of the dataset.toml, else the folder it lies in.
  std::optional<std::filesystem::path> folder = {};
  /// Modalities to load, in this order. Empty: all.
  std::vector<std::string> modalities = {};
  /// Share of the training groups (samples, where there are no groups) to validate on, and the seed
  /// that picks them. Absent: `valid_share` and `valid_seed` of the dataset.toml.
  std::optional<double> valid_share = {};
  std::optional<std::uint64_t> valid_seed = {};
  /// The fold to test on. Absent: `fold` of the dataset.toml.
  std::optional<std::int64_t> fold = {};
  /// Whether training samples of that fold are trained on without their labels. Absent:
  /// `held_out_unlabelled` of the dataset.toml.
  std::optional<bool> held_out_unlabelled = {};
  /// A column of the table by which results are to be told apart (Dataset::category); empty: none.
  std::string category = {};
  /// A column of the table with the domains of samples (Dataset::domains); empty: none.
  std::string domain = {};
  /// Byte-pair encodings by modality, as Bpe::to_text writes them, instead of learning them: those
  /// a model was trained with.
  std::map<std::string, std::string> tokenizers = {};
};

/// Loads the data set that a dataset.toml describes; docs/data.md lists the keys. Vocabularies and
/// standardisation are made from the training split alone (after the validation part was taken
/// out). Errors (InputError): anything wrong in the description or a file, with file and line,
/// offset or row; an unknown key names the nearest known one.
Dataset load_folder_dataset(const std::filesystem::path& description,
                            const FolderOptions& options = {});

}  // namespace heddle
