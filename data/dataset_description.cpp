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

GapTreatment read_treatment(const TomlSection& section, const char* key, bool may_limit) {
  const std::string word = section.text(key);
  if (word.empty() && !section.has(key)) {
    return GapTreatment::refuse;
  }
  std::vector<std::string> known;
  for (const GapTreatment treatment :
       {GapTreatment::refuse, GapTreatment::absent, GapTreatment::mean, GapTreatment::zero,
        GapTreatment::indicator, GapTreatment::limit}) {
    if (treatment == GapTreatment::limit && !may_limit) {
      continue;
    }
    if (name_of(treatment) == word) {
      return treatment;
    }
    known.emplace_back(name_of(treatment));
  }
  section.fail_at(section.node(key)->source(), key, " is \"", word, "\"", suggestion(word, known));
}

void read_folds(const TomlSection& section, DatasetDescription::SplitPart& split) {
  if (const toml::node* folds = section.node("folds"); folds != nullptr && folds->is_string()) {
    split.folds_column = section.text("folds");
  } else {
    split.folds = section.integer("folds", 0, 2);
  }
  if (!split.has_folds() && (section.has("fold") || section.has("folds_seed"))) {
    section.fail_here("names a fold, but has no key \"folds\"");
  }
  if (!split.folds_column.empty() && section.has("folds_seed")) {
    section.fail_here("\"folds_seed\" is for folds that are made, not for those of a column");
  }
  split.fold = section.integer("fold", 0, 0);
  split.folds_seed = static_cast<std::uint64_t>(section.integer("folds_seed", 0, 0));
}

void read_split(const TomlSection& section, DatasetDescription::SplitPart& split) {
  section.know({"column", "train", "valid", "test", "ignore", "train_needs", "valid_share",
                "valid_seed", "folds", "fold", "folds_seed"});
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
    section.know({"column", "file", "names", "classes", "min_count", "lower_case"});
    read_class_names(section, label);
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
  allow("categories", {features});
  allow("file", {features, sequence, image});
  allow("file_column", {features, sequence, image});
  allow("files", {sequence, image});
  allow("grey", {image});
  allow("missing", {features, sequence, image});
  allow("not_finite", {features, sequence, image});
  allow("noise", {features, image, sequence});
  allow("noise_ratio", {sequence});
  allow("noise_seed", {features, image, sequence});
  allow("size", {image});
  allow("log_mel", {sequence});
  allow("rows", {features, sequence, image});
  allow("standardise", {features, sequence, image});
  allow("lengths", {sequence});
  allow("starts", {sequence});
  allow("channels_last", {image});
}

void read_size(const TomlSection& section, DatasetDescription::ModalityPart& modality) {
  const toml::node* node = section.node("size");
  if (node == nullptr) {
    return;
  }
  constexpr std::int64_t most = 4096;
  const toml::array* sides = node->as_array();
  const auto side = [&](std::size_t i) {
    return sides != nullptr && sides->size() == 2 ? sides->get(i)->value_exact<std::int64_t>()
                                                  : std::nullopt;
  };
  modality.height = side(0).value_or(0);
  modality.width = side(1).value_or(0);
  if (std::min(modality.height, modality.width) < 1 ||
      std::max(modality.height, modality.width) > most) {
    section.fail_at(node->source(), "size is ", TomlSection::found(*node),
                    ", expected [height, width], each 1 … ", most);
  }
}

void read_log_mel(const TomlSection& section, const std::string& file_name,
                  DatasetDescription::ModalityPart& modality) {
  const toml::table* table = section.table("log_mel");
  if (table == nullptr) {
    return;
  }
  const TomlSection part(*table, "[modality.log_mel] ", file_name);
  part.know({"sample_rate", "window", "hop", "bands", "low", "high", "floor"});
  LogMelOptions options;
  options.sample_rate = part.number("sample_rate", options.sample_rate, 1, 1e6);
  options.window = part.integer("window", options.window, 2);
  options.hop = part.integer("hop", options.hop, 1);
  options.bands = part.integer("bands", options.bands, 1);
  options.low = part.number("low", options.low, 0, 1e6);
  options.high = part.number("high", std::min(options.high, options.sample_rate / 2), 0, 1e6);
  options.floor = part.number("floor", options.floor, 1e-30, 1e30);
  modality.log_mel = options;
}

void read_noise(const TomlSection& section, DatasetDescription::ModalityPart& modality) {
  modality.noise = section.number("noise", 0, 0, 1e6);
  if (section.has("noise_ratio")) {
    modality.noise_ratio = section.number("noise_ratio", 0, -100, 200);
    if (!modality.log_mel) {
      section.fail_at(section.node("noise_ratio")->source(),
                      "noise_ratio is for waveforms; expected [modality.log_mel] beside it");
    }
  }
  if (section.has("noise_seed") && modality.noise == 0 && !modality.noise_ratio) {
    section.fail_at(section.node("noise_seed")->source(),
                    "noise_seed goes with noise or noise_ratio");
  }
  modality.noise_seed = static_cast<std::uint64_t>(section.integer("noise_seed", 0, 0));
}

