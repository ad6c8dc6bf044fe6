#include "data/dataset_description.h"

#include <set>
#include <string_view>

#include "core/error.h"
#include "data/modality_description.h"
#include "data/toml_section.h"

namespace heddle {
namespace {

constexpr std::int64_t largest_description = 1 << 20;  // bytes

void read_folds(const TomlSection& section, DatasetDescription::SplitPart& split) {
  if (const toml::node* folds = section.node("folds"); folds != nullptr && folds->is_string()) {
    split.folds_column = section.text("folds");
  } else {
    split.folds = section.integer("folds", 0, 2);
  }
  if (!split.has_folds() &&
      (section.has("fold") || section.has("folds_seed") || section.has("held_out_unlabelled"))) {
    section.fail_here("names a fold, but has no key \"folds\"");
  }
  if (!split.folds_column.empty() && section.has("folds_seed")) {
    section.fail_here("\"folds_seed\" is for folds that are made, not for those of a column");
  }
  split.fold = section.integer("fold", 0, 0);
  split.folds_seed = static_cast<std::uint64_t>(section.integer("folds_seed", 0, 0));
  split.held_out_unlabelled = section.boolean("held_out_unlabelled", false);
}

void read_split(const TomlSection& section, DatasetDescription::SplitPart& split) {
  section.know({"column", "train", "valid", "test", "ignore", "train_needs", "complete",
                "unlabelled", "valid_share", "valid_seed", "folds", "fold", "folds_seed",
                "held_out_unlabelled"});
  split.column = section.text("column");
  for (const Split part : all_splits) {
    const std::string key(name_of(part));
    auto& values = split.values[static_cast<std::size_t>(part)];
    values = section.texts(key.c_str());
    if (!values.empty() && split.column.empty()) {
      section.fail_here("has values of a column, but no key \"column\"");
    }
    if (values.empty()) {
      values = {key};
    }
  }
  split.ignored = section.texts("ignore");
  split.unlabelled = section.texts("unlabelled");
  if (!split.unlabelled.empty() && split.column.empty()) {
    section.fail_here("\"unlabelled\" has values of a column, but there is no key \"column\"");
  }
  split.train_needs = section.texts("train_needs");
  split.complete = section.text("complete");
  split.valid_share = section.share("valid_share");
  split.valid_seed = static_cast<std::uint64_t>(section.integer("valid_seed", 0, 0));
  read_folds(section, split);
}

void read_class_names(const TomlSection& section, DatasetDescription::LabelPart& label) {
  label.names = section.texts("names");
  const std::set<std::string> distinct(label.names.begin(), label.names.end());
  if (distinct.size() != label.names.size()) {
    section.fail_at(section.node("names")->source(), "names has a name twice");
  }
  if (section.has("classes")) {
    if (section.text("classes") != "train" || !label.names.empty() || !section.has("column")) {
      section.fail_at(section.node("classes")->source(), "classes is ",
                      TomlSection::found(*section.node("classes")),
                      "; expected \"train\" (the values of the column in the training split), and "
                      "no names");
    }
    label.count_names = true;
  }
  if (section.has("min_count") && !label.count_names) {
    section.fail_at(section.node("min_count")->source(), "min_count goes with classes = \"train\"");
  }
  label.min_count = section.integer("min_count", 1, 1);
  label.lower_case = section.boolean("lower_case", false);
}

DatasetDescription::LabelPart read_label(const TomlSection& section, bool has_names) {
  DatasetDescription::LabelPart label;
  if (has_names) {
    section.know({"column", "file", "names", "classes", "min_count", "lower_case", "missing"});
    read_class_names(section, label);
  } else {
    section.know({"column", "file", "missing"});
  }
  label.column = section.text("column");
  label.file = section.file("file");
  if (label.column.empty() == label.file.empty()) {
    section.fail_here("expected either \"column\" or \"file\"");
  }
  const toml::node* missing = section.node("missing");
  const bool is_one = missing != nullptr && missing->is_string();  // "" too: an empty cell
  label.missing =
      is_one ? std::vector<std::string>{missing->as_string()->get()} : section.texts("missing");
  if (!label.missing.empty() && label.column.empty()) {
    section.fail_here("\"missing\" is what stands in a column; expected \"column\"");
  }
  return label;
}

void read_modalities(const TomlSection& top, DatasetDescription& description) {
  const toml::node* node = top.node("modality");
  const toml::array* array = node == nullptr ? nullptr : node->as_array();
  if (array == nullptr || array->empty() || !array->is_array_of_tables()) {
    top.fail_here("expected at least one [[modality]]");
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < array->size(); ++i) {
    const TomlSection section(*array->get(i)->as_table(), "[[modality]] ", description.file_name);
    description.modalities.push_back(read_modality_description(section, description.file_name));
    const std::string& name = description.modalities.back().name;
    if (!names.insert(name).second) {
      section.fail_here("two modalities are named \"", name, "\"");
    }
  }
}

void read_joins(const TomlSection& section, DatasetDescription& description) {
  const toml::node* node = section.node("join");
  if (node == nullptr) {
    return;
  }
  if (!node->is_array_of_tables()) {
    section.fail_at(node->source(), "join is ", TomlSection::found(*node),
                    ", expected [[table.join]]");
  }
  for (const toml::node& entry : *node->as_array()) {
    const TomlSection join(*entry.as_table(), "[[table.join]] ", description.file_name);
    join.know({"file", "rows"});
    join.required_text("file");
    description.joins.push_back({join.file("file"), join.required_text("rows")});
  }
}

void check_table_needed(const TomlSection& top, const DatasetDescription& description) {
  bool needed = !description.identity.column.empty() || !description.split.column.empty() ||
                !description.group.columns.empty() || !description.split.folds_column.empty() ||
                !description.split.complete.empty() || !description.label.column.empty() ||
                !description.target.column.empty();
  for (const DatasetDescription::ModalityPart& modality : description.modalities) {
    needed = needed || !modality.column.empty() || !modality.columns.empty() ||
             !modality.categories.empty() || !modality.rows.empty() ||
             !modality.files_column.empty();
  }
  bool has_table = !description.table_files.empty();
  for (const std::string& file : description.split_tables) {
    has_table = has_table || !file.empty();
  }
  if (needed && !has_table) {
    top.fail_here("columns are named, but there is no [table] with a file that has them");
  }
}

/// Either one table or several, or one for each split.
void read_table(const TomlSection& section, DatasetDescription& description) {
  section.know({"file", "name", "join", "train", "valid", "test"});
  description.sample_column = section.text("name");
  description.table_files = section.files("file");
  bool by_split = false;
  for (const Split split : all_splits) {
    const std::string key(name_of(split));
    std::string& file = description.split_tables[static_cast<std::size_t>(split)];
    file = section.file(key.c_str());
    by_split = by_split || !file.empty();
  }
  if (by_split == !description.table_files.empty() ||
      (by_split && description.split_tables[0].empty())) {
    section.fail_here(
        "expected either \"file\", or \"train\" with \"valid\" and \"test\" as there are");
  }
  read_joins(section, description);
}

void check_split_tables(const TomlSection& top, const DatasetDescription& description) {
  if (!description.split_tables[0].empty() && !description.split.column.empty()) {
    top.fail_here(
        "[table] has a file for each split, so that [split] column means nothing; "
        "expected one of them");
  }
}

DatasetDescription described_by(const toml::table& root, const std::string& file_name) {
  DatasetDescription description;
  description.file_name = file_name;
  const TomlSection top(root, "", description.file_name);
  top.know(
      {"name", "folder", "table", "split", "identity", "group", "label", "target", "modality"});
  description.name = top.required_text("name");
  description.folder = top.text("folder");
  const auto section = [&](const char* key, const auto& read) {
    if (const toml::table* table = top.table(key)) {
      read(TomlSection(*table, concat("[", key, "] "), description.file_name));
    }
  };
  section("table", [&](const TomlSection& table) { read_table(table, description); });
  for (const Split part : all_splits) {
    description.split.values[static_cast<std::size_t>(part)] = {std::string(name_of(part))};
  }
  section("split", [&](const TomlSection& table) { read_split(table, description.split); });
  section("identity", [&](const TomlSection& table) {
    table.know({"column", "file", "name"});
    description.identity.column = table.required_text("column");
    description.identity.file = table.file("file");
    description.identity.name = table.text("name");
    if (description.identity.file.empty() != description.identity.name.empty()) {
      table.fail_here("\"file\" and \"name\" go together; expected both or none");
    }
  });
  section("group", [&](const TomlSection& table) {
    table.know({"column", "order"});
    description.group.columns = table.texts("column");
    if (description.group.columns.empty()) {
      table.fail_here("expected key \"column\"");
    }
    description.group.order = table.text("order");
  });
  section("label", [&](const TomlSection& table) { description.label = read_label(table, true); });
  section("target",
          [&](const TomlSection& table) { description.target = read_label(table, false); });
  read_modalities(top, description);
  check_split_tables(top, description);
  check_table_needed(top, description);
  return description;
}

}  // namespace

DatasetDescription parse_dataset_description(const InputFile& file) {
  check<InputError>(file.size() <= largest_description, file.name(), ": the file has ", file.size(),
                    " bytes, expected at most ", largest_description);
  const std::string text = file.read_text(0, file.size());
  try {
    const toml::table root = toml::parse(std::string_view(text));
    return described_by(root, file.name());
  } catch (const toml::parse_error& error) {
    fail<InputError>(file.name(), ": line ", error.source().begin.line, ", column ",
                     error.source().begin.column, ": ", error.description());
  }
}

}  // namespace heddle
