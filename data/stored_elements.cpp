#include "data/stored_elements.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <span>
#include <vector>

namespace heddle {
namespace {

constexpr std::int64_t piece_bytes = 1 << 16;

template <typename Word>
Word swapped(Word word) {
  auto bytes = std::bit_cast<std::array<std::byte, sizeof(Word)>>(word);
  std::reverse(bytes.begin(), bytes.end());
  return std::bit_cast<Word>(bytes);
}

/// IEEE 754 binary16 → binary32, exact for every value; NaN keeps its payload bits.
float widened_half(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
  const std::uint32_t exponent = (half >> 10) & 31u;
  const std::uint32_t fraction = half & 1023u;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(fraction) * 0x1.0p-24f;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(magnitude) | sign);
  }
  const std::uint32_t wide = exponent == 31 ? 255u : exponent + 112u;
  return std::bit_cast<float>(sign | (wide << 23) | (fraction << 13));
}

float widened_bfloat(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

/// Where a value came from, for errors.
struct Place {
  const InputFile& file;
  std::int64_t byte;
};

/// Word of the file → value. Out is the element type of the tensor.
template <typename Out, typename Word, typename Convert>
void convert_piece(std::span<const std::byte> bytes, bool big_endian, Out* out, Convert convert) {
  const std::size_t count = bytes.size() / sizeof(Word);
  for (std::size_t i = 0; i < count; ++i) {
    Word word;
    std::memcpy(&word, bytes.data() + i * sizeof(Word), sizeof(Word));
    if (sizeof(Word) > 1 && big_endian) {
      word = swapped(word);
    }
    out[i] = convert(word, i);
  }
}

template <typename Out, typename Word>
Out number_as(Word word) {
  if constexpr (std::is_same_v<Out, bf16>) {
    return bf16(static_cast<float>(word));
  } else {
    return static_cast<Out>(word);
  }
}

template <typename Out>
void convert_piece(std::span<const std::byte> bytes, StoredType type, bool big_endian,
                   const Place& place, Out* out) {
  const auto plain = [](auto word, std::size_t) { return number_as<Out>(word); };
  switch (type) {
    case StoredType::boolean:
      return convert_piece<Out, std::uint8_t>(bytes, false, out, [&](auto word, std::size_t i) {
        check<InputError>(word <= 1, place.file.name(), ": byte ",
                          place.byte + static_cast<std::int64_t>(i), ": a boolean is ",
                          static_cast<int>(word), "; expected 0 or 1");
        return number_as<Out>(word);
      });
    case StoredType::i8:
      return convert_piece<Out, std::int8_t>(bytes, big_endian, out, plain);
    case StoredType::u8:
      return convert_piece<Out, std::uint8_t>(bytes, big_endian, out, plain);
    case StoredType::i16:
      return convert_piece<Out, std::int16_t>(bytes, big_endian, out, plain);
    case StoredType::u16:
      return convert_piece<Out, std::uint16_t>(bytes, big_endian, out, plain);
    case StoredType::i32:
      return convert_piece<Out, std::int32_t>(bytes, big_endian, out, plain);
    case StoredType::u32:
      return convert_piece<Out, std::uint32_t>(bytes, big_endian, out, plain);
    case StoredType::i64:
      return convert_piece<Out, std::int64_t>(bytes, big_endian, out, plain);
    case StoredType::u64:
      return convert_piece<Out, std::uint64_t>(
          bytes, big_endian, out, [&](auto word, std::size_t i) {
            constexpr auto most =
                static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
            check<InputError>(word <= most, place.file.name(), ": byte ",
                              place.byte + static_cast<std::int64_t>(i * 8), ": ", word,
                              " does not fit in a signed 64-bit integer");
            return number_as<Out>(word);
          });
    case StoredType::f16:
      return convert_piece<Out, std::uint16_t>(bytes, big_endian, out, [](auto word, std::size_t) {
        return number_as<Out>(widened_half(word));
      });
    case StoredType::bf16:
      return convert_piece<Out, std::uint16_t>(bytes, big_endian, out, [](auto word, std::size_t) {
        return number_as<Out>(widened_bfloat(word));
      });
    case StoredType::f32:
      return convert_piece<Out, std::uint32_t>(bytes, big_endian, out, [](auto word, std::size_t) {
        return number_as<Out>(std::bit_cast<float>(word));
      });
    case StoredType::f64:
      return convert_piece<Out, std::uint64_t>(bytes, big_endian, out, [](auto word, std::size_t) {
        return number_as<Out>(std::bit_cast<double>(word));
      });
  }
}

bool can_become(StoredType type, DType dtype) {
  return dtype == natural_dtype(type) || dtype == DType::f32 || dtype == DType::f64;
}

}  // namespace

std::int64_t stored_bytes(StoredType type) {
  switch (type) {
    case StoredType::boolean:
    case StoredType::i8:
    case StoredType::u8:
      return 1;
    case StoredType::i16:
    case StoredType::u16:
    case StoredType::f16:
    case StoredType::bf16:
      return 2;
    case StoredType::i32:
    case StoredType::u32:
    case StoredType::f32:
      return 4;
    case StoredType::i64:
    case StoredType::u64:
    case StoredType::f64:
      break;
  }
  return 8;
}

DType natural_dtype(StoredType type) {
  switch (type) {
    case StoredType::boolean:
      return DType::boolean;
    case StoredType::f16:
    case StoredType::bf16:
    case StoredType::f32:
      return DType::f32;
    case StoredType::f64:
      return DType::f64;
    case StoredType::i8:
    case StoredType::u8:
    case StoredType::i16:
    case StoredType::u16:
    case StoredType::i32:
    case StoredType::u32:
    case StoredType::i64:
    case StoredType::u64:
      break;
  }
  return DType::i64;
}

Tensor read_elements(const InputFile& file, const StoredElements& stored, const Shape& shape,
                     std::optional<DType> dtype, Sha256* digest) {
  const DType wanted = dtype.value_or(natural_dtype(stored.type));
  check<InputError>(can_become(stored.type, wanted), file.name(), ": holds ",
                    natural_dtype(stored.type), " values, expected ", wanted);
  Tensor tensor = Tensor::empty(shape, wanted);
  const std::int64_t width = stored_bytes(stored.type);
  const std::int64_t total = tensor.elements() * width;
  std::vector<std::byte> piece(static_cast<std::size_t>(std::min(total, piece_bytes)));
  dispatch_any(wanted, [&](auto tag) {
    using Out = typename decltype(tag)::type;
    Out* out = tensor.mutable_data<Out>("read_elements");
    for (std::int64_t done = 0; done < total; done += piece_bytes) {
      const std::span<std::byte> bytes(
          piece.data(), static_cast<std::size_t>(std::min(piece_bytes, total - done)));
      file.read(stored.offset + done, bytes);
      if (digest != nullptr) {
        digest->update(bytes);
      }
      convert_piece(std::span<const std::byte>(bytes), stored.type, stored.big_endian,
                    Place{file, stored.offset + done}, out + done / width);
    }
  });
  return tensor;
}

}  // namespace heddle
