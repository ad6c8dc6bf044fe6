#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "core/tensor.h"
#include "data/input_file.h"
#include "data/stored_elements.h"

namespace heddle {

/// What a .npy file says about itself, found true: its type is one we read, its sizes multiply
/// without overflow, and the file is exactly as long as they need. Only `check_npy` makes one.
class CheckedNpy {
 public:
  const StoredElements& elements() const { return elements_; }
  const Shape& shape() const { return shape_; }
  bool fortran_order() const { return fortran_order_; }

 private:
  friend CheckedNpy check_npy(const InputFile& file);
  CheckedNpy() = default;

  StoredElements elements_;
  Shape shape_;
  bool fortran_order_ = false;
};

/// Errors (InputError): file, byte and what was expected.
CheckedNpy check_npy(const InputFile& file);

/// Reads a NumPy array, format 1.0, 2.0 or 3.0, either byte order, C or Fortran order; the result
/// is row-major. f2 and f4 → f32, f8 → f64, integers → i64, b1 → bool; or `dtype`, which may be f32
/// or f64 for any of them. Refused: objects (pickles), strings, structures, complex numbers,
/// headers above 10,000 bytes, more than 8 dimensions, a file longer or shorter than its shape
/// says. Errors (InputError): file, byte and what was expected.
Tensor read_npy(const InputFile& file, std::optional<DType> dtype = {});
Tensor read_npy(const std::filesystem::path& path, std::optional<DType> dtype = {});

/// Format 1.0, little-endian, C order; appears whole or not at all. Errors: cannot be written.
void write_npy(const std::filesystem::path& path, const Tensor& tensor);

}  // namespace heddle
