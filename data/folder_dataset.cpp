#include "data/folder_dataset.h"

#include <algorithm>

#include "core/error.h"
#include "data/csv.h"
#include "data/dataset_description.h"
#include "data/folder_arrays.h"
#include "data/folder_domains.h"
#include "data/folder_identities.h"
#include "data/folder_labels.h"
#include "data/folder_modalities.h"
#include "data/folder_splits.h"
#include "data/input_file.h"
#include "data/nearest_name.h"

namespace heddle {
namespace {

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
  const Shape shape = array_shape(source.folder, name);
  const std::int64_t fences = name == parts.front().starts ? 1 : 0;
  check<InputError>(shape.rank() >= 1 && shape[0] >= fences, path.string(), ": shape ", shape,
                    ", expected a row for each sample");
  return shape[0] - fences;
}

/// The tables of the description: one, several, or one for each split (then `rows` says how many
/// rows are of which); none where there is none.
std::optional<Table> read_tables(const DatasetDescription& description,
                                 const std::filesystem::path& folder,
                                 std::vector<SplitRows>& rows) {
  std::vector<Table> tables;
  for (const std::string& file : description.table_files) {
    tables.push_back(read_table(folder / file));
  }
  if (tables.size() > 1) {
    return stacked(std::move(tables), description.table_files);
  }
  for (const Split split : all_splits) {
    const std::string& file = description.split_tables[static_cast<std::size_t>(split)];
    if (!file.empty()) {
      tables.push_back(read_table(folder / file));
      rows.push_back({split, tables.back().rows()});
    }
  }
  return tables.empty() ? std::nullopt : std::optional(stacked(std::move(tables)));
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
  source.table = read_tables(description, source.folder, tables);
  for (const DatasetDescription::JoinPart& join : description.joins) {
    source.table->join(join.rows, read_table(source.folder / join.file));
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
  assign_splits(description, source.table, tables,
                {.valid_share = valid_share,
                 .valid_seed = options.valid_seed.value_or(description.split.valid_seed),
                 .fold = options.fold.value_or(description.split.fold),
                 .held_out_unlabelled =
                     options.held_out_unlabelled.value_or(description.split.held_out_unlabelled)},
                dataset);
  source.train = dataset.indices(Split::train);
  check<InputError>(!source.train.empty(), description.file_name,
                    ": the training split has no samples");
  if (!options.category.empty()) {
    check<InputError>(source.table.has_value(), description.file_name,
                      ": results are asked for by \"", options.category,
                      "\", but there is no [table] with such a column");
    dataset.category = options.category;
    dataset.category_of = source.table->text(options.category);
  }
  load_domains(options.domain, source, dataset);
  load_identities(description.identity, source, dataset);
  load_labels(description, source, dataset);
  load_targets(description, source, dataset);
  source.used = in_use(dataset);
  source.described = description.modalities;
  source.tokenizers = options.tokenizers;
  for (const DatasetDescription::ModalityPart& part : parts) {
    dataset.modalities.push_back(load_modality(part, source));
    dataset.modalities.back().info.per_identity =
        !part.rows.empty() && part.rows == description.identity.column;
  }
  try {
    dataset.validate();
  } catch (const Error& error) {
    fail<InputError>(description.file_name, ": ", error.what());
  }
  return dataset;
}

}  // namespace heddle
