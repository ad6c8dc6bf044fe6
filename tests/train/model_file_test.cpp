#include "train/model_file.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "core/error.h"
#include "tests/core/throws.h"
#include "tests/train/small_run.h"
#include "train/int8_weights.h"
#include "train/loss.h"
#include "train/trained_model.h"
#include "train/weights.h"

namespace heddle {
namespace {

ModelFile small_file() {
  ModelFile file;
  file.config = small_config();
  const LoadedData loaded = load_data(file.config.data);
  file.data.name = loaded.dataset.name;
  file.data.class_names = loaded.dataset.class_names;
  for (const Modality& modality : loaded.dataset.modalities) {
    file.data.modalities.emplace_back().info = modality.info;
  }
  const Loss loss(file.config.loss, loaded.dataset);
  const auto model = model_for(file.config, loaded.dataset, loss);
  file.weights = copy_of_weights(parameters_of(*model));
  return file;
}

TEST(ModelFile, ComesBackWhole) {
  const TemporaryFolder folder;
  ModelFile file = small_file();
  file.data.modalities.back().info.standardisation = {{0.1f}, {2.5f}, 0.5f};
  write_model_file(folder.path() / "m.heddle", file, StoredWeights::f32);
  EXPECT_TRUE(is_model_file(folder.path() / "m.heddle"));
  const ModelFile back = read_model_file(folder.path() / "m.heddle");
  EXPECT_EQ(to_toml(back.config), to_toml(file.config));
  EXPECT_EQ(back.data.class_names, file.data.class_names);
  EXPECT_EQ(back.data.modality_names(), file.data.modality_names());
  const ModalityInfo& text = back.data.modality("text").info;
  EXPECT_EQ(text.vocabulary->encode("a very good day"),
            file.data.modality("text").info.vocabulary->encode("a very good day"));
  EXPECT_EQ(back.data.modalities.back().info.standardisation.mean, std::vector<float>{0.1f});
  EXPECT_EQ(back.data.modalities.back().info.standardisation.power, 0.5f);
  std::map<std::string, Tensor> weights;
  for (const auto& [name, tensor] : back.weights) {
    weights.emplace(name, tensor);
  }
  for (const auto& [name, tensor] : file.weights) {
    EXPECT_TRUE(same_bits(weights.at(name), tensor)) << name;
  }
  EXPECT_EQ(parameters_of(*model_of(back, "", "m")).size(), file.weights.size());
}

TEST(ModelFile, KeepsBytePairsAndEnds) {
  const TemporaryFolder folder;
  const std::vector<std::string> texts = {"ein hund läuft", "ein \x80 hund, ein \"Hund\"\n"};
  ModelFile file = small_file();
  ModalityInfo& text = file.data.modalities.front().info;
  ASSERT_EQ(text.kind, ModalityKind::tokens);
  text.vocabulary = std::make_shared<const Vocabulary>(Bpe::learned(texts, 8));
  ModalityInfo& other = file.data.modalities.emplace_back().info;
  other.name = "words";
  other.kind = ModalityKind::tokens;
  other.vocabulary = std::make_shared<const Vocabulary>(Vocabulary::with_ends({"su", "nano"}));
  const auto path = folder.path() / "m.heddle";
  write_model_file(path, file, StoredWeights::f32);
  const ModelFile back = read_model_file(path);
  const Vocabulary& pairs = *back.data.modality(text.name).info.vocabulary;
  ASSERT_NE(pairs.bpe(), nullptr);
  EXPECT_EQ(pairs.size(), text.vocabulary->size());
  EXPECT_TRUE(pairs.has_ends());
  for (const std::string& one : texts) {
    EXPECT_EQ(pairs.encode(one), text.vocabulary->encode(one));
    EXPECT_EQ(pairs.decode(pairs.encode(one)), text.vocabulary->decode(pairs.encode(one)));
  }
  EXPECT_EQ(find_weights(path).tokenizers.at(text.name), text.vocabulary->bpe()->to_text());
  const Vocabulary& words = *back.data.modality("words").info.vocabulary;
  EXPECT_EQ(words.bpe(), nullptr);
  EXPECT_TRUE(words.has_ends());
  EXPECT_EQ(words.encode("nano su x"), other.vocabulary->encode("nano su x"));
}

TEST(ModelFile, RefusesWhatIsNone) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "m.heddle";
  write_safetensors(path, std::vector<NamedTensor>{{"w", Tensor::zeros({2})}});
  EXPECT_FALSE(is_model_file(path));
  EXPECT_NE(message_of<InputError>([&] { read_model_file(path); }).find("heddle export"),
            std::string::npos);
  const std::string config = to_toml(small_config());
  const std::map<std::string, std::string> wrong = {
      {"{", "parse error"},
      {"[]", "at() with array"},
      {R"({"format": 2})", "format 2"},
      {R"({"format": 1, "data": "x", "classes": [], "classifies": true, "scores": false,
          "inputs": [], "weights": "f32"})",
       "no classes"},
      {R"({"format": 1, "data": "x", "classes": ["a"], "classifies": true, "scores": false,
          "inputs": [{"name": "i", "kind": "image", "shape": [3, 100000, 100000]}],
          "weights": "f32"})",
       "a size of 100000"},
      {R"({"format": 1, "data": "x", "classes": ["a"], "classifies": true, "scores": false,
          "inputs": [{"name": "i", "kind": "features", "shape": [2], "mean": [1, 2, 3],
                      "scale": [1]}], "weights": "f32"})",
       "3 numbers; expected 1 or 2"},
      {R"({"format": 1, "data": "x", "classes": ["a"], "classifies": true, "scores": false,
          "inputs": [], "weights": "int4"})",
       "int4"},
      {R"({"format": 1, "data": "x", "classes": ["a"], "classifies": true, "scores": false,
          "inputs": [{"name": "t", "kind": "tokens", "shape": []}], "weights": "f32"})",
       "either words or the merges"},
      {R"({"format": 1, "data": "x", "classes": ["a"], "classifies": true, "scores": false,
          "inputs": [{"name": "t", "kind": "tokens", "shape": [], "merges": "what?"}],
          "weights": "f32"})",
       "input \"t\": merges: line 1"}};
  for (const auto& [description, expected] : wrong) {
    write_safetensors(path, std::vector<NamedTensor>{{"w", Tensor::zeros({2})}},
                      {{"heddle.config", config}, {"heddle.model", description}});
    EXPECT_NE(message_of<InputError>([&] { read_model_file(path); }).find(expected),
              std::string::npos)
        << description << message_of<InputError>([&] { read_model_file(path); });
  }
}

