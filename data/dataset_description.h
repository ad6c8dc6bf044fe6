#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"
#include "data/input_file.h"
#include "data/log_mel.h"

namespace heddle {

/// What to do about a number that is missing (an empty cell, NaN), or is infinite.
enum class GapTreatment : std::uint8_t {
  refuse,     // an error that counts them and names the first
  absent,     // the sample lacks the whole modality
  mean,       // the mean over the training split
  zero,       // 0, before standardising
  indicator,  // the mean, and one more feature per column that is 1 where it was missing
  limit,      // infinite numbers only: the largest (smallest) finite one of the training split
};
std::string_view name_of(GapTreatment treatment);

/// What a dataset.toml says, key by key (docs/data.md explains them); no file it names was opened.
/// An empty string stands for a key that is not there.
struct DatasetDescription {
  struct SplitPart {
    std::string column;
    // Values of the column, by Split. Defaults: "train", "valid", "test".
    std::array<std::vector<std::string>, 3> values;
    std::vector<std::string> ignored;      // rows that belong to no split
    std::vector<std::string> unlabelled;   // rows to train on without their label
    std::vector<std::string> train_needs;  // modalities without which a row is not trained on
    std::string complete;    // column: rows with a negative number there belong to no split
    double valid_share = 0;  // 0: no part of the training split is taken
    std::uint64_t valid_seed = 0;
    /// A column whose values are the folds; or how many to make of the groups (0: none), by a seed.
    std::string folds_column;
    std::int64_t folds = 0;
    std::uint64_t folds_seed = 0;
    std::int64_t fold = 0;  // the one to test on
    /// Training rows of the fold that is tested on are trained on without their label.
    bool held_out_unlabelled = false;
    bool has_folds() const { return !folds_column.empty() || folds > 0; }
  };
  struct IdentityPart {
    std::string column;
    std::string file;  // table whose row is the identity; `column` has row numbers then
    std::string name;  // its column with the names
  };
  struct GroupPart {
    std::vector<std::string> columns;  // samples that agree in all of them belong together
    std::string order;                 // a column of numbers
  };
  struct LabelPart {
    std::string column;
    std::string file;
    std::vector<std::string> names;
    bool count_names = false;          // classes = "train": the values of the training split
    std::int64_t min_count = 1;        // classes = "train": rarer values are no class of their own
    bool lower_case = false;           // ASCII letters
    std::vector<std::string> missing;  // what stands in the column where there is none
    bool given() const { return !column.empty() || !file.empty(); }
    bool is_missing(const std::string& text) const {
      return std::find(missing.begin(), missing.end(), text) != missing.end();
    }
  };
  struct ModalityPart {
    std::string name;
    ModalityKind kind = ModalityKind::features;
    std::string file;         // features, sequence, image; "a.npz:b" is b of an archive
    std::string file_column;  // column whose value says which of these files is meant
    std::map<std::string, std::string> file_of;
    std::string files_column;  // image, sequence: column with names of PNG, JPEG or WAV files
    bool grey = false;         // image files: one channel instead of three
    std::string column;        // tokens
    std::vector<std::string> columns;     // features: numbers
    std::vector<std::string> categories;  // features: words, one 0/1 feature for each
    std::string rows;                     // column: which row of the file belongs to a sample
    std::string lengths;                  // sequence: file with the frames of each sample
    std::string starts;                   // sequence: file with the first frame of each sample
    bool channels_last = false;           // image
    bool standardise = false;             // features, sequence, image
    float deviation = 1.0f;               // what it makes of theirs
    float power = 1.0f;                   // features, sequence, image
    std::int64_t min_count = 1;           // tokens: words
    bool byte_pairs = false;              // tokens: tokenizer = "bpe"
    std::int64_t merges = 0;              // tokens: bpe
    std::string vocabulary;  // tokens: bpe: shared by modalities with the same name here
    GapTreatment missing = GapTreatment::refuse;
    GapTreatment not_finite = GapTreatment::refuse;
    std::int64_t height = 0;  // image: pixels it is brought to; 0: as it is
    std::int64_t width = 0;
    std::optional<LogMelOptions> log_mel;  // sequence: the file holds waveforms
    double noise = 0;                      // deviation of what is added to every number
    std::optional<double> noise_ratio;     // waveforms: signal to noise in decibels
    std::uint64_t noise_seed = 0;
    bool has_file() const { return !file.empty() || !file_of.empty(); }
    /// Every file that holds values.
    std::vector<std::string> files() const;
  };

  std::string file_name;  // as errors should call it
  std::string name;
  std::string folder;
  std::vector<std::string> table_files;
  std::array<std::string, 3> split_tables;  // by Split: a table each, in place of table_files
  std::string sample_column;
  struct JoinPart {
    std::string file;
    std::string rows;  // column: the row of `file` that belongs to a row of the table
  };
  std::vector<JoinPart> joins;
  SplitPart split;
  GroupPart group;
  IdentityPart identity;
  LabelPart label;
  LabelPart target;
  std::vector<ModalityPart> modalities;
};

/// Errors (InputError): not TOML, a key that is not known (suggests the nearest), a value of
/// another type, keys that do not go together; with file and line.
DatasetDescription parse_dataset_description(const InputFile& file);

}  // namespace heddle
