#include "data/npy.h"

#include <array>
#include <bit>
#include <span>
#include <string_view>

#include "core/error.h"
#include "data/atomic_file.h"
#include "data/npy_header.h"
#include "data/utf8.h"

namespace heddle {
namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::int64_t largest_header = 10'000;  // bytes; NumPy's own limit
constexpr std::int64_t data_alignment = 64;      // NumPy's ARRAY_ALIGN

std::uint32_t little_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

/// "<f4" → type and byte order.
StoredElements elements_of(const UncheckedNpyHeader& header, const InputFile& file) {
  struct Known {
    std::string_view code;
    StoredType type;
  };
  static constexpr std::array<Known, 12> known = {{{"b1", StoredType::boolean},
                                                   {"i1", StoredType::i8},
                                                   {"u1", StoredType::u8},
                                                   {"i2", StoredType::i16},
                                                   {"u2", StoredType::u16},
                                                   {"i4", StoredType::i32},
                                                   {"u4", StoredType::u32},
                                                   {"i8", StoredType::i64},
                                                   {"u8", StoredType::u64},
                                                   {"f2", StoredType::f16},
                                                   {"f4", StoredType::f32},
                                                   {"f8", StoredType::f64}}};
  const std::string_view descr = header.descr;
  check<InputError>(descr.find('O') == std::string_view::npos, file.name(), ": byte ",
                    header.descr_at,
                    ": the array holds Python objects (a pickle), which are never read; "
                    "expected numbers such as '<f4'");
  const char order = descr.empty() ? ' ' : descr.front();
  for (const Known& entry : known) {
    const bool one_byte = entry.code.back() == '1';
    const bool order_fits =
        order == '<' || order == '>' || order == '=' || (one_byte && order == '|');
    if (order_fits && descr.substr(1) == entry.code) {
      return {.type = entry.type, .offset = 0, .big_endian = order == '>'};
    }
  }
  fail<InputError>(file.name(), ": byte ", header.descr_at,
                   ": the array's type is not one that is ",
                   "read; expected < or > and f2, f4, f8, i1 … i8, u1 … u8, or |b1, |i1, |u1");
}

Shape shape_of(const UncheckedNpyHeader& header, const InputFile& file) {
  check<InputError>(header.shape.size() <= static_cast<std::size_t>(Shape::max_rank), file.name(),
                    ": byte ", header.shape_at, ": the array has ", header.shape.size(),
                    " dimensions, expected at most ", Shape::max_rank);
  return Shape(std::span<const std::int64_t>(header.shape));
}

/// Bytes that `shape` needs, or an error in terms of the file.
std::int64_t bytes_of(const Shape& shape, std::int64_t element_bytes, const InputFile& file,
                      std::int64_t shape_at) {
  constexpr std::int64_t most_elements = std::int64_t{1} << 48;
  // Sizes beside a zero must multiply without overflow too: strides are made of them.
  std::int64_t elements = 1;
  bool empty = false;
  for (const std::int64_t size : shape) {
    if (size == 0) {
      empty = true;
      continue;
    }
    check<InputError>(size <= most_elements / elements, file.name(), ": byte ", shape_at,
                      ": shape ", shape, " has more than 2^48 elements");
    elements *= size;
  }
  return empty ? 0 : elements * element_bytes;
}

}  // namespace

