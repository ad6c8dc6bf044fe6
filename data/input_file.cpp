#include "data/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/error.h"

namespace heddle {

InputFile::InputFile(std::string name, int descriptor, std::string_view bytes, std::int64_t size)
    : name_(std::move(name)), descriptor_(descriptor), bytes_(bytes), size_(size) {}

InputFile InputFile::open(const std::filesystem::path& path) {
  // A FIFO would block in open, hence O_NONBLOCK; it has no effect on regular files.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  check<InputError>(descriptor >= 0, path.string(), ": cannot open: ", std::strerror(errno));
  InputFile file(path.string(), descriptor, {}, 0);
  struct stat status = {};
  check<InputError>(::fstat(descriptor, &status) == 0, file.name_,
                    ": cannot stat: ", std::strerror(errno));
  check<InputError>(S_ISREG(status.st_mode), file.name_, ": expected a regular file, found a ",
                    S_ISDIR(status.st_mode) ? "folder" : "device, pipe or socket");
  file.size_ = status.st_size;
  return file;
}

InputFile InputFile::in_memory(std::string name, std::string_view bytes) {
  return InputFile(std::move(name), -1, bytes, static_cast<std::int64_t>(bytes.size()));
}

InputFile::InputFile(InputFile&& other) noexcept
    : name_(std::move(other.name_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      bytes_(other.bytes_),
      size_(other.size_) {}

InputFile& InputFile::operator=(InputFile&& other) noexcept {
  std::swap(name_, other.name_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(bytes_, other.bytes_);
  std::swap(size_, other.size_);
  return *this;
}

InputFile::~InputFile() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

void InputFile::read(std::int64_t offset, std::span<std::byte> out) const {
  const auto count = static_cast<std::int64_t>(out.size());
  check<InputError>(offset >= 0 && offset <= size_ && count <= size_ - offset, name_, ": byte ",
                    offset, ": expected ", count, " more bytes, but the file has ", size_);
  if (descriptor_ < 0) {
    std::copy_n(reinterpret_cast<const std::byte*>(bytes_.data()) + offset, out.size(),
                out.begin());
    return;
  }
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got = ::pread(descriptor_, out.data() + done, out.size() - done,
                                offset + static_cast<std::int64_t>(done));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    check<InputError>(got >= 0, name_, ": byte ", offset, ": cannot read: ", std::strerror(errno));
    check<InputError>(got > 0, name_, ": byte ", offset + static_cast<std::int64_t>(done),
                      ": the file ends here, but it had ", size_,
                      " bytes when it was opened; is something writing to it?");
    done += static_cast<std::size_t>(got);
  }
}

std::string InputFile::read_text(std::int64_t offset, std::int64_t count) const {
  check<InputError>(offset >= 0 && count >= 0 && offset <= size_ && count <= size_ - offset, name_,
                    ": byte ", offset, ": expected ", count, " more bytes, but the file has ",
                    size_);
  std::string text(static_cast<std::size_t>(count), '\0');
  read(offset, std::as_writable_bytes(std::span<char>(text)));
  return text;
}

}  // namespace heddle
