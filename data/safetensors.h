#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/tensor.h"
#include "data/input_file.h"
#include "data/safetensors_header.h"

namespace heddle {

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

/// A safetensors file whose header was found true: every tensor lies inside the file, all of them
/// follow each other without hole or overlap, and the last ends where the file ends. Only a checked
/// file gives data, a tensor at a time. Stricter than the reference: docs/data.md lists where.
class SafetensorsFile {
 public:
  struct Entry {
    std::string name;
    std::string dtype;                // as the format names it: "F32", "BF16", …
    std::vector<std::int64_t> shape;  // up to 32 sizes
    std::int64_t begin = 0;           // first byte in the file
    std::int64_t end = 0;
  };

  // Errors (InputError): file, byte and what was expected.
  static SafetensorsFile open(const std::filesystem::path& path);
  explicit SafetensorsFile(InputFile file);

  const std::vector<Entry>& entries() const { return entries_; }  // in the order of the data
  /// Without the checksums, which `checksums` has by tensor name.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const std::map<std::string, std::string>& checksums() const { return checksums_; }
  /// Things the format forbids or advises against, though nothing is lost by them.
  const std::vector<std::string>& notes() const { return notes_; }
  std::int64_t header_bytes() const { return header_bytes_; }
  const InputFile& file() const { return file_; }

  /// F32, F16, BF16 → f32; F64 → f64; integers → i64; BOOL → bool. The bytes are compared with the
  /// checksum where there is one. Errors (InputError): no such tensor, a type or a rank that
  /// tensors do not have, a wrong checksum.
  Tensor read(const Entry& entry) const;
  Tensor read(std::string_view name) const;

 private:
  void take_entries(UncheckedHeader& header);
  void check_layout() const;
  void take_metadata(UncheckedHeader& header);

  InputFile file_;
  std::vector<Entry> entries_;
  std::map<std::string, std::string> metadata_;
  std::map<std::string, std::string> checksums_;
  std::vector<std::string> notes_;
  std::int64_t header_bytes_ = 0;
};

/// A whole file in memory.
struct Safetensors {
  std::map<std::string, std::string> metadata;
  std::vector<NamedTensor> tensors;

  /// Errors (InputError): no such tensor; suggests the nearest.
  const Tensor& tensor(std::string_view name) const;
  bool has_tensor(std::string_view name) const;
};

Safetensors read_safetensors(const std::filesystem::path& path);

/// Writes f32, f64, i64 and bool tensors, the largest elements first, then by name, with a checksum
/// for each tensor and for the header in `__metadata__`; appears whole or not at all. Tensors that
/// `as_i8` names, i64 with values in −128 … 127, are written as I8.
/// Errors: a name given twice, empty, "__metadata__", not UTF-8, with NUL or above 4,096 bytes; a
/// metadata key that begins with "heddle.sha256."; a value that is no I8 but is to be written as
/// one; cannot be written.
void write_safetensors(const std::filesystem::path& path, std::span<const NamedTensor> tensors,
                       const std::map<std::string, std::string>& metadata = {},
                       const std::set<std::string>& as_i8 = {});

}  // namespace heddle
