#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "data/input_file.h"

namespace heddle {

/// What the header of a safetensors file says, understood as text but not yet believed: names are
/// unique and numbers are numbers, but no size was compared with anything.
struct UncheckedHeader {
  struct Entry {
    std::string name;
    std::string dtype;
    std::vector<std::uint64_t> shape;
    std::uint64_t begin = 0;  // bytes after the header
    std::uint64_t end = 0;
  };

  std::vector<Entry> entries;  // in the order of the header
  std::map<std::string, std::string> metadata;
  std::int64_t header_bytes = 0;  // of the JSON text, padding included
  bool begins_with_space = false;
};

/// Reads the length and the JSON text of the header. Rules beyond those of the format: no key
/// twice, integers are plain digits, at most 250,000 tensors, 32 dimensions, names of 4,096 bytes
/// without NUL, no key that is not of the format. Errors (InputError): file, byte, what was
/// expected.
UncheckedHeader parse_safetensors_header(const InputFile& file);

/// The metadata key that holds the SHA-256 of a tensor's bytes, and of the header's content.
constexpr std::string_view sha256_key_prefix = "heddle.sha256.";
constexpr std::string_view sha256_header_key = "heddle.sha256.__metadata__";

constexpr std::size_t longest_tensor_name = 4096;  // bytes
// Keeps what is held for each tensor within twice the file and 64 MB, however short the entries.
constexpr std::size_t most_tensors = 250'000;
constexpr std::size_t most_stored_dimensions = 32;
constexpr std::int64_t largest_safetensors_header = 100'000'000;  // bytes

}  // namespace heddle
