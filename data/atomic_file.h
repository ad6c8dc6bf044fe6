#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace heddle {

/// A file that appears whole or not at all, also after a loss of power: written beside its place,
/// fsynced, renamed, and the folder fsynced. Without `commit` nothing changes and the part that was
/// written is removed. All errors name the file and what the system said.
class AtomicFile {
 public:
  /// The folder must exist. Errors: it cannot be written to.
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);
  std::int64_t written() const { return written_; }
  /// Puts the file in its place. Nothing may be written after.
  void commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
  std::int64_t written_ = 0;
};

/// Writes `text` as the whole of `path`.
void write_file_atomically(const std::filesystem::path& path, std::string_view text);

/// fsyncs a folder, so that files made, renamed or removed in it stay so after a loss of power.
void sync_folder(const std::filesystem::path& folder);

}  // namespace heddle
