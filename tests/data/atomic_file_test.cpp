#include "data/atomic_file.h"

#include <gtest/gtest.h>

#include "data/sha256.h"
#include "tests/core/throws.h"
#include "tests/data/temporary_folder.h"

namespace heddle {
namespace {

TEST(AtomicFile, AppearsOnlyWhenCommitted) {
  const TemporaryFolder folder;
  const auto path = folder.write("x.txt", "old");
  {
    AtomicFile file(path);
    file.write("half");
    EXPECT_EQ(bytes_of_file(path), "old");
  }
  EXPECT_EQ(bytes_of_file(path), "old");
  AtomicFile file(path);
  file.write("new ");
  file.write("text");
  EXPECT_EQ(file.written(), 8);
  file.commit();
  EXPECT_EQ(bytes_of_file(path), "new text");
  EXPECT_NE(message_of([&] { file.write("x"); }).find("after commit"), std::string::npos);
  // Nothing else is left in the folder.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(AtomicFile, ErrorsNameTheFileAndTheReason) {
  const TemporaryFolder folder;
  const std::string message =
      message_of([&] { write_file_atomically(folder / "no/x.txt", "text"); });
  EXPECT_NE(message.find("x.txt: cannot write beside it"), std::string::npos) << message;
  EXPECT_NE(message.find("No such file"), std::string::npos) << message;
  std::filesystem::create_directory(folder / "taken");
  const std::string taken = message_of([&] { write_file_atomically(folder / "taken", "text"); });
  EXPECT_NE(taken.find("cannot rename"), std::string::npos) << taken;
}

TEST(Sha256, KnownDigests) {
  // FIPS 180-2, appendix B, and the empty message.
  EXPECT_EQ(sha256_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Sha256 parts;
  parts.update("a");
  parts.update("bc");
  EXPECT_EQ(parts.finish(), sha256_of("abc"));
  const Tensor tensor = Tensor::from<std::int64_t>({0x636261, 0}, {2});
  EXPECT_EQ(sha256_of(tensor.slice(0, 0, 1)), sha256_of(std::string("abc\0\0\0\0\0", 8)));
}

}  // namespace
}  // namespace heddle
