#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/input_file.h"

namespace heddle {

/// What a dataset.toml says, key by key (docs/data.md explains them); no file it names was opened.
/// An empty string stands for a key that is not there.
struct DatasetDescription {
  struct SplitPart {
    std::string column;
    // Values of the column, by Split. Defaults: "train", "valid", "test".
    std::array<std::vector<std::string>, 3> values;
    std::vector<std::string> ignored;  // rows that belong to no split
    std::string complete;    // column: rows with a negative number there belong to no split
    double valid_share = 0;  // 0: no part of the training split is taken
    std::uint64_t valid_seed = 0;
  };
  struct GroupPart {
    std::string column;
    std::string order;  // a column of numbers
  };
  struct LabelPart {
    std::string column;
    std::string file;
    std::vector<std::string> names;
    bool given() const { return !column.empty() || !file.empty(); }
  };
  struct ModalityPart {
    std::string name;
    ModalityKind kind = ModalityKind::features;
    std::string file;                  // features, sequence, image
    std::string column;                // tokens
    std::vector<std::string> columns;  // features
    std::string rows;                  // column: which row of the file belongs to a sample
    std::string lengths;               // sequence: file with the frames of each sample
    std::string starts;                // sequence: file with the first frame of each sample
    bool channels_last = false;        // image
    bool standardise = false;          // features, sequence, image
    std::int64_t min_count = 1;        // tokens: words
    bool byte_pairs = false;           // tokens: tokenizer = "bpe"
    std::int64_t merges = 0;           // tokens: bpe
    std::string vocabulary;            // tokens: bpe: shared by modalities with the same name here
  };

  std::string file_name;  // as errors should call it
  std::string name;
  std::string folder;
  std::string table_file;
  std::array<std::string, 3> split_tables;  // by Split: a table each, in place of table_file
  std::string sample_column;
  SplitPart split;
  GroupPart group;
  LabelPart label;
  LabelPart target;
  std::vector<ModalityPart> modalities;
};

/// Errors (InputError): not TOML, a key that is not known (suggests the nearest), a value of
/// another type, keys that do not go together; with file and line.
DatasetDescription parse_dataset_description(const InputFile& file);

}  // namespace heddle
