#include "train/onnx_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "models/build.h"
#include "tests/core/throws.h"
#include "tests/train/small_run.h"
#include "train/model_batch.h"
#include "train/onnx_encoders.h"
#include "train/onnx_file.h"
#include "train/weights.h"

namespace heddle {
namespace {

ModalityInfo features(const std::string& name, std::int64_t size) {
  return {.name = name,
          .kind = ModalityKind::features,
          .shape = {size},
          .vocabulary = {},
          .standardisation = {}};
}

/// A file of an untrained model of `config` for these inputs and two classes.
ModelFile file_for(const RunConfig& config, const std::vector<ModalityInfo>& inputs) {
  ModelFile file;
  file.config = config;
  file.data.name = "small";
  file.data.class_names = {"no", "yes"};
  for (const ModalityInfo& info : inputs) {
    file.data.modalities.emplace_back().info = info;
  }
  const auto model =
      build_model(config.model, input_specs(file.data), 2, false, Generator(config.train.seed));
  file.weights = copy_of_weights(parameters_of(*model));
  return file;
}

/// The document's model: words and the features of a picture.
ModelFile document_file() {
  ModalityInfo words = features("text", 1);
  words.kind = ModalityKind::tokens;
  words.shape = {};
  words.vocabulary = std::make_shared<const Vocabulary>(std::vector<std::string>{"good", "bad"});
  ModalityInfo picture = features("image", 3);
  picture.standardisation = {{1.0f, 2.0f, 3.0f}, {0.5f, 0.5f, 0.25f}};
  RunConfig config;
  config.name = "2 words";
  config.model.hidden = 4;
  config.model.tokens.embedding = 3;
  return file_for(config, {words, picture});
}

std::vector<std::string> names_of(const std::vector<OnnxValue>& values) {
  std::vector<std::string> names;
  for (const OnnxValue& value : values) {
    names.push_back(value.name);
  }
  return names;
}

const Tensor& constant_of(const OnnxGraph& graph, const std::string& name) {
  for (const NamedTensor& constant : graph.constants) {
    if (constant.name == name) {
      return constant.tensor;
    }
  }
  throw std::runtime_error("no constant " + name);
}

TEST(OnnxModel, SaysWhatGoesInAndOut) {
  const OnnxGraph graph = onnx_graph_of(document_file());
  EXPECT_EQ(graph.name, "_2_words");
  EXPECT_EQ(names_of(graph.inputs),
            (std::vector<std::string>{"text", "text_lengths", "image", "image_present"}));
  EXPECT_EQ(graph.inputs[0].shape, (OnnxShape{"text_time", "batch"}));
  EXPECT_EQ(graph.inputs[0].dtype, DType::i64);
  EXPECT_EQ(graph.inputs[2].shape, (OnnxShape{"batch", 3}));
  EXPECT_EQ(names_of(graph.outputs),
            (std::vector<std::string>{"probabilities", "logits", "text_attention"}));
  EXPECT_EQ(graph.outputs[0].shape, (OnnxShape{"batch", 2}));
  EXPECT_EQ(graph.outputs[2].shape, (OnnxShape{"text_time", "batch"}));
  EXPECT_EQ(graph.metadata.at("heddle.classes"), "[\"no\",\"yes\"]");
  EXPECT_EQ(graph.metadata.at("heddle.inputs"), "[\"text\",\"image\"]");
  EXPECT_EQ(graph.metadata.at("heddle.words.text"), "[\"<pad>\",\"<unk>\",\"good\",\"bad\"]");
}

TEST(OnnxModel, EveryNodeReadsWhatIsThereAndEveryConstantIsRead) {
  for (const SequencePool pool : {SequencePool::attention, SequencePool::final}) {
    ModelFile file = document_file();
    RunConfig config = file.config;
    config.model.pool = pool;
    config.model.missing_vectors = true;
    const OnnxGraph graph =
        onnx_graph_of(file_for(config, {file.data.modality("text").info, features("image", 3)}));
    std::set<std::string> there = {""};
    std::set<std::string> read;
    const auto add = [&](const std::string& name) {
      EXPECT_TRUE(there.insert(name).second) << name << " is given twice";
    };
    for (const NamedTensor& constant : graph.constants) {
      add(constant.name);
    }
    for (const std::string& name : names_of(graph.inputs)) {
      add(name);
    }
    for (const OnnxNode& node : graph.nodes) {
      for (const std::string& input : node.inputs) {
        EXPECT_TRUE(there.contains(input)) << node.op << " reads " << input;
        read.insert(input);
      }
      for (const std::string& output : node.outputs) {
        add(output);
      }
    }
    for (const NamedTensor& constant : graph.constants) {
      EXPECT_TRUE(read.contains(constant.name)) << constant.name << " is not read";
    }
    for (const std::string& name : names_of(graph.outputs)) {
      EXPECT_TRUE(there.contains(name)) << name;
    }
  }
}

TEST(OnnxModel, GatesOfAnLstmAreInTheOrderOfTheFormat) {
  const ModelFile file = document_file();
  const OnnxGraph graph = onnx_graph_of(file);
  const auto original = std::find_if(
      file.weights.begin(), file.weights.end(),
      [](const NamedTensor& weight) { return weight.name == "text.lstm.0.weight_input"; });
  ASSERT_NE(original, file.weights.end());
  const std::vector<float> ours = original->tensor.to_vector<float>();  // [2, 16, 3]: i, f, g, o
  const std::vector<float> theirs =
      constant_of(graph, "text_lstm_0_weight_input").to_vector<float>();  // i, o, f, c
  const std::size_t gate = 4 * 3;
  const std::size_t from[4] = {0, 3, 1, 2};
  for (std::size_t direction = 0; direction < 2; ++direction) {
    for (std::size_t k = 0; k < 4; ++k) {
      for (std::size_t i = 0; i < gate; ++i) {
        EXPECT_EQ(theirs[(direction * 4 + k) * gate + i],
                  ours[(direction * 4 + from[k]) * gate + i]);
      }
    }
  }
  // The forget gates' ones, and a second bias of zeros.
  const std::vector<float> bias = constant_of(graph, "text_lstm_0_bias").to_vector<float>();
  ASSERT_EQ(bias.size(), 2u * 32u);
  for (std::size_t i = 0; i < bias.size(); ++i) {
    EXPECT_EQ(bias[i], i % 32 >= 8 && i % 32 < 12 ? 1.0f : 0.0f) << i;
  }
}

TEST(OnnxModel, APowerIsTakenOfRawValues) {
  ModelFile file = document_file();
  const auto operators = [&] {
    std::multiset<std::string> found;
    for (const OnnxNode& node : onnx_graph_of(file).nodes) {
      found.insert(node.op);
    }
    return found;
  };
  EXPECT_EQ(operators().count("Pow"), 0u);
  file.data.modalities.back().info.standardisation.power = 0.5f;
  EXPECT_EQ(operators().count("Sign"), 1u);
  EXPECT_EQ(operators().count("Abs"), 1u);
  EXPECT_EQ(operators().count("Pow"), 1u);
}

TEST(OnnxModel, NamesNeverMeet) {
  RunConfig config;
  config.model.hidden = 4;
  const OnnxGraph graph = onnx_graph_of(
      file_for(config, {features("logits", 2), features("pulse rate", 3), features("pulse_rate", 2),
                        features("pulse_rate_present", 2)}));
  EXPECT_EQ(names_of(graph.inputs),
            (std::vector<std::string>{"logits_2", "logits_present", "pulse_rate",
                                      "pulse_rate_present", "pulse_rate_2", "pulse_rate_present_2",
                                      "pulse_rate_present_3", "pulse_rate_present_present"}));
}

TEST(OnnxModel, AnotherModelIsRefusedWithWhatCanBeExported) {
  RunConfig config;
  config.model.name = "contextual";
  config.model.hidden = 4;
  const ModelFile file = file_for(config, {features("text", 3)});
  const std::string said = message_of<InputError>([&] { onnx_graph_of(file); });
  for (const char* part : {"\"contextual\"", "\"sentiment\"", "LSTM", "cnn", "conv"}) {
    EXPECT_NE(said.find(part), std::string::npos) << said;
  }
}

TEST(OnnxModel, PartsThatAreNotKnownAreRefusedByTheirWeights) {
  OnnxWeights weights(
      {{"text.conv0.weight", Tensor::zeros({2, 3})}, {"known", Tensor::zeros({1})}});
  weights.take("known");
  const std::string left = message_of<InputError>([&] { weights.check_all_taken(); });
  EXPECT_NE(left.find("\"text.conv0.weight\" [2, 3]"), std::string::npos) << left;
  EXPECT_NE(left.find("\"sentiment\""), std::string::npos) << left;
  // A model whose words are read by something else than an LSTM.
  const ModelFile file = document_file();
  OnnxLayers layers{{},
                    OnnxWeights({{"text.embedding.weight", Tensor::zeros({4, 3})},
                                 {"text.conv0.weight", Tensor::zeros({2, 3})}})};
  const ModalityInfo& words = file.data.modality("text").info;
  const OnnxInput input = onnx_input(layers, words, true);
  const std::string absent =
      message_of<InputError>([&] { onnx_steps(layers, words, input, file.config.model); });
  EXPECT_NE(absent.find("\"text.lstm.0.weight_input\""), std::string::npos) << absent;
  EXPECT_NE(absent.find("words read by an LSTM"), std::string::npos) << absent;
}

TEST(OnnxGraph, WhatNoOutputNeedsIsDropped) {
  OnnxGraph graph;
  const std::string x = graph.add_input({"x", DType::f32, {"batch"}, ""});
  const std::string two = graph.scalar(2.0f);
  EXPECT_EQ(graph.scalar(2.0f), two);
  EXPECT_NE(graph.scalar(std::int64_t{2}), two);
  const std::string doubled = graph.add("doubled", "Mul", {x, two});
  graph.add("unused", "Add", {doubled, graph.scalar(3.0f)});
  graph.add_output(doubled, {graph.unused_name("y"), DType::f32, {"batch"}, ""});
  graph.drop_unused();
  ASSERT_EQ(graph.nodes.size(), 1u);
  EXPECT_EQ(graph.nodes[0].outputs, std::vector<std::string>{"y"});
  ASSERT_EQ(graph.constants.size(), 1u);
  EXPECT_EQ(graph.constants[0].name, two);
}

TEST(OnnxFile, IsWrittenOrTheBuildSaysWhatItNeeds) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "m.onnx";
  const OnnxGraph graph = onnx_graph_of(document_file());
  if (can_write_onnx()) {
    write_onnx(path, graph);
    EXPECT_GT(std::filesystem::file_size(path), 1000u);
    EXPECT_THROW(write_onnx(folder.path() / "nowhere" / "m.onnx", graph), Error);
    return;
  }
  const std::string said = message_of<Unavailable>([&] { write_onnx(path, graph); });
  for (const char* part : {"libonnx-dev", "libprotobuf-dev", "HEDDLE_ONNX=ON", "./dev build"}) {
    EXPECT_NE(said.find(part), std::string::npos) << said;
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace heddle