CheckedNpy check_npy(const InputFile& file) {
  check<InputError>(file.size() >= 10, file.name(), ": byte 0: the file has ", file.size(),
                    " bytes; expected a .npy file, which has at least 10");
  const std::string start = file.read_text(0, 10);
  check<InputError>(start.starts_with(magic), file.name(),
                    ": byte 0: expected the magic bytes \\x93NUMPY of a .npy file");
  const int major = static_cast<unsigned char>(start[6]);
  const int minor = static_cast<unsigned char>(start[7]);
  check<InputError>(major >= 1 && major <= 3 && minor == 0, file.name(),
                    ": byte 6: format version ", major, ".", minor, ", expected 1.0, 2.0 or 3.0");
  const std::int64_t length_bytes = major == 1 ? 2 : 4;
  check<InputError>(file.size() >= 8 + length_bytes, file.name(), ": byte 8: the file ends inside ",
                    "the length of its header");
  const std::int64_t header_at = 8 + length_bytes;
  const std::int64_t header_bytes = little_endian(file.read_text(8, length_bytes));
  check<InputError>(header_bytes <= largest_header, file.name(), ": byte 8: the header has ",
                    header_bytes, " bytes, expected at most ", largest_header);
  check<InputError>(header_bytes <= file.size() - header_at, file.name(),
                    ": byte 8: the header has ", header_bytes, " bytes, but only ",
                    file.size() - header_at, " follow");
  const std::string text = file.read_text(header_at, header_bytes);
  check<InputError>(!text.empty() && text.back() == '\n', file.name(), ": byte ",
                    header_at + header_bytes, ": the header does not end with a line end");
  if (major == 3) {
    const auto invalid = first_invalid_utf8(text);
    check<InputError>(!invalid, file.name(), ": byte ",
                      header_at + static_cast<std::int64_t>(invalid.value_or(0)),
                      ": the header is not UTF-8");
  }
  const UncheckedNpyHeader header = parse_npy_header(text, header_at, file.name());

  CheckedNpy checked;
  checked.elements_ = elements_of(header, file);
  checked.elements_.offset = header_at + header_bytes;
  checked.shape_ = shape_of(header, file);
  checked.fortran_order_ = header.fortran_order;
  const std::int64_t wanted =
      bytes_of(checked.shape_, stored_bytes(checked.elements_.type), file, header.shape_at);
  const std::int64_t there = file.size() - checked.elements_.offset;
  check<InputError>(there == wanted, file.name(), ": byte ", checked.elements_.offset, ": shape ",
                    checked.shape_, " of '", header.descr, "' needs ", wanted,
                    " bytes of data, but the file has ", there);
  return checked;
}

Tensor read_npy(const InputFile& file, std::optional<DType> dtype) {
  const CheckedNpy checked = check_npy(file);
  if (!checked.fortran_order() || checked.shape().rank() < 2) {
    return read_elements(file, checked.elements(), checked.shape(), dtype);
  }
  // Column-major elements are the row-major elements of the transposed array.
  Shape reversed;
  Dims order;
  for (int dim = checked.shape().rank(); dim-- > 0;) {
    reversed.push_back(checked.shape()[dim]);
    order.push_back(dim);
  }
  return read_elements(file, checked.elements(), reversed, dtype).permute(order).contiguous();
}

Tensor read_npy(const std::filesystem::path& path, std::optional<DType> dtype) {
  return read_npy(InputFile::open(path), dtype);
}

void write_npy(const std::filesystem::path& path, const Tensor& tensor) {
  check(tensor.dtype() != DType::bf16, path.string(),
        ": .npy has no type for bf16; convert with to(DType::f32), or write safetensors");
  const Tensor packed = tensor.to(Device{}).contiguous();
  const std::string_view descr = packed.dtype() == DType::f32   ? "<f4"
                                 : packed.dtype() == DType::f64 ? "<f8"
                                 : packed.dtype() == DType::i64 ? "<i8"
                                                                : "|b1";
  std::string shape;
  for (const std::int64_t size : packed.shape()) {
    shape += std::to_string(size) + (packed.rank() == 1 ? "," : ", ");
  }
  if (packed.rank() > 1) {
    shape.resize(shape.size() - 2);
  }
  std::string header =
      concat("{'descr': '", descr, "', 'fortran_order': False, 'shape': (", shape, "), }");
  const std::size_t before = magic.size() + 4;  // magic, version, length
  const std::size_t unpadded = before + header.size() + 1;
  const auto alignment = static_cast<std::size_t>(data_alignment);
  header.append((alignment - unpadded % alignment) % alignment, ' ');
  header += '\n';

  AtomicFile file(path);
  file.write(magic);
  const std::array<char, 4> version = {1, 0, static_cast<char>(header.size() & 255u),
                                       static_cast<char>(header.size() >> 8)};
  file.write(std::string_view(version.data(), version.size()));
  file.write(header);
  const auto bytes = static_cast<std::size_t>(packed.elements()) * size_of(packed.dtype());
  file.write(std::span<const std::byte>(static_cast<const std::byte*>(packed.view().data), bytes));
  file.commit();
}

}  // namespace heddle
