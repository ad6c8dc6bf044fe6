#include "data/safetensors.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/error.h"
#include "data/nearest_name.h"
#include "data/safetensors_digest.h"
#include "data/sha256.h"
#include "data/stored_elements.h"

namespace heddle {
namespace {

struct KnownType {
  std::string_view name;
  std::uint64_t bits;
  std::optional<StoredType> stored;  // absent: can be listed but not read
};

constexpr std::array<KnownType, 22> known_types = {{{"BOOL", 8, StoredType::boolean},
                                                    {"U8", 8, StoredType::u8},
                                                    {"I8", 8, StoredType::i8},
                                                    {"I16", 16, StoredType::i16},
                                                    {"U16", 16, StoredType::u16},
                                                    {"F16", 16, StoredType::f16},
                                                    {"BF16", 16, StoredType::bf16},
                                                    {"I32", 32, StoredType::i32},
                                                    {"U32", 32, StoredType::u32},
                                                    {"F32", 32, StoredType::f32},
                                                    {"F64", 64, StoredType::f64},
                                                    {"I64", 64, StoredType::i64},
                                                    {"U64", 64, StoredType::u64},
                                                    {"F4", 4, {}},
                                                    {"F6_E2M3", 6, {}},
                                                    {"F6_E3M2", 6, {}},
                                                    {"F8_E5M2", 8, {}},
                                                    {"F8_E4M3", 8, {}},
                                                    {"F8_E8M0", 8, {}},
                                                    {"F8_E4M3FNUZ", 8, {}},
                                                    {"F8_E5M2FNUZ", 8, {}},
                                                    {"C64", 64, {}}}};

const KnownType* known_type(std::string_view name) {
  for (const KnownType& type : known_types) {
    if (type.name == name) {
      return &type;
    }
  }
  return nullptr;
}

/// Bytes that an entry's type and shape need.
std::uint64_t needed_bytes(const UncheckedHeader::Entry& entry, const InputFile& file) {
  const KnownType* type = known_type(entry.dtype);
  check<InputError>(type != nullptr, file.name(), ": tensor \"", entry.name, "\" has the type \"",
                    entry.dtype.substr(0, 40), "\", expected one of the format, such as \"F32\"");
  constexpr std::uint64_t largest = std::uint64_t{1} << 48;
  std::uint64_t elements = 1;
  bool empty = false;
  for (const std::uint64_t size : entry.shape) {
    if (size == 0) {
      empty = true;
      continue;
    }
    // Sizes beside a zero must multiply without overflow too: strides are made of them.
    check<InputError>(size <= largest / elements, file.name(), ": tensor \"", entry.name,
                      "\" has more than 2^48 elements");
    elements *= size;
  }
  const std::uint64_t bits = empty ? 0 : elements * type->bits;
  check<InputError>(bits % 8 == 0, file.name(), ": tensor \"", entry.name, "\" has ", elements,
                    " elements of ", type->bits, " bits, which do not fill whole bytes");
  return bits / 8;
}

bool is_sha256(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

SafetensorsFile SafetensorsFile::open(const std::filesystem::path& path) {
  return SafetensorsFile(InputFile::open(path));
}

SafetensorsFile::SafetensorsFile(InputFile file) : file_(std::move(file)) {
  UncheckedHeader header = parse_safetensors_header(file_);
  header_bytes_ = header.header_bytes;
  if (header.begins_with_space) {
    notes_.emplace_back("the header begins with white space; the format wants '{' at byte 8");
  }
  take_entries(header);
  check_layout();
  take_metadata(header);
}

void SafetensorsFile::take_entries(UncheckedHeader& header) {
  const std::int64_t data_at = 8 + header_bytes_;
  const auto data_bytes = static_cast<std::uint64_t>(file_.size() - data_at);
  entries_.reserve(header.entries.size());
  for (UncheckedHeader::Entry& entry : header.entries) {
    check<InputError>(entry.begin <= entry.end && entry.end <= data_bytes, file_.name(),
                      ": tensor \"", entry.name, "\" lies at bytes ", entry.begin, " to ",
                      entry.end, " of the data, which has ", data_bytes);
    const std::uint64_t needed = needed_bytes(entry, file_);
    check<InputError>(needed == entry.end - entry.begin, file_.name(), ": tensor \"", entry.name,
                      "\" has ", entry.end - entry.begin, " bytes, but its type and shape need ",
                      needed);
    Entry checked{.name = std::move(entry.name),
                  .dtype = std::move(entry.dtype),
                  .shape = {},
                  .begin = data_at + static_cast<std::int64_t>(entry.begin),
                  .end = data_at + static_cast<std::int64_t>(entry.end)};
    for (const std::uint64_t size : entry.shape) {
      // A size beside a zero is at most 2^48 too, so that the cast is safe.
      checked.shape.push_back(static_cast<std::int64_t>(size));
    }
    entries_.push_back(std::move(checked));
  }
  sort_by_place(entries_);
}

void SafetensorsFile::check_layout() const {
  std::int64_t next = 8 + header_bytes_;
  for (const Entry& entry : entries_) {
    check<InputError>(
        entry.begin == next, file_.name(), ": byte ", std::min(next, entry.begin), ": tensor \"",
        entry.name,
        entry.begin < next ? "\" overlaps the one before it" : "\" leaves a hole before it",
        "; expected it to begin at byte ", next);
    next = entry.end;
  }
  check<InputError>(next == file_.size(), file_.name(), ": byte ", next, ": ", file_.size() - next,
                    " bytes follow the last tensor; expected the end of the file");
}

void SafetensorsFile::take_metadata(UncheckedHeader& header) {
  std::optional<std::string> digest;
  for (const auto& [key, value] : header.metadata) {
    if (!key.starts_with(sha256_key_prefix)) {
      metadata_.emplace(key, value);
      continue;
    }
    check<InputError>(is_sha256(value), file_.name(), ": __metadata__ \"", key,
                      "\" is not a SHA-256 (64 hexadecimal digits)");
    if (key == sha256_header_key) {
      digest = value;
    } else {
      checksums_.emplace(key.substr(sha256_key_prefix.size()), value);
    }
  }
  if (checksums_.empty() && !digest) {
    return;
  }
  // With checksums, every tensor has one and the header too: a damaged key must not pass for none.
  check<InputError>(digest.has_value(), file_.name(), ": __metadata__ has checksums, but not \"",
                    sha256_header_key, "\"; the file is damaged or was changed");
  check<InputError>(*digest == header_digest(entries_, header.metadata), file_.name(),
                    ": the header does not fit its SHA-256; the file is damaged or was changed");
  for (const Entry& entry : entries_) {
    check<InputError>(checksums_.contains(entry.name), file_.name(), ": tensor \"", entry.name,
                      "\" has no checksum, though others have; the file was changed");
  }
}

Tensor SafetensorsFile::read(const Entry& entry) const {
  const KnownType* type = known_type(entry.dtype);
  check<InputError>(type != nullptr && type->stored.has_value(), file_.name(), ": tensor \"",
                    entry.name, "\" has the type ", entry.dtype, ", which tensors do not have");
  check<InputError>(entry.shape.size() <= static_cast<std::size_t>(Shape::max_rank), file_.name(),
                    ": tensor \"", entry.name, "\" has ", entry.shape.size(),
                    " dimensions, expected at most ", Shape::max_rank);
  const Shape shape{std::span<const std::int64_t>(entry.shape)};
  const StoredElements elements{.type = *type->stored, .offset = entry.begin};
  const auto checksum = checksums_.find(entry.name);
  if (checksum == checksums_.end()) {
    return read_elements(file_, elements, shape);
  }
  Sha256 digest;
  Tensor tensor = read_elements(file_, elements, shape, {}, &digest);
  check<InputError>(digest.finish() == checksum->second, file_.name(), ": byte ", entry.begin,
                    ": tensor \"", entry.name, "\" does not fit its SHA-256; the file is damaged");
  return tensor;
}

Tensor SafetensorsFile::read(std::string_view name) const {
  for (const Entry& entry : entries_) {
    if (entry.name == name) {
      return read(entry);
    }
  }
  std::vector<std::string> names;
  for (const Entry& entry : entries_) {
    names.push_back(entry.name);
  }
  fail<InputError>(file_.name(), ": no tensor is named \"", name, "\"", suggestion(name, names));
}

const Tensor& Safetensors::tensor(std::string_view name) const {
  std::vector<std::string> names;
  for (const NamedTensor& entry : tensors) {
    if (entry.name == name) {
      return entry.tensor;
    }
    names.push_back(entry.name);
  }
  fail<InputError>("no tensor is named \"", name, "\"", suggestion(name, names));
}

bool Safetensors::has_tensor(std::string_view name) const {
  return std::any_of(tensors.begin(), tensors.end(),
                     [&](const NamedTensor& entry) { return entry.name == name; });
}

Safetensors read_safetensors(const std::filesystem::path& path) {
  const SafetensorsFile file = SafetensorsFile::open(path);
  Safetensors all;
  all.metadata = file.metadata();
  for (const SafetensorsFile::Entry& entry : file.entries()) {
    all.tensors.push_back({entry.name, file.read(entry)});
  }
  return all;
}

}  // namespace heddle
