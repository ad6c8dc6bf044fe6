#include "data/dataset_description.h"

#include <algorithm>
#include <initializer_list>
#include <set>
#include <string_view>

#include "core/error.h"
#include "data/nearest_name.h"
#include "data/toml_section.h"

namespace heddle {
namespace {

constexpr std::int64_t largest_description = 1 << 20;  // bytes

void read_split(const TomlSection& section, DatasetDescription::SplitPart& split) {
  section.know(
      {"column", "train", "valid", "test", "ignore", "complete", "valid_share", "valid_seed"});
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
  split.complete = section.text("complete");
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
  allow("tokenizer", {tokens});
  allow("merges", {tokens});
  allow("vocabulary", {tokens});
  allow("columns", {features});
  allow("file", {features, sequence, image});
  allow("rows", {features, sequence, image});
  allow("standardise", {features, sequence, image});
  allow("lengths", {sequence});
  allow("starts", {sequence});
  allow("channels_last", {image});
}

/// How texts become tokens.
void read_tokenizer(const TomlSection& section, DatasetDescription::ModalityPart& modality) {
  const std::string tokenizer = section.text("tokenizer");
  if (!tokenizer.empty() && tokenizer != "words" && tokenizer != "bpe") {
    const std::vector<std::string> known = {"words", "bpe"};
    section.fail_at(section.node("tokenizer")->source(), "unknown tokenizer \"", tokenizer, "\"",
                    suggestion(tokenizer, known));
  }
  modality.byte_pairs = tokenizer == "bpe";
  for (const char* key : {"merges", "vocabulary"}) {
    if (section.has(key) && !modality.byte_pairs) {
      section.fail_at(section.node(key)->source(), "\"", key, "\" goes with tokenizer = \"bpe\"");
    }
  }
  if (section.has("min_count") && modality.byte_pairs) {
    section.fail_at(section.node("min_count")->source(),
                    "\"min_count\" goes with tokenizer = \"words\", which is the default");
  }
  modality.min_count = section.integer("min_count", 1, 1);
  modality.merges = section.integer("merges", 8000, 0);
  modality.vocabulary = section.text("vocabulary");
  constexpr std::int64_t most_merges = 1'000'000;
  if (modality.merges > most_merges) {
    section.fail_at(section.node("merges")->source(), "merges is ", modality.merges,
                    ", expected at most ", most_merges);
  }
}

DatasetDescription::ModalityPart read_modality(const TomlSection& section) {
  section.know({"name", "kind", "file", "column", "columns", "rows", "lengths", "starts",
                "channels_last", "standardise", "min_count", "tokenizer", "merges", "vocabulary"});
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
  read_tokenizer(section, modality);

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
  bool needed = !description.split.column.empty() || !description.split.complete.empty() ||
                !description.group.column.empty() || !description.label.column.empty() ||
                !description.target.column.empty();
  for (const DatasetDescription::ModalityPart& modality : description.modalities) {
    needed =
        needed || !modality.column.empty() || !modality.columns.empty() || !modality.rows.empty();
  }
  bool has_table = !description.table_file.empty();
  for (const std::string& file : description.split_tables) {
    has_table = has_table || !file.empty();
  }
  if (needed && !has_table) {
    top.fail_here("columns are named, but there is no [table] with a file that has them");
  }
}

/// Either one table, or one for each split.
void read_table(const TomlSection& section, DatasetDescription& description) {
  section.know({"file", "name", "train", "valid", "test"});
  description.sample_column = section.text("name");
  description.table_file = section.file("file");
  bool by_split = false;
  for (const Split split : all_splits) {
    const std::string key(name_of(split));
    std::string& file = description.split_tables[static_cast<std::size_t>(split)];
    file = section.file(key.c_str());
    by_split = by_split || !file.empty();
  }
  if (by_split == !description.table_file.empty() ||
      (by_split && description.split_tables[0].empty())) {
    section.fail_here(
        "expected either \"file\", or \"train\" with \"valid\" and \"test\" as there are");
  }
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
  top.know({"name", "folder", "table", "split", "group", "label", "target", "modality"});
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
  section("group", [&](const TomlSection& table) {
    table.know({"column", "order"});
    description.group.column = table.required_text("column");
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
