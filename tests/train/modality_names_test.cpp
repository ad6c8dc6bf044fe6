#include "train/modality_names.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/core/throws.h"
#include "tests/train/small_run.h"
#include "train/run.h"
#include "train/trained_model.h"

namespace heddle {
namespace {

using Texts = std::vector<std::string>;

TEST(ModalityNames, AreThoseOfTheRunFromTheDataOn) {
  RunConfig config = small_config();
  config.data.rename = {"speech=audio", "audio=text"};
  config.data.modalities = {"audio", "speech"};
  const LoadedData data = load_data(config.data);
  EXPECT_EQ(data.dataset.modality("audio").info.kind, ModalityKind::tokens);
  EXPECT_EQ(data.dataset.modality("speech").info.kind, ModalityKind::sequence);
  EXPECT_EQ(data.dataset.modality("image").info.kind, ModalityKind::image);
  const DataConfig plain = small_config().data;
  EXPECT_EQ(best_possible(config.data, Texts{"audio"}), best_possible(plain, Texts{"text"}));

  const TemporaryFolder folder;
  RunOptions options;
  options.folder = folder.path() / "run";
  run_training(config, data, options);
  const WeightsFile weights = find_weights(options.folder);
  const RunConfig told = parse_run_config(weights.config, "weights");
  EXPECT_EQ(told.data.rename, config.data.rename);
  std::vector<std::string> names;
  for (const InputSpec& input : input_specs(load_data(told.data).dataset, told.data.modalities)) {
    names.push_back(input.name);
  }
  EXPECT_EQ(names, (Texts{"audio", "speech"}));
}

TEST(ModalityNames, SayWhatIsWrong) {
  const auto message = [](const Texts& lines) {
    return message_of<InputError>([&] {
      DataConfig config = small_config().data;
      config.rename = lines;
      load_data(config);
    });
  };
  for (const char* line : {"words", "=text", "words=", "a=b=c"}) {
    EXPECT_NE(message({line}).find("expected \"NAME=MODALITY\""), std::string::npos) << line;
  }
  EXPECT_NE(message({"a=text", "a=image"}).find("each name and each modality once"),
            std::string::npos);
  EXPECT_NE(message({"a=text", "b=text"}).find("each name and each modality once"),
            std::string::npos);
  EXPECT_NE(message({"image=text"}).find("as another one is called"), std::string::npos);
  EXPECT_NE(message({"words=txt"}).find("did you mean \"text\"?"), std::string::npos);
}

}  // namespace
}  // namespace heddle
