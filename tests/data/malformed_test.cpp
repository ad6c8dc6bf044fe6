#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "core/error.h"
#include "data/csv.h"
#include "data/dataset_description.h"
#include "data/folder_dataset.h"
#include "data/image_file.h"
#include "data/npy.h"
#include "data/npz.h"
#include "data/safetensors.h"
#include "data/tsv.h"
#include "data/wav.h"
#include "data/word_vectors.h"

namespace heddle {
namespace {

const std::filesystem::path folder = std::filesystem::path(HEDDLE_SOURCE_DIR) / "tests/malformed";

void open_as(const std::string& kind, const std::filesystem::path& path) {
  if (kind == "npy") {
    read_npy(path);
  } else if (kind == "tsv") {
    read_tsv(path);
  } else if (kind == "safetensors") {
    read_safetensors(path);
  } else if (kind == "toml") {
    parse_dataset_description(InputFile::open(path));
  } else if (kind == "npz") {
    const InputFile file = InputFile::open(path);
    for (const std::string& name : npz_names(file)) {
      read_npy(InputFile::in_memory(concat(path.string(), ":", name), read_npz_member(file, name)));
    }
  } else if (kind == "csv") {
    read_csv(InputFile::open(path));
  } else if (kind == "jsonl") {
    read_jsonl(InputFile::open(path));
  } else if (kind == "png" || kind == "jpeg") {
    static_cast<void>(read_image(InputFile::open(path), 3));
  } else if (kind == "wav") {
    static_cast<void>(read_wav(InputFile::open(path)));
  } else if (kind == "vectors") {
    read_word_vectors(InputFile::open(path), {});
  } else if (kind == "dataset") {
    load_folder_dataset(path);
  } else {
    ADD_FAILURE() << "the manifest has the kind " << kind;
  }
}

TEST(Malformed, EveryFileGivesItsError) {
  const Table manifest = read_tsv(folder / "manifest.tsv");
  const auto files = manifest.text("file");
  const auto kinds = manifest.text("kind");
  const auto expected = manifest.text("expected");
  EXPECT_GE(files.size(), 170u);
  for (std::size_t i = 0; i < files.size(); ++i) {
    SCOPED_TRACE(files[i]);
    try {
      open_as(kinds[i], folder / files[i]);
      ADD_FAILURE() << "was accepted";
    } catch (const InputError& error) {
      const std::string message = error.what();
      EXPECT_NE(message.find(expected[i]), std::string::npos) << message;
      EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    }
  }
}

TEST(Malformed, EveryFileIsInTheManifest) {
  const auto listed = read_tsv(folder / "manifest.tsv").text("file");
  std::set<std::string> known(listed.begin(), listed.end());
  known.insert({"manifest.tsv", "make_malformed.py"});
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    EXPECT_TRUE(known.contains(name) || name.starts_with("good.")) << name;
  }
}

TEST(Malformed, TheGoodFilesAreGood) {
  EXPECT_EQ(read_npy(folder / "good.npy").shape(), (Shape{2, 3}));
  EXPECT_EQ(read_tsv(folder / "good.tsv").rows(), 3);
  EXPECT_EQ(word_vector_width(InputFile::open(folder / "good.vectors.txt")), 2);
  EXPECT_EQ(read_safetensors(folder / "good.safetensors").tensors.size(), 2u);
  const InputFile archive = InputFile::open(folder / "good.npz");
  EXPECT_EQ(npz_names(archive), std::vector<std::string>{"x"});
  EXPECT_EQ(read_npy(InputFile::in_memory("x", read_npz_member(archive, "x"))).shape(),
            (Shape{2, 3}));
  EXPECT_EQ(read_csv(InputFile::open(folder / "good.csv")).rows(), 2);
  EXPECT_EQ(read_jsonl(InputFile::open(folder / "good.jsonl")).rows(), 2);
  EXPECT_EQ(read_image(InputFile::open(folder / "good.png"), 3).shape(), (Shape{3, 2, 2}));
  EXPECT_EQ(read_image(InputFile::open(folder / "good.jpeg"), 1).shape(), (Shape{1, 8, 8}));
  EXPECT_EQ(read_wav(InputFile::open(folder / "good.wav")).samples.shape(), (Shape{2}));
  EXPECT_EQ(parse_dataset_description(InputFile::open(folder / "good.toml")).modalities.size(), 3u);
}

}  // namespace
}  // namespace heddle
