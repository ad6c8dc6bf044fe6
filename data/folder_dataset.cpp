#include "data/folder_dataset.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <utility>

#include "core/error.h"
#include "data/dataset_description.h"
#include "data/folder_modalities.h"
#include "data/folder_splits.h"
#include "data/input_file.h"
#include "data/nearest_name.h"
#include "data/npy.h"
#include "data/tsv.h"

namespace heddle {
namespace {

constexpr std::int64_t most_classes = 100'000;

std::filesystem::path data_folder(const std::filesystem::path& description_path,
                                  const DatasetDescription& description,
                                  const FolderOptions& options) {
  if (options.folder) {
    return *options.folder;
  }
  const std::filesystem::path beside = description_path.parent_path();
  return description.folder.empty() ? beside : beside / description.folder;
}

/// The parts to load, in the order asked for.
std::vector<DatasetDescription::ModalityPart> chosen_parts(const DatasetDescription& description,
                                                           const FolderOptions& options) {
  if (options.modalities.empty()) {
    return description.modalities;
  }
  std::vector<DatasetDescription::ModalityPart> parts;
  for (const std::string& name : options.modalities) {
    std::vector<std::string> known;
    const DatasetDescription::ModalityPart* found = nullptr;
    for (const DatasetDescription::ModalityPart& part : description.modalities) {
      known.push_back(part.name);
      found = part.name == name ? &part : found;
    }
    check<InputError>(found != nullptr, description.file_name, ": no modality is named \"", name,
                      "\"", suggestion(name, known));
    parts.push_back(*found);
  }
  return parts;
}

/// As many as there are rows in the table, else in the label file, the target file, or the first
/// modality's file.
std::int64_t count_samples(const DatasetDescription& description,
                           const std::vector<DatasetDescription::ModalityPart>& parts,
                           const FolderSource& source) {
  if (source.table) {
    return source.table->rows();
  }
  const std::string& name = !description.label.file.empty()    ? description.label.file
                            : !description.target.file.empty() ? description.target.file
                            : !parts.front().starts.empty()    ? parts.front().starts
                                                               : parts.front().file;
  const std::filesystem::path path = source.folder / name;
  const Shape shape = check_npy(InputFile::open(path)).shape();
  const std::int64_t fences = name == parts.front().starts ? 1 : 0;
  check<InputError>(shape.rank() >= 1 && shape[0] >= fences, path.string(), ": shape ", shape,
                    ", expected a row for each sample");
  return shape[0] - fences;
}

/// One table for each split, one after the other; none where the description has none.
std::optional<Table> read_split_tables(const DatasetDescription& description,
                                       const std::filesystem::path& folder,
                                       std::vector<SplitRows>& rows) {
  std::vector<Table> tables;
  for (const Split split : all_splits) {
    const std::string& file = description.split_tables[static_cast<std::size_t>(split)];
    if (!file.empty()) {
      tables.push_back(read_tsv(folder / file));
      rows.push_back({split, tables.back().rows()});
    }
  }
  return tables.empty() ? std::nullopt : std::optional(stacked(std::move(tables)));
}

Tensor column_file(const std::filesystem::path& path, std::int64_t samples,
                   std::optional<DType> dtype) {
  Tensor values = read_npy(path, dtype);
  check<InputError>(values.shape() == Shape{samples}, path.string(), ": shape ", values.shape(),
                    ", expected [", samples, "], one for each sample");
  return values;
}

/// A class as it is written: one of `names`, else a number.
std::vector<std::int64_t> classes_from_column(const DatasetDescription::LabelPart& part,
                                              const Table& table) {
  std::map<std::string, std::int64_t> numbers;
  for (const std::string& name : part.names) {
    numbers.emplace(name, static_cast<std::int64_t>(numbers.size()));
  }
  std::vector<std::int64_t> classes;
  for (const std::string& text : table.text(part.column)) {
    const auto named = numbers.find(text);
    std::int64_t number = -1;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_number = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
    if (named == numbers.end() && !is_number) {
      fail<InputError>(table.place_of(static_cast<std::int64_t>(classes.size())), ": column \"",
                       part.column, "\" has \"", text.substr(0, 40),
                       "\", expected the name or the number of a class");
    }
    classes.push_back(named != numbers.end() ? named->second : number);
  }
  return classes;
}

void load_labels(const DatasetDescription& description, const FolderSource& source,
                 Dataset& dataset) {
  const DatasetDescription::LabelPart& part = description.label;
  if (!part.given()) {
    return;
  }
  std::vector<std::int64_t> classes;
  std::string where = concat("column \"", part.column, "\"");
  if (part.file.empty()) {
    classes = classes_from_column(part, *source.table);
  } else {
    where = (source.folder / part.file).string();
    const Tensor labels = column_file(source.folder / part.file, source.samples, {});
    check<InputError>(labels.dtype() == DType::i64 || labels.dtype() == DType::boolean, where,
                      ": holds ", labels.dtype(), ", expected integers");
    classes = labels.to_vector<std::int64_t>();
  }
  dataset.class_names = part.names;
  if (part.names.empty() && !classes.empty()) {
    const std::int64_t largest = *std::max_element(classes.begin(), classes.end());
    check<InputError>(largest < most_classes, where, ": a class is ", largest, ", expected below ",
                      most_classes);
    for (std::int64_t i = 0; i <= largest; ++i) {
      dataset.class_names.push_back(std::to_string(i));
    }
  }
  for (std::size_t i = 0; i < classes.size(); ++i) {
    check<InputError>(classes[i] >= 0 && classes[i] < dataset.classes(), where, ": sample ", i,
                      " has class ", classes[i], ", expected 0 … ", dataset.classes() - 1);
  }
  dataset.labels = Tensor::from(std::span<const std::int64_t>(classes),
                                {static_cast<std::int64_t>(classes.size())});
}

void load_targets(const DatasetDescription& description, const FolderSource& source,
                  Dataset& dataset) {
  const DatasetDescription::LabelPart& part = description.target;
  if (!part.given()) {
    return;
  }
  if (!part.file.empty()) {
    dataset.targets = column_file(source.folder / part.file, source.samples, DType::f32);
    const std::vector<float> values = dataset.targets.to_vector<float>();
    for (std::size_t i = 0; i < values.size(); ++i) {
      check<InputError>(std::isfinite(values[i]), (source.folder / part.file).string(),
                        ": element ", i, " is ", values[i], ", expected a finite number");
    }
    return;
  }
  const std::vector<double> numbers = source.table->numbers(part.column);
  const std::vector<float> values(numbers.begin(), numbers.end());
  dataset.targets = Tensor::from(std::span<const float>(values), {source.samples});
}

}  // namespace

Dataset load_folder_dataset(const std::filesystem::path& description_path,
                            const FolderOptions& options) {
  const DatasetDescription description =
      parse_dataset_description(InputFile::open(description_path));
  const auto parts = chosen_parts(description, options);
  FolderSource source;
  source.folder = data_folder(description_path, description, options);
  check<InputError>(std::filesystem::is_directory(source.folder), description.file_name,
                    ": the data should be in ", source.folder.string(),
                    ", but there is no such folder; say where it is (key folder, or the option "
                    "that overrides it)");
  std::vector<SplitRows> tables;
  if (!description.table_file.empty()) {
    source.table = read_tsv(source.folder / description.table_file);
  } else {
    source.table = read_split_tables(description, source.folder, tables);
  }
  source.samples = count_samples(description, parts, source);
  check<InputError>(source.samples > 0, description.file_name, ": the data set has no samples");

  Dataset dataset;
  dataset.name = description.name;
  dataset.samples = source.samples;
  if (!description.sample_column.empty()) {
    dataset.sample_names = source.table->text(description.sample_column);
  }
  const double valid_share = options.valid_share.value_or(description.split.valid_share);
  check<InputError>(valid_share >= 0 && valid_share < 1, description.file_name, ": valid_share is ",
                    valid_share, ", expected 0 (none) or a share below 1");
  assign_splits(description, source.table, tables, valid_share,
                options.valid_seed.value_or(description.split.valid_seed), dataset);
  source.train = dataset.indices(Split::train);
  check<InputError>(!source.train.empty(), description.file_name,
                    ": the training split has no samples");
  load_labels(description, source, dataset);
  load_targets(description, source, dataset);
  source.used = in_a_split(dataset);
  source.described = description.modalities;
  source.tokenizers = options.tokenizers;
  for (const DatasetDescription::ModalityPart& part : parts) {
    dataset.modalities.push_back(load_modality(part, source));
  }
  try {
    dataset.validate();
  } catch (const Error& error) {
    fail<InputError>(description.file_name, ": ", error.what());
  }
  return dataset;
}

}  // namespace heddle
