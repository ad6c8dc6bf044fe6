#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace heddle {

/// A regular file (or bytes in memory) read at given places, never past its end. Reading beats
/// mapping here: a file that is cut short meanwhile gives an error instead of a signal.
class InputFile {
 public:
  /// Errors (InputError): no such file, no permission, not a regular file.
  static InputFile open(const std::filesystem::path& path);
  /// `bytes` must outlive it.
  static InputFile in_memory(std::string name, std::string_view bytes);

  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&& other) noexcept;
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile();

  const std::string& name() const { return name_; }  // as errors should call it
  std::int64_t size() const { return size_; }        // bytes, when it was opened

  /// Fills `out` from byte `offset` on. Errors (InputError): the range is not inside the file, or
  /// reading failed.
  void read(std::int64_t offset, std::span<std::byte> out) const;
  std::string read_text(std::int64_t offset, std::int64_t count) const;

 private:
  InputFile(std::string name, int descriptor, std::string_view bytes, std::int64_t size);

  std::string name_;
  int descriptor_ = -1;  // −1: in memory
  std::string_view bytes_;
  std::int64_t size_ = 0;
};

}  // namespace heddle
