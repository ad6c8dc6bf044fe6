#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "data/dataset_description.h"
#include "data/folder_modalities.h"

namespace heddle {

/// Values of a modality by rows, and which row is each sample's.
struct FolderRows {
  Tensor values;                        // f32 [R, …]
  std::vector<std::int64_t> rows = {};  // one per sample; empty: sample i has row i
  std::vector<bool> present = {};       // samples that have a row; empty: all
  std::string where;                    // the file or files, as errors should call them
};

/// The array `name` of a folder: a .npy file, or "archive.npz:array". f32; bytes (pictures are
/// often stored so) become 0 … 1, and 16-bit integers −1 … 1 where they are `waveforms`. Errors
/// (InputError): as the readers.
Tensor load_array(const std::filesystem::path& folder, const std::string& name,
                  bool waveforms = false);
/// What `load_array` will give the shape of. Errors (InputError): as the readers.
Shape array_shape(const std::filesystem::path& folder, const std::string& name);

/// The array or arrays a modality's "file", "file_column" and "rows" name, put one after the other.
/// Errors (InputError): a row that is not in the file; without "rows", a file that has not one row
/// for each sample; arrays of different shapes.
FolderRows load_rows(const DatasetDescription::ModalityPart& part, const FolderSource& source);

/// The numbers in the column "rows": −1, or an empty cell where missing = "absent", is a sample
/// without. Errors (InputError): no whole number.
std::vector<std::int64_t> row_numbers(const DatasetDescription::ModalityPart& part,
                                      const Table& table);

/// Which row each sample has, and which have none, by `row_numbers`.
/// Errors (InputError): a row outside 0 … count − 1.
void take_rows(const DatasetDescription::ModalityPart& part, const FolderSource& source,
               std::int64_t count, FolderRows& into);

}  // namespace heddle
