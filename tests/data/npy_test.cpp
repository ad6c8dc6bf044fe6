#include "data/npy.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "tests/core/throws.h"
#include "tests/data/temporary_folder.h"

namespace heddle {
namespace {

using namespace std::string_literals;

std::string npy(const std::string& descr, const std::string& order, const std::string& shape,
                const std::string& data, int version = 1) {
  std::string header =
      "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
  std::string file = "\x93NUMPY"s + static_cast<char>(version) + '\0';
  file += static_cast<char>(header.size() & 255u);
  file += static_cast<char>(header.size() >> 8);
  file += version == 1 ? ""s : "\0\0"s;
  return file + header + data;
}

Tensor read(const std::string& bytes, std::optional<DType> dtype = {}) {
  return read_npy(InputFile::in_memory("memory.npy", bytes), dtype);
}

TEST(Npy, Bf16IsRefusedForThereIsNoSuchTypeInTheFormat) {
  const TemporaryFolder folder;
  const std::string message =
      message_of<Error>([&] { write_npy(folder / "x.npy", Tensor::zeros({2}, DType::bf16)); });
  EXPECT_NE(message.find("bf16"), std::string::npos) << message;
  EXPECT_NE(message.find("safetensors"), std::string::npos) << message;
}

TEST(Npy, EveryTypeComesBackWithShapeAndBits) {
  const TemporaryFolder folder;
  const std::vector<Tensor> tensors = {
      Tensor::from<float>({1.5f, -0.0f, std::numeric_limits<float>::quiet_NaN(), 1e-42f, 3, 4},
                          {2, 3}),
      Tensor::from<double>({1e300, -2}, {2}),
      Tensor::from<std::int64_t>({std::numeric_limits<std::int64_t>::min(), 7}, {1, 2, 1}),
      Tensor::from<bool>({true, false, true}, {3}),
      Tensor::scalar(2.5),
      Tensor::zeros({0, 5}),
      Tensor::zeros({1, 1, 1, 1, 1, 1, 1, 2})};
  for (const Tensor& tensor : tensors) {
    write_npy(folder / "x.npy", tensor);
    const Tensor back = read_npy(folder / "x.npy");
    EXPECT_TRUE(same_bits(back, tensor)) << tensor;
    EXPECT_EQ(check_npy(InputFile::open(folder / "x.npy")).elements().offset % 64, 0);
  }
}

TEST(Npy, AViewIsWrittenRowMajor) {
  const TemporaryFolder folder;
  const Tensor view = Tensor::arange(6).reshape({2, 3}).transpose(0, 1);
  write_npy(folder / "x.npy", view);
  EXPECT_EQ(read_npy(folder / "x.npy").to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{0, 3, 1, 4, 2, 5}));
}

TEST(Npy, SmallIntegersBothByteOrders) {
  EXPECT_EQ(read(npy("|i1", "False", "(2,)", "\xff\x02"s)).to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{-1, 2}));
  EXPECT_EQ(read(npy("<u2", "False", "(2,)", "\x01\x00\xff\xff"s)).to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{1, 65535}));
  EXPECT_EQ(read(npy(">i2", "False", "(2,)", "\x01\x00\xff\xfe"s)).to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{256, -2}));
  EXPECT_EQ(read(npy(">f4", "False", "(1,)", "\x3f\xc0\x00\x00"s)).item<float>(), 1.5f);
  EXPECT_EQ(read(npy(">u8", "False", "()", "\0\0\0\0\0\0\1\2"s)).item<std::int64_t>(), 258);
}

TEST(Npy, HalfPrecisionIsExactForAllBits) {
  std::string data;
  for (unsigned int bits = 0; bits < 65536; ++bits) {
    data += static_cast<char>(bits & 255u);
    data += static_cast<char>(bits >> 8);
  }
  const std::vector<float> values = read(npy("<f2", "False", "(65536,)", data)).to_vector<float>();
  for (unsigned int bits = 0; bits < 65536; ++bits) {
    const int exponent = static_cast<int>(bits >> 10 & 31u);
    const int fraction = static_cast<int>(bits & 1023u);
    const double sign = (bits & 0x8000u) != 0 ? -1 : 1;
    const float value = values[bits];
    if (exponent == 31) {
      EXPECT_EQ(std::isnan(value), fraction != 0);
      EXPECT_EQ(std::isinf(value), fraction == 0);
    } else {
      const double wanted =
          exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
      ASSERT_EQ(static_cast<double>(value), sign * wanted) << bits;
    }
    ASSERT_EQ(std::signbit(value), sign < 0) << bits;
  }
}

TEST(Npy, FortranOrderIsTransposed) {
  const Tensor tensor = read(npy("|u1", "True", "(2, 3)", "\1\2\3\4\5\6"s));
  EXPECT_EQ(tensor.shape(), (Shape{2, 3}));
  EXPECT_EQ(tensor.to_vector<std::int64_t>(), (std::vector<std::int64_t>{1, 3, 5, 2, 4, 6}));
}

TEST(Npy, VersionsAndPython2Spellings) {
  for (const int version : {1, 2, 3}) {
    EXPECT_EQ(read(npy("<f4", "False", "(1L,)", "\0\0\x80\x3f"s, version)).item<float>(), 1.0f);
  }
}

TEST(Npy, OtherTypesCanBeAskedForAsFloats) {
  const Tensor tensor = read(npy("|u1", "False", "(2,)", "\x07\xff"s), DType::f32);
  EXPECT_EQ(tensor.dtype(), DType::f32);
  EXPECT_EQ(tensor.to_vector<float>(), (std::vector<float>{7, 255}));
  const std::string message =
      message_of<InputError>([] { read(npy("<f4", "False", "(1,)", "\0\0\0\0"s), DType::i64); });
  EXPECT_NE(message.find("holds f32 values, expected i64"), std::string::npos) << message;
}

TEST(Npy, ErrorsNameFileAndByte) {
  const TemporaryFolder folder;
  const auto path = folder.write("cut.npy", npy("<f4", "False", "(2, 3)", "abc"));
  const std::string message = message_of<InputError>([&] { read_npy(path); });
  EXPECT_NE(message.find("cut.npy: byte "), std::string::npos) << message;
  EXPECT_NE(message.find("needs 24 bytes of data, but the file has 3"), std::string::npos)
      << message;
  EXPECT_NE(message_of<InputError>([&] { read_npy(folder / "no.npy"); }).find("cannot open"),
            std::string::npos);
  EXPECT_NE(message_of<InputError>([&] { read_npy(folder.path()); }).find("found a folder"),
            std::string::npos);
  EXPECT_NE(message_of<InputError>([] { read_npy("/dev/zero"); }).find("expected a regular file"),
            std::string::npos);
}

}  // namespace
}  // namespace heddle