TEST(Int8Weights, AreWithinHalfAStepOfTheirRow) {
  Generator generator(3);
  const Tensor matrix = random_normal({5, 40}, 0.0, 1.0, generator, DType::f32);
  const Tensor filters = random_normal({3, 4, 3, 3}, 0.0, 1.0, generator, DType::f32);
  const Tensor zeros = Tensor::zeros({2, 20});
  const Tensor bias = random_normal({2, 30}, 0.0, 1.0, generator, DType::f32);
  const std::vector<NamedTensor> weights = {
      {"matrix", matrix}, {"filters", filters}, {"zeros", zeros}, {"lstm.bias", bias}};
  const Int8Weights small = as_int8(weights);
  EXPECT_EQ(small.codes, (std::set<std::string>{"matrix", "filters", "zeros"}));
  const std::vector<NamedTensor> back = from_int8(small.tensors);
  ASSERT_EQ(back.size(), weights.size());
  EXPECT_TRUE(same_bits(back[2].tensor, zeros));
  EXPECT_TRUE(same_bits(back[3].tensor, bias));
  // A filter of 4·3·3 weights is a row: the fewest last dimensions with at least 16 elements.
  for (const auto& [index, length] : {std::pair{0, 40}, std::pair{1, 36}}) {
    const std::vector<float> exact =
        weights[static_cast<std::size_t>(index)].tensor.to_vector<float>();
    const std::vector<float> rounded =
        back[static_cast<std::size_t>(index)].tensor.to_vector<float>();
    for (std::size_t row = 0; row < exact.size(); row += static_cast<std::size_t>(length)) {
      float largest = 0.0f;
      for (std::size_t i = row; i < row + static_cast<std::size_t>(length); ++i) {
        largest = std::max(largest, std::abs(exact[i]));
      }
      for (std::size_t i = row; i < row + static_cast<std::size_t>(length); ++i) {
        EXPECT_LE(std::abs(exact[i] - rounded[i]), largest / 127.0f * 0.5001f);
      }
    }
  }
}

TEST(Int8Weights, RefuseCodesWithoutTheirScales) {
  const std::vector<NamedTensor> alone = {{"w", Tensor::zeros({2, 20}, DType::i64)}};
  EXPECT_NE(message_of<InputError>([&] { from_int8(alone); }).find("no scale"), std::string::npos);
  const std::vector<NamedTensor> few = {{"w", Tensor::zeros({2, 20}, DType::i64)},
                                        {"int8.scale.w", Tensor::zeros({3})}};
  EXPECT_NE(message_of<InputError>([&] { from_int8(few); }).find("[3] scales"), std::string::npos);
}

}  // namespace
}  // namespace heddle
