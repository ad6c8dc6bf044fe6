#include "data/safetensors.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "data/sha256.h"
#include "tests/core/throws.h"
#include "tests/data/temporary_folder.h"

namespace heddle {
namespace {

std::vector<NamedTensor> some_tensors() {
  return {{"b.flag", Tensor::from<bool>({true, false, true}, {3})},
          {"a.weight", Tensor::from<float>({1, 2, 3, 4, 5, 6}, {2, 3})},
          {"empty double", Tensor::zeros({0, 4}, DType::f64)},
          {"an empty float", Tensor::zeros({3, 0})},
          {"count", Tensor::scalar(7, DType::i64)},
          {"ü \"quoted\"\\\n", Tensor::from<double>({1e-300}, {1})}};
}

std::string file_with(const std::string& header, const std::string& data) {
  std::string length(8, '\0');
  length[0] = static_cast<char>(header.size() & 255u);
  length[1] = static_cast<char>(header.size() >> 8);
  return length + header + data;
}

SafetensorsFile in_memory(const std::string& bytes) {
  return SafetensorsFile(InputFile::in_memory("m.safetensors", bytes));
}

TEST(Safetensors, TensorsAndMetadataComeBack) {
  const TemporaryFolder folder;
  const std::map<std::string, std::string> metadata = {{"step", "12"}, {"note", "ä\t\"x\""}};
  const auto tensors = some_tensors();
  write_safetensors(folder / "x.safetensors", tensors, metadata);
  const Safetensors back = read_safetensors(folder / "x.safetensors");
  EXPECT_EQ(back.metadata, metadata);
  ASSERT_EQ(back.tensors.size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    EXPECT_TRUE(same_bits(back.tensor(name), tensor)) << name;
  }
  EXPECT_NE(message_of<InputError>([&] { back.tensor("a.weigth"); }).find("\"a.weight\"?"),
            std::string::npos);
}

TEST(Safetensors, SmallNumbersAreWrittenAsSingleBytes) {
  const TemporaryFolder folder;
  const Tensor codes = Tensor::from<std::int64_t>({-128, -1, 0, 127}, {2, 2});
  const std::vector<NamedTensor> tensors = {{"codes", codes}, {"scale", Tensor::zeros({2})}};
  write_safetensors(folder / "x.safetensors", tensors, {}, {"codes"});
  const SafetensorsFile file = SafetensorsFile::open(folder / "x.safetensors");
  EXPECT_EQ(file.entries().back().dtype, "I8");
  EXPECT_EQ(file.entries().back().end - file.entries().back().begin, 4);
  EXPECT_TRUE(same_bits(file.read("codes"), codes));
  const std::vector<NamedTensor> large = {{"codes", Tensor::scalar(128, DType::i64)}};
  EXPECT_NE(message_of<Error>([&] {
              write_safetensors(folder / "y.safetensors", large, {}, {"codes"});
            }).find("128, which is no I8"),
            std::string::npos);
}

TEST(Safetensors, Bf16IsWrittenAsItIsAndReadWidened) {
  const TemporaryFolder folder;
  const Tensor exact = Tensor::from<float>({1.5f, -0.0f, 0x1.fep60f, 1.0f}, {2, 2});
  const std::vector<NamedTensor> tensors = {{"half", exact.to(DType::bf16)}};
  write_safetensors(folder / "x.safetensors", tensors);
  const SafetensorsFile file = SafetensorsFile::open(folder / "x.safetensors");
  EXPECT_EQ(file.entries().front().dtype, "BF16");
  const auto& entry = file.entries().front();
  EXPECT_EQ(entry.end - entry.begin, 8);
  EXPECT_TRUE(same_bits(file.read("half"), exact));
}

TEST(Safetensors, WriterOrdersAlignsAndAddsChecksums) {
  const TemporaryFolder folder;
  const auto tensors = some_tensors();
  write_safetensors(folder / "x.safetensors", tensors);
  const SafetensorsFile file = SafetensorsFile::open(folder / "x.safetensors");
  EXPECT_EQ((8 + file.header_bytes()) % 8, 0);
  EXPECT_TRUE(file.notes().empty());
  EXPECT_EQ(file.checksums().at("a.weight"), sha256_of(tensors[1].tensor));
  EXPECT_EQ(file.entries().back().name, "b.flag");  // one-byte elements come last
  std::int64_t next = 8 + file.header_bytes();
  for (const SafetensorsFile::Entry& entry : file.entries()) {
    EXPECT_EQ(entry.begin, next);
    next = entry.end;
  }
  EXPECT_EQ(next, file.file().size());
  // The same tensors give the same bytes, whatever their order.
  const std::string bytes = bytes_of_file(folder / "x.safetensors");
  std::vector<NamedTensor> reversed(tensors.rbegin(), tensors.rend());
  write_safetensors(folder / "y.safetensors", reversed);
  EXPECT_EQ(bytes, bytes_of_file(folder / "y.safetensors"));
}

TEST(Safetensors, NoTensorsAtAll) {
  const TemporaryFolder folder;
  write_safetensors(folder / "x.safetensors", {});
  EXPECT_TRUE(read_safetensors(folder / "x.safetensors").tensors.empty());
  EXPECT_TRUE(in_memory(file_with("{}", "")).entries().empty());
}

TEST(Safetensors, EveryFlippedBitAndEveryCutIsFound) {
  const TemporaryFolder folder;
  const std::vector<NamedTensor> tensors = {{"w", Tensor::from<float>({1, 2, 3}, {3})},
                                            {"n", Tensor::from<std::int64_t>({4}, {1})}};
  write_safetensors(folder / "x.safetensors", tensors, {{"step", "3"}});
  const std::string whole = bytes_of_file(folder / "x.safetensors");
  const auto is_refused = [](const std::string& bytes) {
    try {
      const SafetensorsFile file = in_memory(bytes);
      for (const SafetensorsFile::Entry& entry : file.entries()) {
        file.read(entry);
      }
    } catch (const InputError&) {
      return true;
    }
    return false;
  };
  EXPECT_FALSE(is_refused(whole));
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    EXPECT_TRUE(is_refused(damaged)) << "bit " << bit;
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_TRUE(is_refused(whole.substr(0, size))) << "size " << size;
  }
}

TEST(Safetensors, OtherTypesAreWidenedOrOnlyListed) {
  const std::string header =
      R"({"h":{"dtype":"F16","shape":[1],"data_offsets":[0,2]},)"
      R"("b":{"dtype":"BF16","shape":[1],"data_offsets":[2,4]},)"
      R"("i":{"dtype":"I8","shape":[2],"data_offsets":[4,6]},)"
      R"("q":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[6,8]},)"
      R"("r":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,0],"data_offsets":[8,8]}})";
  const std::string bytes = file_with(header, std::string("\x00\x3e\xc0\x3f\xff\x05\x01\x02", 8));
  const SafetensorsFile file = in_memory(bytes);
  EXPECT_EQ(file.read("h").item<float>(), 1.5f);
  EXPECT_EQ(file.read("b").item<float>(), 1.5f);
  EXPECT_EQ(file.read("i").to_vector<std::int64_t>(), (std::vector<std::int64_t>{-1, 5}));
  EXPECT_NE(message_of<InputError>([&] { file.read("q"); }).find("F8_E4M3, which tensors do not"),
            std::string::npos);
  EXPECT_NE(message_of<InputError>([&] { file.read("r"); }).find("10 dimensions, expected at most"),
            std::string::npos);
}

TEST(Safetensors, LeadingSpaceIsReadAndNoted) {
  EXPECT_EQ(in_memory(file_with(" {}  ", "")).notes().size(), 1u);
  EXPECT_TRUE(in_memory(file_with("{}  ", "")).notes().empty());
}

TEST(Safetensors, AForeignFileNeedsNoChecksums) {
  const std::string header = R"({"__metadata__":{},"w":{"dtype":"F32","shape":[],)"
                             R"("data_offsets":[0,4]}})";
  const std::string bytes = file_with(header, std::string("\0\0\x80\x3f", 4));
  EXPECT_EQ(in_memory(bytes).read("w").item<float>(), 1.0f);
}

TEST(Safetensors, WriterRefusesNamesThatCannotBeRead) {
  const TemporaryFolder folder;
  const Tensor one = Tensor::zeros({1});
  const auto written = [&](const std::string& name) {
    const std::vector<NamedTensor> tensors = {{"x", one}, {name, one}};
    return message_of([&] { write_safetensors(folder / "x.safetensors", tensors); });
  };
  EXPECT_NE(written("x").find("two tensors are named \"x\""), std::string::npos);
  for (const std::string& name :
       {std::string("__metadata__"), std::string(), std::string("a\0b", 3), std::string("\xff"),
        std::string(4097, 'n')}) {
    EXPECT_NE(written(name).find("cannot name a tensor"), std::string::npos) << name;
  }
  const std::string message = message_of([&] {
    write_safetensors(folder / "x.safetensors", {}, {{"heddle.sha256.x", "1"}});
  });
  EXPECT_NE(message.find("kept for checksums"), std::string::npos);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace heddle
