#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/tensor.h"
#include "data/input_file.h"
#include "data/sha256.h"

namespace heddle {

/// How numbers lie in a file.
enum class StoredType : std::uint8_t {
  boolean,
  i8,
  u8,
  i16,
  u16,
  i32,
  u32,
  i64,
  u64,
  f16,
  bf16,
  f32,
  f64
};

std::int64_t stored_bytes(StoredType type);  // per element
/// The tensor type that holds every value: half precision → f32, integers → i64.
DType natural_dtype(StoredType type);

struct StoredElements {
  StoredType type = StoredType::f32;
  std::int64_t offset = 0;  // first byte in the file
  bool big_endian = false;
};

/// Reads row-major elements into a new tensor, a piece at a time, so that nothing but the result is
/// allocated. `dtype` defaults to natural_dtype; f32 may also be asked of any type (integers are
/// rounded to it), f64 likewise. `digest`, where given, is fed the bytes as they lie in the file.
/// The caller has checked that the file is long enough.
/// Errors (InputError): a boolean byte other than 0 and 1, a u64 above 2^63 − 1, a type that cannot
/// be asked for.
Tensor read_elements(const InputFile& file, const StoredElements& stored, const Shape& shape,
                     std::optional<DType> dtype = {}, Sha256* digest = nullptr);

}  // namespace heddle