void read_gaps(const TomlSection& section, DatasetDescription::ModalityPart& modality) {
  modality.missing = read_treatment(section, "missing", false);
  modality.not_finite = read_treatment(section, "not_finite", true);
  for (const char* key : {"missing", "not_finite"}) {
    const GapTreatment treatment =
        key == std::string_view("missing") ? modality.missing : modality.not_finite;
    if (treatment == GapTreatment::indicator && modality.kind != ModalityKind::features) {
      section.fail_at(section.node(key)->source(), key,
                      " = \"indicator\" adds features, and is for kind features alone");
    }
  }
}

void check_sources(const TomlSection& section, const DatasetDescription::ModalityPart& modality) {
  const bool columns = !modality.columns.empty() || !modality.categories.empty();
  const int sources = (modality.has_file() ? 1 : 0) + (modality.files_column.empty() ? 0 : 1) +
                      (modality.column.empty() ? 0 : 1) + (columns ? 1 : 0);
  if (sources != 1) {
    section.fail_here(
        "expected exactly one of \"file\", \"column\" (tokens) and \"columns\" or \"categories\" "
        "(features)");
  }
  if (!modality.lengths.empty() && !modality.starts.empty()) {
    section.fail_here("has both \"lengths\" and \"starts\"; expected one of them");
  }
  if (!modality.rows.empty() && !modality.has_file()) {
    section.fail_here("\"rows\" goes with \"file\"");
  }
  if (modality.file_of.empty() != modality.file_column.empty() ||
      (!modality.file_of.empty() && modality.rows.empty())) {
    section.fail_here(
        "several files need \"file_column\" (which of them is meant) and \"rows\" (which row of "
        "it): file = { train = \"a.npy\", test = \"b.npy\" }");
  }
  if (!modality.file_of.empty() && modality.kind == ModalityKind::sequence) {
    section.fail_here("kind sequence takes one file");
  }
  if (!modality.files_column.empty() && modality.kind == ModalityKind::sequence &&
      !modality.log_mel) {
    section.fail_here("recordings need [modality.log_mel], which says what is made of them");
  }
  if (section.has("grey") && modality.files_column.empty()) {
    section.fail_here("\"grey\" goes with \"files\"");
  }
  if (modality.log_mel && modality.starts.empty() && modality.files_column.empty()) {
    section.fail_here(
        "log_mel needs a file with the waveforms one after the other, and \"starts\"");
  }
}

DatasetDescription::ModalityPart read_modality(const TomlSection& section,
                                               const std::string& file_name) {
  section.know({"name",        "kind",       "file",          "file_column", "files",
                "grey",        "column",     "columns",       "categories",  "rows",
                "lengths",     "starts",     "channels_last", "standardise", "min_count",
                "missing",     "not_finite", "size",          "log_mel",     "noise",
                "noise_ratio", "noise_seed"});
  DatasetDescription::ModalityPart modality;
  modality.name = section.required_text("name");
  const std::string kind = section.required_text("kind");
  try {
    modality.kind = modality_kind_named(kind);
  } catch (const InputError& error) {
    section.fail_at(section.node("kind")->source(), error.what());
  }
  check_kind_keys(section, modality.kind);
  if (const toml::node* file = section.node("file"); file != nullptr && file->is_table()) {
    modality.file_of = section.file_table("file");
  } else {
    modality.file = section.file("file");
  }
  modality.file_column = section.text("file_column");
  modality.files_column = section.text("files");
  modality.grey = section.boolean("grey", false);
  modality.categories = section.texts("categories");
  modality.column = section.text("column");
  modality.columns = section.texts("columns");
  modality.rows = section.text("rows");
  modality.lengths = section.file("lengths");
  modality.starts = section.file("starts");
  modality.channels_last = section.boolean("channels_last", false);
  modality.standardise = section.boolean("standardise", false);
  modality.min_count = section.integer("min_count", 1, 1);
  read_size(section, modality);
  read_log_mel(section, file_name, modality);
  read_noise(section, modality);
  read_gaps(section, modality);
  check_sources(section, modality);
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
    description.modalities.push_back(read_modality(section, description.file_name));
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
                !description.label.column.empty() || !description.target.column.empty();
  for (const DatasetDescription::ModalityPart& modality : description.modalities) {
    needed = needed || !modality.column.empty() || !modality.columns.empty() ||
             !modality.categories.empty() || !modality.rows.empty() ||
             !modality.files_column.empty();
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
    table.know({"file", "name", "join"});
    description.table_files = table.files("file");
    if (description.table_files.empty()) {
      table.fail_here("expected key \"file\", the name of one or several tables");
    }
    description.sample_column = table.text("name");
    read_joins(table, description);
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
  check_table_needed(top, description);
  return description;
}

}  // namespace

std::string_view name_of(GapTreatment treatment) {
  switch (treatment) {
    case GapTreatment::refuse:
      return "refuse";
    case GapTreatment::absent:
      return "absent";
    case GapTreatment::mean:
      return "mean";
    case GapTreatment::zero:
      return "zero";
    case GapTreatment::indicator:
      return "indicator";
    case GapTreatment::limit:
      break;
  }
  return "limit";
}

std::vector<std::string> DatasetDescription::ModalityPart::files() const {
  std::vector<std::string> names;
  if (!file.empty()) {
    names.push_back(file);
  }
  for (const auto& [value, one] : file_of) {
    names.push_back(one);
  }
  return names;
}

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
