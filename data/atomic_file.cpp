#include "data/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "core/error.h"

namespace heddle {
namespace {

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

/// Unique among the processes of this machine and the threads of this one.
std::filesystem::path temporary_beside(const std::filesystem::path& path) {
  static std::atomic<std::uint64_t> count = 0;
  return folder_of(path) / ("." + path.filename().string() + ".tmp-" + std::to_string(::getpid()) +
                            "-" + std::to_string(count++));
}

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path path)
    : path_(std::move(path)), temporary_(temporary_beside(path_)) {
  check(path_.has_filename(), path_.string(), ": expected the name of a file");
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  check(descriptor_ >= 0, path_.string(), ": cannot write beside it (", temporary_.string(),
        "): ", std::strerror(errno));
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
    ::unlink(temporary_.c_str());
  }
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  check(descriptor_ >= 0, path_.string(), ": written to after commit");
  while (!bytes.empty()) {
    const ssize_t put = ::write(descriptor_, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) {
      continue;
    }
    check(put >= 0, path_.string(), ": cannot write after byte ", written_, ": ",
          std::strerror(errno));
    bytes = bytes.subspan(static_cast<std::size_t>(put));
    written_ += put;
  }
}

void AtomicFile::write(std::string_view text) {
  write(std::as_bytes(std::span<const char>(text.data(), text.size())));
}

void AtomicFile::commit() {
  check(descriptor_ >= 0, path_.string(), ": committed twice");
  check(::fsync(descriptor_) == 0, path_.string(), ": cannot fsync: ", std::strerror(errno));
  check(::rename(temporary_.c_str(), path_.c_str()) == 0, path_.string(), ": cannot rename ",
        temporary_.string(), " to it: ", std::strerror(errno));
  // A descriptor of −1 tells the destructor that there is nothing left to remove.
  const int closed = ::close(std::exchange(descriptor_, -1));
  check(closed == 0, path_.string(), ": cannot close: ", std::strerror(errno));
  sync_folder(folder_of(path_));
}

void write_file_atomically(const std::filesystem::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

void sync_folder(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  check(descriptor >= 0, folder.string(), ": cannot open the folder: ", std::strerror(errno));
  const int result = ::fsync(descriptor);
  const int error = errno;
  ::close(descriptor);
  // Some file systems cannot fsync a folder and say EINVAL: there is nothing more to do on them.
  check(result == 0 || error == EINVAL, folder.string(),
        ": cannot fsync the folder: ", std::strerror(error));
}

}  // namespace heddle
