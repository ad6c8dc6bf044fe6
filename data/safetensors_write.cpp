#include <algorithm>
#include <cstddef>
#include <set>
#include <string_view>

#include "core/error.h"
#include "data/atomic_file.h"
#include "data/safetensors.h"
#include "data/safetensors_digest.h"
#include "data/sha256.h"
#include "data/utf8.h"

namespace heddle {
namespace {

std::string json_string(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      quoted += "\\u00";
      quoted += digits[static_cast<unsigned char>(c) >> 4];
      quoted += digits[static_cast<unsigned char>(c) & 15u];
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

/// For errors: a name that may hold anything.
std::string shown(std::string_view name) {
  std::string text(name.substr(0, 80));
  for (char& c : text) {
    c = c < ' ' || c > '~' ? '?' : c;
  }
  return text;
}

std::string_view stored_name(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return "F32";
    case DType::f64:
      return "F64";
    case DType::i64:
      return "I64";
    case DType::bf16:
      return "BF16";
    case DType::boolean:
      break;
  }
  return "BOOL";
}

/// A tensor on its way into a file.
struct Outgoing {
  std::string name;
  Tensor tensor;  // on the host, row-major
  bool as_i8;
};

std::size_t element_bytes(const Outgoing& entry) {
  return entry.as_i8 ? 1 : size_of(entry.tensor.dtype());
}

std::int64_t bytes_of(const Outgoing& entry) {
  return checked_multiply(entry.tensor.elements(), static_cast<std::int64_t>(element_bytes(entry)),
                          "write_safetensors");
}

/// The numbers of an i64 tensor as single bytes.
std::vector<std::byte> as_bytes(const Outgoing& entry, const std::string& path) {
  check(entry.tensor.dtype() == DType::i64, path, ": tensor \"", entry.name, "\" is ",
        entry.tensor.dtype(), "; only i64 can be written as I8");
  const std::span<const std::int64_t> values(entry.tensor.data<std::int64_t>(),
                                             static_cast<std::size_t>(entry.tensor.elements()));
  std::vector<std::byte> bytes;
  bytes.reserve(values.size());
  for (const std::int64_t value : values) {
    check(value >= -128 && value <= 127, path, ": tensor \"", entry.name, "\" has ", value,
          ", which is no I8");
    bytes.push_back(static_cast<std::byte>(value));
  }
  return bytes;
}

/// The bytes of a tensor as they will lie in the file, given to `take`.
template <typename Take>
void with_bytes(const Outgoing& entry, const std::string& path, const Take& take) {
  if (entry.as_i8) {
    take(std::span<const std::byte>(as_bytes(entry, path)));
  } else {
    take(std::span<const std::byte>(static_cast<const std::byte*>(entry.tensor.view().data),
                                    static_cast<std::size_t>(bytes_of(entry))));
  }
}

/// In the order of the file.
std::vector<Outgoing> arranged(std::span<const NamedTensor> tensors,
                               const std::set<std::string>& as_i8, const std::string& path) {
  std::vector<Outgoing> sorted;
  std::set<std::string_view> names;
  for (const NamedTensor& entry : tensors) {
    check(names.insert(entry.name).second, path, ": two tensors are named \"", entry.name, "\"");
    check(!entry.name.empty() && entry.name != "__metadata__" &&
              entry.name.size() <= longest_tensor_name &&
              entry.name.find('\0') == std::string::npos && !first_invalid_utf8(entry.name),
          path, ": \"", shown(entry.name), "\" cannot name a tensor; expected 1 to ",
          longest_tensor_name, " bytes of UTF-8 without NUL, and not \"__metadata__\"");
    check(entry.tensor.defined(), path, ": tensor \"", entry.name, "\" is not defined");
    sorted.push_back(
        {entry.name, entry.tensor.to(Device{}).contiguous(), as_i8.contains(entry.name)});
  }
  check(sorted.size() <= most_tensors, path, ": ", sorted.size(), " tensors, expected at most ",
        most_tensors);
  std::sort(sorted.begin(), sorted.end(), [](const Outgoing& left, const Outgoing& right) {
    const std::size_t left_size = element_bytes(left);
    const std::size_t right_size = element_bytes(right);
    return left_size != right_size ? left_size > right_size : left.name < right.name;
  });
  return sorted;
}

void check_metadata(const std::map<std::string, std::string>& metadata, const std::string& path) {
  for (const auto& [key, value] : metadata) {
    check(!key.starts_with(sha256_key_prefix), path, ": metadata key \"", key, "\" begins with \"",
          sha256_key_prefix, "\", which is kept for checksums");
    check(!first_invalid_utf8(key) && !first_invalid_utf8(value), path, ": metadata \"", key,
          "\" is not UTF-8");
  }
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, std::span<const NamedTensor> tensors,
                       const std::map<std::string, std::string>& metadata,
                       const std::set<std::string>& as_i8) {
  check_metadata(metadata, path.string());
  const std::vector<Outgoing> sorted = arranged(tensors, as_i8, path.string());

  std::vector<SafetensorsFile::Entry> entries;
  std::map<std::string, std::string> all_metadata = metadata;
  std::int64_t next = 0;
  for (const Outgoing& entry : sorted) {
    const Shape& shape = entry.tensor.shape();
    const std::int64_t end = checked_add(next, bytes_of(entry), "write_safetensors");
    entries.push_back({.name = entry.name,
                       .dtype = std::string(entry.as_i8 ? "I8" : stored_name(entry.tensor.dtype())),
                       .shape = {shape.begin(), shape.end()},
                       .begin = next,
                       .end = end});
    next = end;
    Sha256 digest;
    with_bytes(entry, path.string(),
               [&](std::span<const std::byte> bytes) { digest.update(bytes); });
    all_metadata.emplace(std::string(sha256_key_prefix) + entry.name, digest.finish());
  }
  sort_by_place(entries);
  all_metadata.emplace(sha256_header_key, header_digest(entries, all_metadata));

  std::string header = "{\"__metadata__\":{";
  const char* separator = "";
  for (const auto& [key, value] : all_metadata) {
    header += separator + json_string(key) + ":" + json_string(value);
    separator = ",";
  }
  header += '}';
  for (const SafetensorsFile::Entry& entry : entries) {
    std::string shape;
    for (const std::int64_t size : entry.shape) {
      shape += (shape.empty() ? "" : ",") + std::to_string(size);
    }
    header += concat(",", json_string(entry.name), ":{\"dtype\":\"", entry.dtype, "\",\"shape\":[",
                     shape, "],\"data_offsets\":[", entry.begin, ",", entry.end, "]}");
  }
  header += '}';
  header.append((8 - header.size() % 8) % 8, ' ');
  check(static_cast<std::int64_t>(header.size()) <= largest_safetensors_header, path.string(),
        ": the header would have ", header.size(), " bytes, more than any reader takes");

  AtomicFile file(path);
  std::string length;
  for (std::size_t i = 0; i < 8; ++i) {
    length += static_cast<char>(header.size() >> (8 * i) & 255u);
  }
  file.write(length);
  file.write(header);
  for (const Outgoing& entry : sorted) {
    with_bytes(entry, path.string(), [&](std::span<const std::byte> bytes) { file.write(bytes); });
  }
  file.commit();
}

}  // namespace heddle
