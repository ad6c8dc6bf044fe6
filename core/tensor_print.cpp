#include <algorithm>
#include <charconv>
#include <ostream>

#include "core/tensor.h"

namespace heddle {
namespace {

std::string number(double value) {
  char text[32];
  const auto [end, error] =
      std::to_chars(text, text + sizeof(text), value, std::chars_format::general, 6);
  return error == std::errc() ? std::string(text, end) : "?";
}

std::string element_text(const Tensor& element) {
  switch (element.dtype()) {
    case DType::boolean:
      return element.item<bool>() ? "true" : "false";
    case DType::i64:
      return std::to_string(element.item<std::int64_t>());
    case DType::f32:
    case DType::f64:
    case DType::bf16:
      break;
  }
  return number(element.item<double>());
}

/// Writes brackets with every element as wide as the widest shown.
class Printer {
 public:
  Printer(const Tensor& tensor, int edge) : edge_(std::max(edge, 1)) { measure(tensor); }

  void write(const Tensor& tensor, int depth) {
    if (tensor.rank() == 0) {
      const std::string text = element_text(tensor);
      text_.append(depth > 0 ? width_ - text.size() : 0, ' ');
      text_ += text;
      return;
    }
    text_ += '[';
    bool first = true;
    each_shown(tensor, [&](std::int64_t index) {
      if (!first) {
        separate(tensor, depth);
      }
      first = false;
      if (index < 0) {
        text_ += "...";
      } else {
        write(tensor.select(0, index), depth + 1);
      }
    });
    text_ += ']';
  }

  std::string text() && { return std::move(text_); }

 private:
  void measure(const Tensor& tensor) {
    if (tensor.rank() == 0) {
      width_ = std::max(width_, element_text(tensor).size());
      return;
    }
    each_shown(tensor, [&](std::int64_t index) {
      if (index >= 0) {
        measure(tensor.select(0, index));
      }
    });
  }

  /// The indices of the first dimension that are shown, −1 for the gap between.
  template <typename Body>
  void each_shown(const Tensor& tensor, const Body& body) const {
    const std::int64_t size = tensor.size(0);
    const bool is_short = size <= 2 * std::int64_t{edge_};
    for (std::int64_t i = 0; i < (is_short ? size : edge_); ++i) {
      body(i);
    }
    if (!is_short) {
      body(-1);
      for (std::int64_t i = size - edge_; i < size; ++i) {
        body(i);
      }
    }
  }

  /// Matrices take a line per row, and a blank line parts what has more dimensions.
  void separate(const Tensor& tensor, int depth) {
    text_ += tensor.rank() == 1 ? ", " : ",";
    if (tensor.rank() > 1) {
      text_.append(static_cast<std::size_t>(tensor.rank()) - 1, '\n');
      text_.append(static_cast<std::size_t>(depth) + 1, ' ');
    }
  }

  int edge_;
  std::size_t width_ = 0;
  std::string text_;
};

}  // namespace

std::string to_string(const Tensor& tensor, int edge) {
  if (!tensor.defined()) {
    return "undefined tensor";
  }
  const Tensor values = tensor.to(Device{});
  Printer printer(values, edge);
  printer.write(values, 0);
  const std::string place = tensor.device() == Device{} ? "" : concat(" on ", tensor.device());
  return concat(std::move(printer).text(), ' ', tensor.dtype(), ' ', tensor.shape(), place);
}

std::ostream& operator<<(std::ostream& out, const Tensor& tensor) {
  return out << to_string(tensor);
}

}  // namespace heddle
