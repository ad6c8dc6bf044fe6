#include "data/folder_arrays.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "core/error.h"
#include "data/input_file.h"
#include "data/nearest_name.h"
#include "data/npy.h"
#include "data/npz.h"

namespace heddle {
namespace {

using Part = DatasetDescription::ModalityPart;

/// Calls `use(file)` with the .npy file that `name` means.
template <typename Use>
auto with_npy(const std::filesystem::path& folder, const std::string& name, const Use& use) {
  constexpr std::string_view archive_ending = ".npz:";
  const std::size_t at = name.find(archive_ending);
  if (at == std::string::npos) {
    return use(InputFile::open(folder / name));
  }
  const std::string archive = name.substr(0, at + archive_ending.size() - 1);
  const std::string bytes =
      read_npz_member(InputFile::open(folder / archive), name.substr(at + archive_ending.size()));
  return use(InputFile::in_memory((folder / name).string(), bytes));
}

/// Which of several files each sample means, by the value of a column.
std::vector<std::size_t> files_of_samples(const Part& part, const FolderSource& source) {
  std::map<std::string, std::size_t> position;
  std::vector<std::string> known;
  for (const auto& [value, name] : part.file_of) {
    position.emplace(value, position.size());
    known.push_back(value);
  }
  std::vector<std::size_t> files;
  for (const std::string& value : source.table->text(part.file_column)) {
    const auto found = position.find(value);
    if (found == position.end()) {
      fail<InputError>(source.table->place_of(static_cast<std::int64_t>(files.size())),
                       ": column \"", part.file_column, "\" has \"", value.substr(0, 40),
                       "\", for which modality \"", part.name, "\" names no file",
                       suggestion(value, known));
    }
    files.push_back(found->second);
  }
  return files;
}

Tensor joined(const std::vector<Tensor>& parts, const std::string& where) {
  std::int64_t rows = 0;
  for (const Tensor& part : parts) {
    check<InputError>(part.rank() >= 1 && part.shape().erased(0) == parts[0].shape().erased(0),
                      where, ": shape ", part.shape(), " beside ", parts[0].shape(),
                      ", expected rows of the same shape");
    rows += part.size(0);
  }
  Tensor result = Tensor::empty(parts[0].shape().replaced(0, rows));
  float* out = result.mutable_data<float>("joined");
  for (const Tensor& part : parts) {
    out = std::copy_n(part.data<float>(), part.elements(), out);
  }
  return result;
}

FolderRows load_several(const Part& part, const FolderSource& source) {
  FolderRows result;
  std::vector<Tensor> arrays;
  std::vector<std::int64_t> first = {0};
  for (const std::string& name : part.files()) {
    arrays.push_back(load_array(source.folder, name));
    result.where += (result.where.empty() ? "" : ", ") + (source.folder / name).string();
    check<InputError>(arrays.back().rank() >= 1, result.where, ": a single number, expected rows");
    first.push_back(first.back() + arrays.back().size(0));
  }
  take_rows(part, source, first.back(), result);
  const std::vector<std::size_t> files = files_of_samples(part, source);
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!result.present.empty() && !result.present[i]) {
      continue;
    }
    const std::int64_t rows = first[files[i] + 1] - first[files[i]];
    if (result.rows[i] >= rows) {
      fail<InputError>(source.table->place_of(static_cast<std::int64_t>(i)), ": column \"",
                       part.rows, "\" asks for row ", result.rows[i],
                       ", but the file has rows 0 … ", rows - 1);
    }
    result.rows[i] += first[files[i]];
  }
  result.values = joined(arrays, result.where);
  return result;
}

}  // namespace

Tensor load_array(const std::filesystem::path& folder, const std::string& name, bool waveforms) {
  return with_npy(folder, name, [&](const InputFile& file) {
    const StoredType type = check_npy(file).elements().type;
    Tensor values = read_npy(file, DType::f32);
    const float scale = type == StoredType::u8                 ? 255.0f
                        : waveforms && type == StoredType::i16 ? 32768.0f
                                                               : 1.0f;
    if (scale != 1.0f) {
      float* data = values.mutable_data<float>("load_array");
      for (std::int64_t i = 0; i < values.elements(); ++i) {
        data[i] /= scale;
      }
    }
    return values;
  });
}

Shape array_shape(const std::filesystem::path& folder, const std::string& name) {
  return with_npy(folder, name, [](const InputFile& file) { return check_npy(file).shape(); });
}

std::vector<std::int64_t> row_numbers(const Part& part, const Table& table) {
  if (part.missing != GapTreatment::absent) {
    return table.integers(part.rows);
  }
  std::vector<std::int64_t> rows;
  for (const double number : table.numbers_with_gaps(part.rows)) {
    const bool lacks = std::isnan(number);
    if (!lacks && !(number == std::floor(number) && number < 0x1p53 && number > -0x1p53)) {
      fail<InputError>(table.place_of(static_cast<std::int64_t>(rows.size())), ": column \"",
                       part.rows, "\" has ", number, ", expected a whole number or nothing");
    }
    rows.push_back(lacks ? -1 : static_cast<std::int64_t>(number));
  }
  return rows;
}

void take_rows(const Part& part, const FolderSource& source, std::int64_t count, FolderRows& into) {
  into.rows = row_numbers(part, *source.table);
  for (std::size_t i = 0; i < into.rows.size(); ++i) {
    std::int64_t& row = into.rows[i];
    if (row < 0 && !source.used[i]) {
      row = 0;  // of no split, so that nobody reads it
    } else if (row == -1) {
      into.present.resize(into.rows.size(), true);
      into.present[i] = false;
      row = 0;
    }
    check<InputError>(row >= 0 && row < count, into.where, ": row ", row,
                      " is asked for, but the file has rows 0 … ", count - 1, " (-1: none)");
  }
}

FolderRows load_rows(const Part& part, const FolderSource& source) {
  if (!part.file_of.empty()) {
    return load_several(part, source);
  }
  FolderRows result;
  result.where = (source.folder / part.file).string();
  result.values = load_array(source.folder, part.file);
  check<InputError>(result.values.rank() >= 1, result.where,
                    ": a single number, expected an array");
  if (!part.rows.empty()) {
    take_rows(part, source, result.values.size(0), result);
    return result;
  }
  check<InputError>(result.values.size(0) == source.samples, result.where, ": shape ",
                    result.values.shape(), " has ", result.values.size(0),
                    " rows, expected one for each of the ", source.samples, " samples");
  return result;
}

}  // namespace heddle
