#include "data/safetensors_digest.h"

#include <algorithm>
#include <tuple>

#include "core/error.h"
#include "data/sha256.h"

namespace heddle {

void sort_by_place(std::vector<SafetensorsFile::Entry>& entries) {
  using Entry = SafetensorsFile::Entry;
  std::sort(entries.begin(), entries.end(), [](const Entry& left, const Entry& right) {
    return std::tie(left.begin, left.end, left.name) < std::tie(right.begin, right.end, right.name);
  });
}

std::string header_digest(std::span<const SafetensorsFile::Entry> entries,
                          const std::map<std::string, std::string>& metadata) {
  Sha256 sum;
  const auto add = [&](const std::string& text) { sum.update(concat(text.size(), ":", text)); };
  const std::int64_t data_at = entries.empty() ? 0 : entries.front().begin;
  for (const SafetensorsFile::Entry& entry : entries) {
    add(entry.name);
    add(entry.dtype);
    std::string shape;
    for (const std::int64_t size : entry.shape) {
      shape += std::to_string(size) + ",";
    }
    add(shape);
    add(concat(entry.begin - data_at, ",", entry.end - data_at));
  }
  for (const auto& [key, value] : metadata) {
    if (key != sha256_header_key) {
      add(key);
      add(value);
    }
  }
  return sum.finish();
}

}  // namespace heddle
