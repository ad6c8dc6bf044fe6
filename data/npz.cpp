#include "data/npz.h"

#include <zip.h>

#include <cstdint>
#include <memory>

#include "core/error.h"
#include "data/nearest_name.h"

namespace heddle {
namespace {

constexpr std::int64_t largest_archive = std::int64_t{1} << 32;
constexpr zip_uint64_t largest_member = zip_uint64_t{1} << 32;
constexpr zip_int64_t most_members = 4096;
// Deflate writes at least one bit for 258 bytes twice over: RFC 1951, §3.2.5.
constexpr zip_uint64_t most_growth = 1032;
constexpr std::string_view ending = ".npy";

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* member) const { zip_fclose(member); }
};
using Archive = std::unique_ptr<zip_t, Discard>;
using Member = std::unique_ptr<zip_file_t, Discard>;

/// An archive over bytes in memory, which must outlive it.
Archive open_archive(const std::string& bytes, const std::string& name) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  zip_t* archive = source == nullptr
                       ? nullptr
                       : zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
  if (archive == nullptr) {
    const std::string reason = zip_error_strerror(&error);
    zip_source_free(source);
    zip_error_fini(&error);
    fail<InputError>(name, ": expected a .npz archive (zip): ", reason);
  }
  zip_error_fini(&error);
  return Archive(archive);
}

std::string bytes_of(const InputFile& file) {
  check<InputError>(file.size() > 0, file.name(),
                    ": expected a .npz archive (zip): the file is empty");  // libzip: no member
  check<InputError>(file.size() <= largest_archive, file.name(), ": the archive has ", file.size(),
                    " bytes, expected at most ", largest_archive);
  return file.read_text(0, file.size());
}

std::vector<std::string> names_in(zip_t* archive, const std::string& file) {
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  check<InputError>(count <= most_members, file, ": the archive has ", count,
                    " members, expected at most ", most_members);
  std::vector<std::string> names;
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* name = zip_get_name(archive, static_cast<zip_uint64_t>(i), ZIP_FL_ENC_GUESS);
    std::string text = name == nullptr ? "" : name;
    if (text.ends_with(ending)) {
      text.resize(text.size() - ending.size());
    }
    names.push_back(std::move(text));
  }
  return names;
}

/// The size of a member, if it can be believed.
std::size_t checked_size(const zip_stat_t& stat, const std::string& where) {
  constexpr zip_uint64_t wanted =
      ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  check<InputError>((stat.valid & wanted) == wanted, where, "the archive does not state its size");
  check<InputError>(stat.encryption_method == ZIP_EM_NONE, where,
                    "the array is encrypted; expected a plain one");
  check<InputError>(stat.comp_method == ZIP_CM_STORE || stat.comp_method == ZIP_CM_DEFLATE, where,
                    "compressed by method ", stat.comp_method,
                    "; expected stored (0) or deflated (8), as NumPy writes");
  check<InputError>(stat.size <= largest_member, where, "the array has ", stat.size,
                    " bytes, expected at most ", largest_member);
  check<InputError>(stat.size / most_growth <= stat.comp_size, where, "the archive states ",
                    stat.size, " bytes, which ", stat.comp_size, " compressed ones cannot hold");
  return static_cast<std::size_t>(stat.size);
}

}  // namespace

std::vector<std::string> npz_names(const InputFile& file) {
  const std::string bytes = bytes_of(file);
  const Archive archive = open_archive(bytes, file.name());
  return names_in(archive.get(), file.name());
}

std::string read_npz_member(const InputFile& file, std::string_view name) {
  const std::string bytes = bytes_of(file);
  const Archive archive = open_archive(bytes, file.name());
  const std::vector<std::string> names = names_in(archive.get(), file.name());
  zip_uint64_t index = 0;
  while (index < names.size() && names[index] != name) {
    ++index;
  }
  check<InputError>(index < names.size(), file.name(), ": no array is named \"", name, "\"",
                    suggestion(name, names));
  const std::string where = concat(file.name(), ": array \"", name, "\": ");
  zip_stat_t stat;
  zip_stat_init(&stat);
  check<InputError>(zip_stat_index(archive.get(), index, 0, &stat) == 0, where,
                    zip_strerror(archive.get()));
  std::string content(checked_size(stat, where), '\0');
  const Member member(zip_fopen_index(archive.get(), index, 0));
  check<InputError>(member != nullptr, where, zip_strerror(archive.get()));
  const zip_int64_t got = zip_fread(member.get(), content.data(), content.size());
  char beyond = 0;
  // Reading on to the end is what makes the library compare the checksum.
  const zip_int64_t rest = got < 0 ? got : zip_fread(member.get(), &beyond, 1);
  check<InputError>(got == static_cast<zip_int64_t>(content.size()) && rest == 0, where,
                    rest < 0 ? zip_file_strerror(member.get()) : "is not as long as it states");
  return content;
}

}  // namespace heddle
