#include "data/folder_columns.h"

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "core/error.h"

namespace heddle {
namespace {

constexpr std::size_t most_values = 10'000;

/// One feature per value of a column of words.
std::vector<std::vector<float>> indicators_of(const std::string& column,
                                              const FolderSource& source) {
  const std::vector<std::string> texts = source.table->text(column);
  std::set<std::string> values;
  for (const std::int64_t sample : source.train) {
    values.insert(texts[static_cast<std::size_t>(sample)]);
  }
  check<InputError>(values.size() <= most_values, source.table->file_name(), ": column \"", column,
                    "\" has ", values.size(), " different values, expected at most ", most_values);
  std::vector<std::vector<float>> features;
  for (const std::string& value : values) {
    std::vector<float>& feature = features.emplace_back();
    for (const std::string& text : texts) {
      feature.push_back(text == value ? 1.0f : 0.0f);
    }
  }
  return features;
}

}  // namespace

Tensor column_features(const DatasetDescription::ModalityPart& part, const FolderSource& source) {
  std::vector<std::vector<float>> features;
  for (const std::string& column : part.columns) {
    const std::vector<double> numbers = source.table->numbers_with_gaps(column);
    features.emplace_back(numbers.begin(), numbers.end());
  }
  for (const std::string& column : part.categories) {
    for (std::vector<float>& feature : indicators_of(column, source)) {
      features.push_back(std::move(feature));
    }
  }
  const auto width = static_cast<std::int64_t>(features.size());
  Tensor values = Tensor::empty({source.samples, width});
  float* out = values.mutable_data<float>("column_features");
  for (std::int64_t i = 0; i < source.samples; ++i) {
    for (const std::vector<float>& feature : features) {
      *out++ = feature[static_cast<std::size_t>(i)];
    }
  }
  return values;
}

}  // namespace heddle
