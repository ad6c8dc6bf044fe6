#include "data/npy_header.h"

#include "core/error.h"

namespace heddle {
namespace {

constexpr std::int64_t largest_dimension = std::int64_t{1} << 48;

class HeaderParser {
 public:
  HeaderParser(std::string_view text, std::int64_t offset, const std::string& file_name)
      : text_(text), offset_(offset), file_name_(file_name) {}

  UncheckedNpyHeader parse() {
    UncheckedNpyHeader header;
    bool has_descr = false;
    bool has_order = false;
    bool has_shape = false;
    skip_spaces();
    expect('{', "'{' of the header's dictionary");
    while (!accept('}')) {
      const std::int64_t key_at = position();
      const std::string key = string_literal("a key in quotes, or '}'");
      expect(':', "':' after the key");
      skip_spaces();
      if (key == "descr") {
        once(has_descr, key, key_at);
        header.descr_at = position();
        check<InputError>(at_ != text_.size() && text_[at_] != '[', file_name_, ": byte ",
                          position(),
                          ": the array holds structures; expected plain numbers such as '<f4'");
        header.descr = string_literal("a type in quotes such as '<f4'");
      } else if (key == "fortran_order") {
        once(has_order, key, key_at);
        header.fortran_order = boolean();
      } else if (key == "shape") {
        once(has_shape, key, key_at);
        header.shape_at = position();
        header.shape = tuple();
      } else {
        fail_at(key_at, "the header has a key \"" + printable(key) +
                            "\"; expected only 'descr', 'fortran_order' and 'shape'");
      }
      if (!accept(',')) {
        expect('}', "',' or '}' after a value");
        break;
      }
    }
    if (!has_descr || !has_order || !has_shape) {
      fail_at(position(), std::string("the header has no '") +
                              (!has_descr   ? "descr"
                               : !has_order ? "fortran_order"
                                            : "shape") +
                              "'; expected 'descr', 'fortran_order' and 'shape'");
    }
    if (at_ != text_.size()) {
      fail_at(position(), "the header goes on after '}'; expected only spaces and a line end");
    }
    return header;
  }

 private:
  std::int64_t position() const { return offset_ + static_cast<std::int64_t>(at_); }

  [[noreturn]] void fail_at(std::int64_t byte, const std::string& message) const {
    fail<InputError>(file_name_, ": byte ", byte, ": ", message);
  }

  /// For error messages: what cannot be shown becomes '?'.
  static std::string printable(std::string_view text) {
    std::string shown(text.substr(0, 40));
    for (char& c : shown) {
      c = c < ' ' || c > '~' ? '?' : c;
    }
    return shown;
  }

  void once(bool& seen, const std::string& key, std::int64_t byte) const {
    if (seen) {
      fail_at(byte, "the header has '" + key + "' twice");
    }
    seen = true;
  }

  void skip_spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) {
      ++at_;
    }
  }

  /// Takes `symbol` if it is next, and the spaces after it.
  bool accept(char symbol) {
    if (at_ < text_.size() && text_[at_] == symbol) {
      ++at_;
      skip_spaces();
      return true;
    }
    return false;
  }

  void expect(char symbol, const char* meaning) {
    if (!accept(symbol)) {
      fail_at(position(), std::string("expected ") + meaning + found());
    }
  }

  std::string found() const {
    return at_ == text_.size() ? ", but the header ends here"
                               : ", found '" + printable(text_.substr(at_, 1)) + "'";
  }

  std::string string_literal(const char* meaning) {
    if (at_ == text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) {
      fail_at(position(), std::string("expected ") + meaning + found());
    }
    const char quote = text_[at_];
    const std::size_t end = text_.find(quote, at_ + 1);
    const std::string_view inside =
        end == std::string_view::npos ? "" : text_.substr(at_ + 1, end - at_ - 1);
    if (end == std::string_view::npos || inside.find('\\') != std::string_view::npos) {
      fail_at(position(), "expected a plain string that ends with the quote it begins with");
    }
    at_ = end + 1;
    skip_spaces();
    return std::string(inside);
  }

  bool boolean() {
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        skip_spaces();
        return value;
      }
    }
    fail_at(position(), "'fortran_order' expected True or False" + found());
  }

  std::vector<std::int64_t> tuple() {
    std::vector<std::int64_t> sizes;
    expect('(', "'(' of the shape");
    while (!accept(')')) {
      sizes.push_back(dimension());
      if (!accept(',')) {
        // Python reads (3) as a number, and NumPy never writes it.
        check<InputError>(sizes.size() != 1, file_name_, ": byte ", position(),
                          ": expected ',' after the only size of a shape", found());
        expect(')', "',' or ')' after a size");
        break;
      }
    }
    return sizes;
  }

  std::int64_t dimension() {
    const std::int64_t start = position();
    std::int64_t value = 0;
    bool any = false;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') {
      value = value * 10 + (text_[at_] - '0');
      if (value > largest_dimension) {
        fail_at(start, "a size of the shape is above 2^48");
      }
      any = true;
      ++at_;
    }
    if (!any) {
      fail_at(start, "expected a size of the shape (decimal digits, no sign)" + found());
    }
    if (at_ < text_.size() && text_[at_] == 'L') {
      ++at_;
    }
    skip_spaces();
    return value;
  }

  std::string_view text_;
  std::int64_t offset_;
  const std::string& file_name_;
  std::size_t at_ = 0;
};

}  // namespace

UncheckedNpyHeader parse_npy_header(std::string_view text, std::int64_t offset,
                                    const std::string& file_name) {
  return HeaderParser(text, offset, file_name).parse();
}

}  // namespace heddle
