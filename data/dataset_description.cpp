#include "data/dataset_description.h"

#include <algorithm>
#include <initializer_list>
#include <set>
#include <string_view>

#include "core/error.h"
#include "data/toml_section.h"

namespace heddle {
namespace {

constexpr std::int64_t largest_description = 1 << 20;  // bytes

void read_split(const TomlSection& section, DatasetDescription::SplitPart& split) {
  section.know(
      {"column", "train", "valid", "test", "ignore", "train_needs", "valid_share", "valid_seed"});
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
  split.train_needs = section.texts("train_needs");
  split.valid_share = section.share("valid_share");
  split.valid_seed = static_cast<std::uint64_t>(section.integer("valid_seed", 0, 0));
}

DatasetDescription::LabelPart read_label(const TomlSection& section, bool has_names) {
  DatasetDescription::LabelPart label;
  if (has_names) {
    section.know({"column", "file", "names"});
    label.names = section.texts("names");
    const std::set<std::string> distinct(label.names.begin(), label.names.end());
    if (distinct.size() != label.names.size()) {
      section.fail_at(section.node("names")->source(), "names has a name twice");
    }
  } else {
    section.know({"column", "file"});
  }
  label.column = section.text("column");
  label.file = section.file("file");
  if (label.column.empty() == label.file.empty()) {
    section.fail_here("expected either \"column\" or \"file\"");
  }
  return label;
}

/// Keys that a kind of modality does not have.
void check_kind_keys(const TomlSection& section, ModalityKind kind) {
  const auto allow = [&](const char* key, std::initializer_list<ModalityKind> kinds) {
    if (section.has(key) && std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {
      section.fail_at(section.node(key)->source(), "kind ", name_of(kind), " has no key \"", key,
                      "\"");
    }
  };
  using enum ModalityKind;
  allow("column", {tokens});
  allow("min_count", {tokens});
  allow("columns", {features});
  allow("file", {features, sequence, image});
  allow("rows", {features, sequence, image});
  allow("standardise", {features, sequence, image});
  allow("lengths", {sequence});
  allow("starts", {sequence});
  allow("channels_last", {image});
}

DatasetDescription::ModalityPart read_modality(const TomlSection& section) {
  section.know({"name", "kind", "file", "column", "columns", "rows", "lengths", "starts",
                "channels_last", "standardise", "min_count"});
  DatasetDescription::ModalityPart modality;
  modality.name = section.required_text("name");
  const std::string kind = section.required_text("kind");
  try {
    modality.kind = modality_kind_named(kind);
  } catch (const InputError& error) {
    section.fail_at(section.node("kind")->source(), error.what());
  }
  check_kind_keys(section, modality.kind);
  modality.file = section.file("file");
  modality.column = section.text("column");
  modality.columns = section.texts("columns");
  modality.rows = section.text("rows");
  modality.lengths = section.file("lengths");
  modality.starts = section.file("starts");
  modality.channels_last = section.boolean("channels_last", false);
  modality.standardise = section.boolean("standardise", false);
  modality.min_count = section.integer("min_count", 1, 1);

  const int sources = (modality.file.empty() ? 0 : 1) + (modality.column.empty() ? 0 : 1) +
                      (modality.columns.empty() ? 0 : 1);
  if (sources != 1) {
    section.fail_here(
        "expected exactly one of \"file\", \"column\" (tokens) and \"columns\" "
        "(features)");
  }
  if (!modality.lengths.empty() && !modality.starts.empty()) {
    section.fail_here("has both \"lengths\" and \"starts\"; expected one of them");
  }
  if (!modality.rows.empty() && (modality.file.empty() || !modality.starts.empty())) {
    section.fail_here("\"rows\" goes with \"file\", and not with \"starts\"");
  }
  return modality;
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
    description.modalities.push_back(read_modality(section));
    const std::string& name = description.modalities.back().name;
    if (!names.insert(name).second) {
      section.fail_here("two modalities are named \"", name, "\"");
    }
  }
}

void check_table_needed(const TomlSection& top, const DatasetDescription& description) {
  bool needed = !description.identity.column.empty() || !description.split.column.empty() ||
                !description.group.column.empty() || !description.label.column.empty() ||
                !description.target.column.empty();
  for (const DatasetDescription::ModalityPart& modality : description.modalities) {
    needed =
        needed || !modality.column.empty() || !modality.columns.empty() || !modality.rows.empty();
  }
  if (needed && description.table_files.empty()) {
    top.fail_here("columns are named, but there is no [table] with a file that has them");
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
  section("table", [&](const TomlSection& table) {
    table.know({"file", "name"});
    description.table_files = table.files("file");
    if (description.table_files.empty()) {
      table.fail_here("expected key \"file\", the name of one or several tables");
    }
    description.sample_column = table.text("name");
  });
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
    description.group.column = table.required_text("column");
    description.group.order = table.text("order");
  });
  section("label", [&](const TomlSection& table) { description.label = read_label(table, true); });
  section("target",
          [&](const TomlSection& table) { description.target = read_label(table, false); });
  read_modalities(top, description);
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
