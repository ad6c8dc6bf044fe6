#include "data/safetensors_header.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/error.h"

namespace heddle {
namespace {

using Json = nlohmann::json;

/// Reads characters and tells how far the parser has come: the SAX interface does not.
class CountingIterator {
 public:
  using difference_type = std::ptrdiff_t;
  using value_type = char;
  using pointer = const char*;
  using reference = const char&;
  using iterator_category = std::input_iterator_tag;

  CountingIterator(const char* at, const char** furthest) : at_(at), furthest_(furthest) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    *furthest_ = ++at_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  const char** furthest_;
};

class HeaderReader : public nlohmann::json_sax<Json> {
 public:
  HeaderReader(const InputFile& file, const char* begin, const char* const* furthest,
               UncheckedHeader& header)
      : file_(file), begin_(begin), furthest_(furthest), header_(header) {}

  bool null() override { unexpected("null"); }
  bool boolean(bool) override { unexpected("a boolean"); }
  bool number_integer(number_integer_t) override { unexpected("a negative number"); }
  bool number_float(number_float_t, const string_t&) override {
    unexpected("a number that is not plain digits, or is above 2^64 − 1");
  }
  bool binary(binary_t&) override { unexpected("binary data"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (place_ == Place::shape) {
      expect(entry().shape.size() < most_stored_dimensions, "the shape of \"", entry().name,
             "\" has more than ", most_stored_dimensions, " dimensions");
      entry().shape.push_back(value);
    } else if (place_ == Place::offsets) {
      expect(offsets_ < 2, "data_offsets of \"", entry().name, "\" has more than 2 numbers");
      (offsets_++ == 0 ? entry().begin : entry().end) = value;
    } else {
      unexpected("a number");
    }
    return true;
  }

  bool string(string_t& value) override {
    if (place_ == Place::metadata) {
      header_.metadata[key_] = value;
    } else if (place_ == Place::tensor && key_ == "dtype") {
      entry().dtype = value;
    } else {
      unexpected("a string");
    }
    return true;
  }

  bool start_object(std::size_t) override {
    if (place_ == Place::outside) {
      place_ = Place::top;
    } else if (place_ == Place::top && key_ == "__metadata__") {
      place_ = Place::metadata;
    } else if (place_ == Place::top) {
      expect(header_.entries.size() < most_tensors, "more than ", most_tensors, " tensors");
      header_.entries.push_back({.name = key_, .dtype = {}, .shape = {}});
      entry_keys_.clear();
      place_ = Place::tensor;
    } else {
      unexpected("an object");
    }
    return true;
  }

  bool key(string_t& name) override {
    if (place_ == Place::top) {
      expect(name != "__metadata__" || !has_metadata_, "\"__metadata__\" is there twice");
      has_metadata_ = has_metadata_ || name == "__metadata__";
      expect(name.size() <= longest_tensor_name && name.find('\0') == std::string::npos,
             "the name \"", shown(name), "\" is longer than ", longest_tensor_name,
             " bytes or has a NUL");
    } else if (place_ == Place::metadata) {
      expect(!header_.metadata.contains(name), "__metadata__ has \"", shown(name), "\" twice");
    } else {
      expect(name == "dtype" || name == "shape" || name == "data_offsets", "tensor \"",
             shown(entry().name), "\" has a key \"", shown(name),
             "\"; expected dtype, shape and data_offsets");
      expect(entry_keys_.insert(name).second, "tensor \"", shown(entry().name), "\" has \"", name,
             "\" twice");
    }
    key_ = name;
    return true;
  }

  bool end_object() override {
    if (place_ == Place::tensor) {
      expect(entry_keys_.size() == 3, "tensor \"", shown(entry().name),
             "\" needs dtype, shape and data_offsets");
    }
    place_ = place_ == Place::top ? Place::outside : Place::top;
    return true;
  }

  bool start_array(std::size_t) override {
    if (place_ == Place::tensor && key_ == "shape") {
      place_ = Place::shape;
    } else if (place_ == Place::tensor && key_ == "data_offsets") {
      place_ = Place::offsets;
      offsets_ = 0;
    } else {
      unexpected("an array");
    }
    return true;
  }

  bool end_array() override {
    expect(place_ != Place::offsets || offsets_ == 2, "data_offsets of \"", shown(entry().name),
           "\" has ", offsets_, " numbers, expected 2");
    place_ = Place::tensor;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    // The parser's own message begins with its name in brackets and a position within the text.
    const std::string message = error.what();
    const std::size_t start = message.find("syntax error");
    fail<InputError>(file_.name(), ": byte ", 8 + position, ": the header is not JSON: ",
                     start == std::string::npos ? message : message.substr(start));
  }

 private:
  enum class Place { outside, top, metadata, tensor, shape, offsets };

  UncheckedHeader::Entry& entry() { return header_.entries.back(); }

  static std::string shown(const std::string& name) {
    std::string text = name.substr(0, 80);
    for (char& c : text) {
      c = static_cast<unsigned char>(c) < ' ' ? '?' : c;
    }
    return text;
  }

  template <typename... Parts>
  void expect(bool condition, const Parts&... parts) const {
    check<InputError>(condition, file_.name(), ": byte ", 8 + (*furthest_ - begin_), ": ",
                      parts...);
  }

  [[noreturn]] void unexpected(const char* what) const {
    const char* wanted = "";
    switch (place_) {
      case Place::outside:
        wanted = "an object of tensors";
        break;
      case Place::top:
        wanted = key_ == "__metadata__" ? "an object of strings" : "an object for each tensor";
        break;
      case Place::metadata:
        wanted = "a string for each key of __metadata__";
        break;
      case Place::tensor:
        wanted = key_ == "dtype" ? "a string for dtype" : "an array of sizes";
        break;
      case Place::shape:
        wanted = "sizes in the shape, as plain digits";
        break;
      case Place::offsets:
        wanted = "two numbers in data_offsets, as plain digits";
        break;
    }
    fail<InputError>(file_.name(), ": byte ", 8 + (*furthest_ - begin_), ": the header has ", what,
                     " at \"", shown(key_), "\"; expected ", wanted);
  }

  const InputFile& file_;
  const char* begin_;
  const char* const* furthest_;
  UncheckedHeader& header_;
  Place place_ = Place::outside;
  std::string key_;
  bool has_metadata_ = false;
  std::set<std::string, std::less<>> entry_keys_;
  int offsets_ = 0;
};

/// A set kept while reading would hold every name a second time; this holds a pointer each.
void check_distinct(const std::vector<UncheckedHeader::Entry>& entries, const InputFile& file) {
  std::vector<const std::string*> names;
  names.reserve(entries.size());
  for (const UncheckedHeader::Entry& entry : entries) {
    names.push_back(&entry.name);
  }
  std::sort(names.begin(), names.end(),
            [](const std::string* left, const std::string* right) { return *left < *right; });
  for (std::size_t i = 1; i < names.size(); ++i) {
    check<InputError>(*names[i - 1] != *names[i], file.name(),
                      ": byte 8: the header has the tensor \"", *names[i], "\" twice");
  }
}

bool is_json_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

UncheckedHeader parse_safetensors_header(const InputFile& file) {
  check<InputError>(file.size() >= 8, file.name(), ": byte 0: the file has ", file.size(),
                    " bytes; expected a safetensors file, which has at least 8");
  const std::string length = file.read_text(0, 8);
  std::uint64_t bytes = 0;
  for (std::size_t i = 8; i-- > 0;) {
    bytes = bytes << 8 | static_cast<unsigned char>(length[i]);
  }
  check<InputError>(bytes <= static_cast<std::uint64_t>(largest_safetensors_header), file.name(),
                    ": byte 0: the header has ", bytes, " bytes, expected at most ",
                    largest_safetensors_header);
  check<InputError>(bytes <= static_cast<std::uint64_t>(file.size() - 8), file.name(),
                    ": byte 0: the header has ", bytes, " bytes, but only ", file.size() - 8,
                    " follow");
  UncheckedHeader header;
  header.header_bytes = static_cast<std::int64_t>(bytes);
  const std::string text = file.read_text(8, header.header_bytes);
  // The parser would skip a byte order mark.
  check<InputError>(!text.empty() && (text.front() == '{' || is_json_space(text.front())),
                    file.name(), ": byte 8: expected '{', the beginning of the header");
  // The parser would take a NUL for the end of the text.
  const std::size_t nul = text.find('\0');
  check<InputError>(nul == std::string::npos, file.name(), ": byte ", 8 + nul,
                    ": the header has a NUL; expected JSON text");
  header.begins_with_space = is_json_space(text.front());

  const char* furthest = text.data();
  HeaderReader reader(file, text.data(), &furthest, header);
  const char* end = text.data() + text.size();
  Json::sax_parse(CountingIterator(text.data(), &furthest), CountingIterator(end, &furthest),
                  &reader);
  check_distinct(header.entries, file);
  return header;
}

}  // namespace heddle
