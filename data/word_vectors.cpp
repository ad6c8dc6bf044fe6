#include "data/word_vectors.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "core/error.h"

namespace heddle {
namespace {

constexpr std::int64_t piece = std::int64_t{1} << 20;
constexpr std::size_t longest_line = std::size_t{1} << 20;
constexpr std::int64_t most_width = 4096;

/// A text file line by line, a piece of it in memory.
class Lines {
 public:
  explicit Lines(const InputFile& file) : file_(file) {}

  /// The next line without its end (LF or CR LF); none at the end of the file. Valid until the next
  /// call.
  std::optional<std::string_view> next() {
    std::size_t end = buffer_.find('\n', at_);
    while (end == std::string::npos && offset_ < file_.size()) {
      buffer_.erase(0, at_);
      at_ = 0;
      const std::size_t searched = buffer_.size();
      check_length(searched);
      const std::int64_t count = std::min(piece, file_.size() - offset_);
      buffer_ += file_.read_text(offset_, count);
      offset_ += count;
      end = buffer_.find('\n', searched);
    }
    if (end == std::string::npos && at_ == buffer_.size()) {
      return std::nullopt;
    }
    std::string_view line(buffer_);
    line = line.substr(at_, end == std::string::npos ? end : end - at_);
    check_length(line.size());
    ++number_;
    at_ = end == std::string::npos ? buffer_.size() : end + 1;
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    if (line.ends_with(' ')) {  // word2vec's own program leaves one
      line.remove_suffix(1);
    }
    return line;
  }

  std::int64_t number() const { return number_; }
  std::string place() const { return concat(file_.name(), ": line ", number_); }

 private:
  void check_length(std::size_t bytes) const {
    check<InputError>(bytes <= longest_line, file_.name(), ": line ", number_ + 1,
                      ": is longer than ", longest_line, " bytes; expected a word and its numbers");
  }

  const InputFile& file_;
  std::string buffer_;
  std::size_t at_ = 0;       // of the next line in the buffer
  std::int64_t offset_ = 0;  // in the file, of what is not in the buffer yet
  std::int64_t number_ = 0;  // of the last line given, from 1
};

constexpr std::string_view separators = " \t";

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  return whole && value >= 0 ? std::optional(value) : std::nullopt;
}

/// What the first line says.
struct Format {
  std::int64_t width = 0;
  std::optional<std::int64_t> lines;  // that follow the first one, which then has no vector
};

Format format_of(std::string_view first, const Lines& lines) {
  Format format;
  format.width = std::count_if(first.begin(), first.end(),
                               [](char c) { return separators.find(c) != std::string_view::npos; });
  const std::size_t middle = first.find_first_of(separators);
  if (format.width == 1) {
    const auto count = whole_number(first.substr(0, middle));
    const auto width = whole_number(first.substr(middle + 1));
    if (count && width) {
      format = {.width = *width, .lines = count};
    }
  }
  check<InputError>(format.width >= 1 && format.width <= most_width, lines.place(), ": ",
                    format.lines ? "says that vectors have " : "has ", format.width,
                    " numbers; expected a word and 1 … ", most_width,
                    " numbers (or how many lines follow, and how many numbers each has)");
  return format;
}

/// One line taken apart.
struct Entry {
  std::string_view word;
  std::string_view numbers;
};

Entry entry_of(std::string_view line, std::int64_t width, const Lines& lines) {
  std::size_t at = line.size();
  for (std::int64_t i = 0; i < width; ++i) {
    const std::size_t before =
        at == 0 ? std::string_view::npos : line.find_last_of(separators, at - 1);
    check<InputError>(before != std::string_view::npos, lines.place(), ": has ", i + 1,
                      " fields; expected a word and ", width, " numbers");
    at = before;
  }
  check<InputError>(at > 0, lines.place(), ": has no word before its ", width, " numbers");
  return {.word = line.substr(0, at), .numbers = line.substr(at + 1)};
}

/// Reads all numbers; keeps them in `into` where it is given.
void read_numbers(std::string_view numbers, const Lines& lines, std::vector<float>* into) {
  const char* at = numbers.data();
  const char* const end = at + numbers.size();
  for (std::int64_t i = 1;; ++i) {
    const char* const stop = std::find_if(at, end, [](char c) { return c == ' ' || c == '\t'; });
    double value = 0.0;
    const auto parsed = std::from_chars(at, stop, value);
    check<InputError>(parsed.ec == std::errc() && parsed.ptr == stop && std::isfinite(value) &&
                          std::abs(value) <= std::numeric_limits<float>::max(),
                      lines.place(), ": number ", i, " is \"",
                      std::string_view(at, static_cast<std::size_t>(stop - at)).substr(0, 40),
                      "\"; expected a finite number");
    if (into != nullptr) {
      into->push_back(static_cast<float>(value));
    }
    if (stop == end) {
      return;
    }
    at = stop + 1;
  }
}

std::string lowered(std::string_view word) {
  std::string result(word);
  for (char& c : result) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return result;
}

/// The first line, which must be there.
std::string_view first_line(const InputFile& file, Lines& lines) {
  const std::optional<std::string_view> first = lines.next();
  check<InputError>(first.has_value(), file.name(),
                    ": is empty; expected lines of a word and its numbers");
  return *first;
}

}  // namespace

std::int64_t word_vector_width(const InputFile& file) {
  Lines lines(file);
  const std::string_view first = first_line(file, lines);
  return format_of(first, lines).width;
}

WordVectors read_word_vectors(const InputFile& file, std::span<const std::string> words) {
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < words.size(); ++i) {
    places.emplace(words[i], i);
  }
  Lines lines(file);
  std::optional<std::string_view> line = first_line(file, lines);
  const Format format = format_of(*line, lines);
  if (format.lines) {
    line = lines.next();
  }
  WordVectors result;
  result.width = format.width;
  result.rows.assign(words.size(), -1);
  std::vector<bool> in_capitals(words.size());
  std::int64_t found = 0;
  for (; line; line = lines.next()) {
    const Entry entry = entry_of(*line, format.width, lines);
    const auto place = places.find(entry.word);
    const bool is_new = place != places.end() && result.rows[place->second] < 0;
    if (is_new) {
      result.rows[place->second] = found++;
    } else if (place == places.end()) {
      const std::string lower = lowered(entry.word);
      if (const auto other = places.find(lower); other != places.end()) {
        in_capitals[other->second] = true;
      }
    }
    read_numbers(entry.numbers, lines, is_new ? &result.values : nullptr);
  }
  const std::int64_t given = lines.number() - (format.lines ? 1 : 0);
  check<InputError>(!format.lines || *format.lines == given, file.name(), ": line 1 says that ",
                    format.lines.value_or(0), " lines follow, but there are ", given,
                    "; is the file whole?");
  for (std::size_t i = 0; i < words.size(); ++i) {
    result.found_in_capitals += in_capitals[i] && result.rows[i] < 0 ? 1 : 0;
  }
  return result;
}

}  // namespace heddle
