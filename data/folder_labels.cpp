#include "data/folder_labels.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <utility>

#include "core/error.h"
#include "data/npy.h"

namespace heddle {
namespace {

using Part = DatasetDescription::LabelPart;

constexpr std::int64_t most_classes = 100'000;
constexpr const char* other_name = "<other>";

Tensor column_file(const std::filesystem::path& path, std::int64_t samples,
                   std::optional<DType> dtype) {
  Tensor values = read_npy(path, dtype);
  check<InputError>(values.shape() == Shape{samples}, path.string(), ": shape ", values.shape(),
                    ", expected [", samples, "], one for each sample");
  return values;
}

std::vector<std::string> texts_of(const Part& part, const Table& table) {
  std::vector<std::string> texts = table.text(part.column);
  for (std::string& text : texts) {
    const bool lowers = part.lower_case && !part.is_missing(text);
    for (char& c : text) {
      c = lowers && c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  return texts;
}

/// Whether nothing is to be read from where the label or target of a sample would stand.
bool is_none(const Part& part, const Dataset& dataset, std::size_t sample,
             const std::string& text) {
  return part.is_missing(text) || dataset.is_unlabelled(static_cast<std::int64_t>(sample));
}

/// A class as it is written: one of `names`, else a number; −1 where there is none.
std::vector<std::int64_t> classes_from_column(const Part& part, const Table& table,
                                              const Dataset& dataset) {
  std::map<std::string, std::int64_t> numbers;
  for (const std::string& name : part.names) {
    numbers.emplace(name, static_cast<std::int64_t>(numbers.size()));
  }
  std::vector<std::int64_t> classes;
  for (const std::string& text : texts_of(part, table)) {
    if (is_none(part, dataset, classes.size(), text)) {
      classes.push_back(-1);
      continue;
    }
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

/// Classes are the values of the training split that occur at least min_count times, the most
/// frequent first, equally frequent ones in byte order; all else is of the class "<other>".
std::vector<std::int64_t> classes_counted(const Part& part, const Table& table, Dataset& dataset) {
  const std::vector<std::string> texts = texts_of(part, table);
  std::map<std::string, std::int64_t> counts;
  for (const std::int64_t sample : dataset.indices(Split::train)) {
    ++counts[texts[static_cast<std::size_t>(sample)]];
  }
  std::vector<std::pair<std::int64_t, std::string>> order;
  for (const auto& [text, count] : counts) {
    if (count >= part.min_count) {
      order.emplace_back(-count, text);
    }
  }
  std::sort(order.begin(), order.end());
  check<InputError>(!order.empty() && static_cast<std::int64_t>(order.size()) < most_classes,
                    table.file_name(), ": column \"", part.column, "\" gives ", order.size(),
                    " classes, expected 1 … ", most_classes - 1);
  std::map<std::string, std::int64_t> numbers;
  for (const auto& [count, text] : order) {
    numbers.emplace(text, static_cast<std::int64_t>(numbers.size()));
    dataset.class_names.push_back(text);
  }
  std::vector<std::int64_t> classes;
  for (const std::string& text : texts) {
    const auto found = numbers.find(text);
    classes.push_back(is_none(part, dataset, classes.size(), text) ? -1
                      : found == numbers.end()                     ? dataset.classes()
                                                                   : found->second);
  }
  if (*std::max_element(classes.begin(), classes.end()) == dataset.classes()) {
    check<InputError>(!numbers.contains(other_name), table.file_name(), ": column \"", part.column,
                      "\" has the value \"", other_name,
                      "\", which stands for all that is no class of its own");
    dataset.other_class = dataset.classes();
    dataset.class_names.push_back(other_name);
  }
  return classes;
}

}  // namespace

void load_labels(const DatasetDescription& description, const FolderSource& source,
                 Dataset& dataset) {
  const Part& part = description.label;
  if (!part.given()) {
    return;
  }
  std::vector<std::int64_t> classes;
  std::string where = concat("column \"", part.column, "\"");
  if (part.count_names) {
    classes = classes_counted(part, *source.table, dataset);
  } else if (part.file.empty()) {
    classes = classes_from_column(part, *source.table, dataset);
  } else {
    where = (source.folder / part.file).string();
    const Tensor labels = column_file(source.folder / part.file, source.samples, {});
    check<InputError>(labels.dtype() == DType::i64 || labels.dtype() == DType::boolean, where,
                      ": holds ", labels.dtype(), ", expected integers");
    classes = labels.to_vector<std::int64_t>();
  }
  if (!part.count_names) {
    dataset.class_names = part.names;
  }
  if (dataset.class_names.empty() && !classes.empty()) {
    const std::int64_t largest = *std::max_element(classes.begin(), classes.end());
    check<InputError>(largest < most_classes, where, ": a class is ", largest, ", expected below ",
                      most_classes);
    for (std::int64_t i = 0; i <= largest; ++i) {
      dataset.class_names.push_back(std::to_string(i));
    }
  }
  const std::vector<bool> in_split = dataset.in_a_split();
  for (std::size_t i = 0; i < classes.size(); ++i) {
    classes[i] = dataset.is_unlabelled(static_cast<std::int64_t>(i)) ? -1 : classes[i];
    const bool may_lack = classes[i] == -1 && !in_split[i];
    check<InputError>(may_lack || (classes[i] >= 0 && classes[i] < dataset.classes()), where,
                      ": sample ", i, " has class ", classes[i], ", expected 0 … ",
                      dataset.classes() - 1);
  }
  dataset.labels = Tensor::from(std::span<const std::int64_t>(classes),
                                {static_cast<std::int64_t>(classes.size())});
}

void load_targets(const DatasetDescription& description, const FolderSource& source,
                  Dataset& dataset) {
  const Part& part = description.target;
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
  const std::vector<double> numbers = source.table->numbers(part.column, part.missing);
  std::vector<float> values(numbers.begin(), numbers.end());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool is_none =
        std::isnan(values[i]) || dataset.is_unlabelled(static_cast<std::int64_t>(i));
    values[i] = is_none ? 0.0f : values[i];
  }
  dataset.targets = Tensor::from(std::span<const float>(values), {source.samples});
}

}  // namespace heddle
