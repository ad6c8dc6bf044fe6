#include "data/modality_description.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "core/error.h"
#include "data/nearest_name.h"

namespace heddle {
namespace {

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
  allow("deviation", {features, sequence, image});
  allow("power", {features, sequence, image});
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

}  // namespace

DatasetDescription::ModalityPart read_modality_description(const TomlSection& section,
                                                           const std::string& file_name) {
  section.know({"name",    "kind",      "file",          "file_column", "files",
                "grey",    "column",    "columns",       "categories",  "rows",
                "lengths", "starts",    "channels_last", "standardise", "deviation",
                "power",   "min_count", "missing",       "not_finite",  "size",
                "log_mel", "noise",     "noise_ratio",   "noise_seed",  "tokenizer",
                "merges",  "vocabulary"});
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
  if (section.has("deviation") && !modality.standardise) {
    section.fail_at(section.node("deviation")->source(),
                    "\"deviation\" goes with standardise = true");
  }
  modality.deviation = static_cast<float>(section.number("deviation", 1, 1e-4, 1e4));
  modality.power = static_cast<float>(section.number("power", 1, 0.05, 20));
  read_tokenizer(section, modality);
  read_size(section, modality);
  read_log_mel(section, file_name, modality);
  read_noise(section, modality);
  read_gaps(section, modality);
  check_sources(section, modality);
  return modality;
}

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

}  // namespace heddle
