#include "data/npz.h"

#include <gtest/gtest.h>
#include <zip.h>

#include <string>
#include <vector>

#include "data/folder_dataset.h"
#include "data/npy.h"
#include "tests/core/throws.h"
#include "tests/data/temporary_folder.h"

namespace heddle {
namespace {

/// An archive of these bytes, deflated or stored.
void write_archive(const std::filesystem::path& path, const std::string& name,
                   const std::string& bytes, int method) {
  int error = 0;
  zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &error);
  ASSERT_NE(archive, nullptr);
  zip_source_t* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
  const zip_int64_t index = zip_file_add(archive, name.c_str(), source, ZIP_FL_OVERWRITE);
  ASSERT_GE(index, 0);
  ASSERT_EQ(zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), method, 0), 0);
  ASSERT_EQ(zip_close(archive), 0);
}

class Npz : public testing::Test {
 protected:
  Npz() {
    write_npy(folder_ / "x.npy", Tensor::arange(6).to(DType::f32).reshape({3, 2}));
    bytes_ = bytes_of_file(folder_ / "x.npy");
  }

  TemporaryFolder folder_;
  std::string bytes_;
};

TEST_F(Npz, StoredAndDeflatedArraysAreRead) {
  for (const int method : {ZIP_CM_STORE, ZIP_CM_DEFLATE}) {
    write_archive(folder_ / "a.npz", "x.npy", bytes_, method);
    const InputFile file = InputFile::open(folder_ / "a.npz");
    EXPECT_EQ(npz_names(file), (std::vector<std::string>{"x"}));
    EXPECT_EQ(read_npz_member(file, "x"), bytes_);
    EXPECT_NE(message_of<InputError>([&] { read_npz_member(file, "y"); }).find("no array is named"),
              std::string::npos);
  }
}

TEST_F(Npz, OtherMethodsAreRefused) {
  if (zip_compression_method_supported(ZIP_CM_BZIP2, 1) == 0) {
    GTEST_SKIP() << "this libzip writes no bzip2";
  }
  write_archive(folder_ / "a.npz", "x.npy", bytes_, ZIP_CM_BZIP2);
  EXPECT_NE(message_of<InputError>([&] {
              read_npz_member(InputFile::open(folder_ / "a.npz"), "x");
            }).find("compressed by method 12; expected stored (0) or deflated (8)"),
            std::string::npos);
}

TEST_F(Npz, AnyFlippedByteOrCutIsAnErrorOrTheSameBytes) {
  write_archive(folder_ / "a.npz", "x.npy", bytes_, ZIP_CM_DEFLATE);
  const std::string whole = bytes_of_file(folder_ / "a.npz");
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const bool cut : {false, true}) {
      std::string spoilt = cut ? whole.substr(0, at) : whole;
      if (!cut) {
        spoilt[at] = static_cast<char>(spoilt[at] ^ 0x41);
      }
      try {
        EXPECT_EQ(read_npz_member(InputFile::in_memory("a.npz", spoilt), "x"), bytes_) << at;
      } catch (const InputError&) {
      }
    }
  }
}

TEST_F(Npz, ASizeThatCannotBeIsRefusedBeforeItIsAllocated) {
  write_archive(folder_ / "a.npz", "x.npy", bytes_, ZIP_CM_STORE);
  std::string bomb = bytes_of_file(folder_ / "a.npz");
  // The stated size, in the local header (byte 22) and in the central directory (entry byte 24).
  const std::size_t entry = bomb.find("PK\x01\x02");
  for (const std::size_t at : {std::size_t{22}, entry + 24}) {
    bomb.replace(at, 4, std::string("\xFF\xFF\xFF\x7F", 4));
  }
  EXPECT_THROW(read_npz_member(InputFile::in_memory("a.npz", bomb), "x"), InputError);
}

TEST_F(Npz, AnArrayOfAnArchiveIsAModality) {
  write_archive(folder_ / "a.npz", "x.npy", bytes_, ZIP_CM_DEFLATE);
  const auto path =
      folder_.write("dataset.toml",
                    "name = 'n'\n[[modality]]\nname = 'x'\nkind = 'features'\nfile = 'a.npz:x'\n");
  const Dataset dataset = load_folder_dataset(path);
  EXPECT_EQ(dataset.samples, 3);
  EXPECT_EQ(dataset.modality("x").sample(2).to_vector<float>(), (std::vector<float>{4, 5}));
}

}  // namespace
}  // namespace heddle
