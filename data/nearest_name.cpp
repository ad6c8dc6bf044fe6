#include "data/nearest_name.h"

#include <algorithm>
#include <vector>

namespace heddle {

std::int64_t edit_distance(std::string_view left, std::string_view right) {
  const std::size_t columns = right.size() + 1;
  std::vector<std::int64_t> two_back(columns);
  std::vector<std::int64_t> back(columns);
  std::vector<std::int64_t> row(columns);
  for (std::size_t j = 0; j < columns; ++j) {
    back[j] = static_cast<std::int64_t>(j);
  }
  for (std::size_t i = 1; i <= left.size(); ++i) {
    row[0] = static_cast<std::int64_t>(i);
    for (std::size_t j = 1; j < columns; ++j) {
      const bool differ = left[i - 1] != right[j - 1];
      row[j] = std::min({back[j] + 1, row[j - 1] + 1, back[j - 1] + (differ ? 1 : 0)});
      if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1]) {
        row[j] = std::min(row[j], two_back[j - 2] + 1);
      }
    }
    std::swap(two_back, back);
    std::swap(back, row);
  }
  return back[columns - 1];
}

std::optional<std::string> nearest_name(std::string_view name, std::span<const std::string> known) {
  // Names longer than any real one are not worth the quadratic time.
  constexpr std::size_t longest = 200;
  if (name.empty() || name.size() > longest) {
    return std::nullopt;
  }
  std::optional<std::string> nearest;
  std::int64_t least = 0;
  for (const std::string& candidate : known) {
    if (candidate.empty() || candidate.size() > longest) {
      continue;
    }
    const auto letters = static_cast<std::int64_t>(std::max(name.size(), candidate.size()));
    const bool begins = candidate.starts_with(name) || name.starts_with(candidate);
    const std::int64_t distance = edit_distance(name, candidate);
    const bool near = distance <= std::max<std::int64_t>(1, letters / 3) || begins;
    const bool same_start = nearest && nearest->front() != name.front() &&
                            candidate.front() == name.front() && distance == least;
    if (near && (!nearest || distance < least || same_start)) {
      nearest = candidate;
      least = distance;
    }
  }
  return nearest;
}

std::string suggestion(std::string_view name, std::span<const std::string> known) {
  if (const auto nearest = nearest_name(name, known)) {
    return "; did you mean \"" + *nearest + "\"?";
  }
  if (known.empty()) {
    return "; there is none";
  }
  std::string text = known.size() == 1 ? "; expected " : "; expected one of ";
  constexpr std::size_t most = 12;
  for (std::size_t i = 0; i < std::min(known.size(), most); ++i) {
    text += (i == 0 ? "\"" : ", \"") + known[i].substr(0, 80) + "\"";
  }
  return known.size() > most ? text + ", …" : text;
}

}  // namespace heddle
