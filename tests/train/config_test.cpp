#include "train/config.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"
#include "tests/train/small_run.h"

namespace heddle {
namespace {

std::string refusal(std::string_view text, const std::vector<std::string>& overrides = {}) {
  try {
    static_cast<void>(parse_run_config(text, "run.toml", overrides));
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

void expect_refusal(std::string_view text, const std::vector<std::string>& parts,
                    const std::vector<std::string>& overrides = {}) {
  const std::string message = refusal(text, overrides);
  for (const std::string& part : parts) {
    EXPECT_NE(message.find(part), std::string::npos) << text << " gave: " << message;
  }
}

TEST(Config, AnEmptyFileMeansTheDefaults) {
  EXPECT_EQ(to_toml(parse_run_config("", "run.toml")), to_toml(RunConfig{}));
}

constexpr const char* retrieval_text = R"(
[task]
kind = "retrieve"
pairs = [["text", "image"], ["german", "image"]]
evaluate = [["german", "text"]]
[model]
name = "joint_embedding"
[model.joint]
width = 9
dropout = 0.25
[loss]
contrastive = "triplet"
margin = 0.4
negatives = "all"
)";

TEST(Config, RetrievalIsWrittenAsItIsRead) {
  const RunConfig config = parse_run_config(retrieval_text, "run.toml");
  EXPECT_EQ(config.task.kind, TaskKind::retrieve);
  EXPECT_EQ(config.task.pairs, (std::vector<ModalityPair>{{"text", "image"}, {"german", "image"}}));
  EXPECT_EQ(config.task.evaluate, (std::vector<ModalityPair>{{"german", "text"}}));
  EXPECT_EQ(config.model.joint.width, 9);
  EXPECT_EQ(config.loss.contrastive, ContrastiveLossKind::triplet);
  EXPECT_EQ(config.loss.negatives, TripletNegatives::all);
  EXPECT_EQ(to_toml(parse_run_config(to_toml(config), "again.toml")), to_toml(config));
  EXPECT_EQ(parse_run_config("[data]\nset = \"retrieval\"", "run.toml").data.set, "retrieval");
}

TEST(Config, RetrievalRefusesWhatDoesNotGoTogether) {
  expect_refusal(retrieval_text, {"task.pairs is empty"}, {"task.pairs=[]"});
  expect_refusal(retrieval_text, {"two different modalities"}, {"task.pairs=[[\"a\", \"a\"]]"});
  expect_refusal(retrieval_text, {"twice"}, {"task.evaluate=[[\"image\", \"text\"]]"});
  expect_refusal(retrieval_text, {"list of pairs"}, {"task.pairs=[\"text\"]"});
  expect_refusal(retrieval_text, {"list of pairs"}, {"task.pairs=[[\"text\"]]"});
  expect_refusal("[task]\nkind = \"retrieve\"\npairs = [[\"a\", \"b\"]]",
                 {"model.name is \"sentiment\"", "joint_embedding"});
  expect_refusal(retrieval_text, {"modality_dropout"}, {"train.modality_dropout=0.5"});
  expect_refusal(retrieval_text, {"temperature", "not known"}, {"loss.temperature=0.1"});
  expect_refusal("[model]\nname = \"joint_embedding\"", {"task.kind = \"retrieve\""});
  expect_refusal("[task]\nkind = \"retreive\"", {"retrieve"});
  expect_refusal("[task]\npairs = []", {"pairs", "not known"});
  expect_refusal("[data]\nset = \"sentiments\"", {"sentiment"});
}

TEST(Config, ReadsEverySection) {
  const RunConfig config = parse_run_config(R"(
name = "mine"
[data]
kind = "folder"
description = "x/dataset.toml"
modalities = ["audio", "text"]
valid_share = 0.25
[model]
name = "contextual"
hidden = 7
dtype = "f64"
[model.contextual]
projection = 3
[train]
seed = 42
clip_norm = 1
[loss]
regression = 0.5
regression_kind = "squared"
[optimizer]
kind = "sgd"
momentum = 0.9
nesterov = true
[schedule]
kind = "step"
step_epochs = 4
[checkpoint]
every_steps = 5
)",
                                            "run.toml");
  EXPECT_EQ(config.name, "mine");
  EXPECT_EQ(config.data.kind, DataKind::folder);
  EXPECT_EQ(config.data.modalities, (std::vector<std::string>{"audio", "text"}));
  EXPECT_EQ(config.data.valid_share, 0.25);
  EXPECT_FALSE(config.data.valid_seed.has_value());
  EXPECT_EQ(config.model.name, "contextual");
  EXPECT_EQ(config.model.dtype, DType::f64);
  EXPECT_EQ(config.model.contextual.projection, 3);
  EXPECT_EQ(config.train.seed, 42u);
  EXPECT_EQ(config.train.clip_norm, 1.0);  // a whole number may stand for a real one
  EXPECT_EQ(config.loss.regression_kind, RegressionLoss::squared);
  EXPECT_TRUE(config.optimizer.nesterov);
  EXPECT_EQ(config.schedule.step_epochs, 4);
  EXPECT_EQ(config.checkpoint.every_steps, 5);
}

TEST(Config, SetsFoldsAndCategories) {
  const RunConfig twin = parse_run_config("[data]\nset = \"record\"\n", "run.toml");
  EXPECT_EQ(twin.data.set, "record");
  EXPECT_NE(to_toml(twin).find("set = \"record\""), std::string::npos);
  expect_refusal("[data]\nset = \"recrod\"\n", {"run.toml:2", "did you mean \"record\"?"});
  const RunConfig folds = parse_run_config(
      "[data]\nkind = \"folder\"\ndescription = \"d\"\nfold = 2\n[evaluate]\nby = \"type\"\n",
      "run.toml");
  EXPECT_EQ(folds.data.fold, 2);
  EXPECT_EQ(folds.evaluate.by, "type");
  EXPECT_EQ(to_toml(parse_run_config(to_toml(folds), "again")), to_toml(folds));
  expect_refusal("[data]\nkind = \"folder\"\ndescription = \"d\"\nfold = -1\n",
                 {"data.fold", "at least 0"});
  expect_refusal("[evaluate]\nby = \"type\"\n", {"evaluate"});  // built-in data has no table
}

TEST(Config, WhatIsWrittenReadsBackTheSame) {
  RunConfig config = small_config();
  config.description = "quotes \" and \\ and\nlines";
  config.optimizer.learning_rate = 0.1 + 0.2;  // needs all 17 digits
  config.data.modalities = {"text", "image"};
  const std::string text = to_toml(config);
  EXPECT_EQ(to_toml(parse_run_config(text, "config.toml")), text);
  EXPECT_EQ(parse_run_config(text, "config.toml").optimizer.learning_rate, 0.1 + 0.2);
  EXPECT_EQ(parse_run_config(text, "config.toml").description, config.description);
}

TEST(Config, EveryEncoderIsWrittenAndReadsBackTheSame) {
  const auto reads_back = [](const RunConfig& config, const std::vector<std::string>& lines) {
    const std::string text = to_toml(config);
    EXPECT_EQ(to_toml(parse_run_config(text, "config.toml")), text);
    for (const std::string& line : lines) {
      EXPECT_NE(text.find(line + "\n"), std::string::npos) << line << " is not in\n" << text;
    }
  };
  RunConfig config = small_config();
  config.model.tokens.kind = TokenEncoderKind::cnn;
  config.model.tokens.widths = {2, 7};
  config.model.tokens.filters = 9;
  config.model.image.kind = ImageEncoderKind::resnet;
  config.model.image.channels = {4, 8};
  config.model.image.blocks = {2, 1};
  config.model.image.groups = 2;
  config.model.sequence.kind = SequenceEncoderKind::conv_lstm;
  config.model.sequence.channels = {3};
  config.model.sequence.hidden = 11;
  config.model.sequence.pool = SequencePool::final;
  reads_back(config, {"widths = [2, 7]", "filters = 9", "blocks = [2, 1]", "groups = 2",
                      "kind = \"conv_lstm\"", "hidden = 11", "pool = \"final\""});
  config.model.tokens.kind = TokenEncoderKind::transformer;
  config.model.tokens.transformer = {
      .heads = 1, .feed_forward = 13, .positions = PositionKind::learned, .max_steps = 17};
  config.model.image.kind = ImageEncoderKind::vit;
  config.model.image.patch = 16;
  config.model.image.heads = 3;
  config.model.image.pool = SequencePool::final;
  config.model.sequence.kind = SequenceEncoderKind::transformer;
  config.model.sequence.transformer.positions = PositionKind::none;
  reads_back(config, {"heads = 1", "feed_forward = 13", "positions = \"learned\"", "max_steps = 17",
                      "patch = 16", "heads = 3", "positions = \"none\""});
  config.model.sequence.kind = SequenceEncoderKind::regions;
  reads_back(config, {"kind = \"regions\""});
}

TEST(Config, EncodersHaveKeysOfTheirOwn) {
  expect_refusal("[model.tokens]\nkind = \"tranformer\"\n",
                 {"model.tokens.kind", "did you mean \"transformer\"?"});
  expect_refusal("[model.image]\nkind = \"resnt\"\n",
                 {"model.image.kind", "did you mean \"resnet\"?"});
  expect_refusal("[model.sequence]\nkind = \"convlstm\"\n",
                 {"model.sequence.kind", "did you mean \"conv_lstm\"?"});
  expect_refusal("[model.tokens]\nheads = 2\n", {"run.toml:2", "\"heads\" is not known"});
  expect_refusal("[model.tokens]\nkind = \"cnn\"\npool = \"final\"\n", {"\"pool\" is not known"});
  expect_refusal("[model.tokens]\nkind = \"transformer\"\nmax_steps = 4\n",
                 {"\"max_steps\" is not known"});
  expect_refusal("[model.sequence]\nkind = \"regions\"\nlayers = 2\n", {"\"layers\" is not known"});
}

TEST(Config, FusionsAreWrittenBackWithWhatTheirKindHas) {
  const RunConfig config = parse_run_config(
      "[model]\nname = \"fusion\"\nmissing_vectors = true\n[model.fusion]\nkind = "
      "\"cross_modal\"\nheads = 2\nlayers = 3\ndropout = 0.1\npool = \"last\"\n",
      "run.toml");
  EXPECT_EQ(config.model.fusion.kind, FusionKind::cross_modal);
  EXPECT_EQ(config.model.fusion.layers, 3);
  EXPECT_EQ(config.model.fusion.pool, StatePool::last);
  for (const std::string& kind : fusion_kind_names()) {
    const std::string alone =
        concat("[model]\nname = \"fusion\"\n[model.fusion]\nkind = \"", kind, "\"\n");
    const std::string grouped =
        concat("[model]\nname = \"contextual\"\n[model.contextual]\nfusion = \"", kind,
               "\"\nfuse = \"states\"\n");
    for (const std::string& text : {alone, grouped}) {
      const std::string written = to_toml(parse_run_config(text, "run.toml"));
      EXPECT_NE(written.find(concat("\"", kind, "\"")), std::string::npos) << written;
      EXPECT_EQ(to_toml(parse_run_config(written, "config.toml")), written);
    }
  }
  expect_refusal("[model]\nname = \"fusion\"\n[model.fusion]\nkind = \"low_rnak\"\n",
                 {"run.toml:4", "model.fusion.kind", "did you mean \"low_rank\"?"});
  expect_refusal("[model]\nname = \"fusoin\"\n", {"did you mean \"fusion\"?"});
  expect_refusal("[model]\nname = \"fusion\"\n[model.fusion]\nrank = 2\n",
                 {"\"rank\" is not known in [model.fusion]"});
  expect_refusal("[model.fusion]\nkind = \"gated\"\n", {"\"fusion\" is not known in [model]"});
  expect_refusal("[model]\nname = \"contextual\"\n[model.contextual]\nfuse = \"states\"\n",
                 {"\"fuse\" is not known"});
}

TEST(Config, ContextualModelsHaveMissingVectorsToo) {
  const RunConfig config =
      parse_run_config("[model]\nname = \"contextual\"\nmissing_vectors = true\n", "run.toml");
  EXPECT_TRUE(config.model.missing_vectors);
  EXPECT_NE(to_toml(config).find("missing_vectors = true"), std::string::npos);
}

TEST(Config, AnUnknownKeyNamesPlaceAndNearest) {
  expect_refusal("[optimizer]\nlearning_rat = 1e-3\n",
                 {"run.toml:2", "learning_rat", "[optimizer]", "did you mean \"learning_rate\"?"});
  expect_refusal("\n\n[optimiser]\nkind = \"adam\"\n", {"optimiser", "\"optimizer\""});
  expect_refusal("[model.image]\nchanels = [1]\n", {"model.image", "\"channels\""});
}

TEST(Config, AKeyOfAnotherKindIsUnknown) {
  expect_refusal("[data]\nkind = \"folder\"\ndescription = \"d\"\ntrain = 5\n",
                 {"run.toml:4", "\"train\" is not known"});
  expect_refusal("[optimizer]\nkind = \"sgd\"\nbeta1 = 0.9\n", {"\"beta1\" is not known"});
  expect_refusal("[loss]\nregression_kind = \"squared\"\n", {"\"regression_kind\" is not known"});
}

TEST(Config, WrongTypesAndRangesSayWhatIsExpected) {
  expect_refusal("[train]\nepochs = \"many\"\n", {"run.toml:2", "train.epochs", "whole number"});
  expect_refusal("[train]\nepochs = 1.5\n", {"train.epochs", "whole number"});
  expect_refusal("[train]\nepochs = 0\n", {"train.epochs", "at least 1"});
  expect_refusal("[train]\nmodality_dropout = 1.5\n", {"train.modality_dropout", "0 … 1"});
  expect_refusal("[train]\nclip_norm = nan\n", {"train.clip_norm"});
  expect_refusal("[train]\nseed = -1\n", {"train.seed", "not negative"});
  expect_refusal("[train]\nwatch_test = 1\n", {"train.watch_test", "true or false"});
  expect_refusal("train = 3\n", {"run.toml:1", "[train]"});
  expect_refusal("[data]\nmodalities = \"text\"\n", {"data.modalities", "list"});
  expect_refusal("[data]\nmodalities = [1]\n", {"data.modalities", "strings"});
  expect_refusal("[model.image]\nchannels = []\n", {"model.image.channels", "empty"});
  expect_refusal("[optimizer]\nkind = \"adamv\"\n", {"optimizer.kind", "did you mean \"adam"});
}

TEST(Config, WhatCannotWorkTogetherIsRefused) {
  expect_refusal("[loss]\nclassification = 0.0\n", {"nothing to learn"});
  expect_refusal("[optimizer]\nkind = \"sgd\"\nnesterov = true\n", {"optimizer.nesterov"});
  expect_refusal("[data]\nkind = \"folder\"\n", {"data.description"});
  expect_refusal("[train]\ndevice = \"tpu\"\n", {"train.device", "tpu"});
  expect_refusal("name = \"../x\"\n", {"plain name"});
}

TEST(Config, BadTomlNamesTheLine) {
  expect_refusal("[train]\nepochs = = 3\n", {"run.toml:2"});
  expect_refusal("a = \"\xff\"\n", {"run.toml", "UTF-8"});
}

TEST(Config, OverridesAreTypedAndBareWordsAreStrings) {
  const RunConfig config = parse_run_config(
      "[optimizer]\nkind = \"adam\"\nlearning_rate = 1.0\n", "run.toml",
      std::vector<std::string>{"optimizer.kind=sgd", "optimizer.learning_rate=1e-2",
                               "model.image.channels=[3,4]", "data.modalities=[\"text\"]",
                               "name=\"quoted\"", "train.watch_test=true"});
  EXPECT_EQ(config.optimizer.kind, OptimizerKind::sgd);
  EXPECT_EQ(config.optimizer.learning_rate, 1e-2);
  EXPECT_EQ(config.model.image.channels, (std::vector<std::int64_t>{3, 4}));
  EXPECT_EQ(config.data.modalities, (std::vector<std::string>{"text"}));
  EXPECT_EQ(config.name, "quoted");
  EXPECT_TRUE(config.train.watch_test);
}

TEST(Config, ATableInBracesTakesThePlaceOfTheWholeOne) {
  const std::string text =
      "[data]\nkind = 'folder'\ndescription = 'dataset.toml'\n[evaluate]\nby = 'type'\n";
  const std::string builtin = "data={kind=\"builtin\", set=\"record\"}";
  EXPECT_NE(refusal(text, {"data.kind=builtin"}).find("\"description\""), std::string::npos);
  EXPECT_NE(refusal(text, {builtin}).find("evaluate.by is \"type\""), std::string::npos);
  const RunConfig config =
      parse_run_config(text, "run.toml", std::vector<std::string>{builtin, "evaluate={}"});
  EXPECT_EQ(config.data.set, "record");
  EXPECT_TRUE(config.data.description.empty());
  EXPECT_TRUE(config.evaluate.by.empty());
}

TEST(Config, ALaterOverrideWins) {
  const RunConfig config = parse_run_config(
      "", "run.toml", std::vector<std::string>{"train.epochs=3", "train.epochs=4"});
  EXPECT_EQ(config.train.epochs, 4);
}

TEST(Config, HowARunIsComputedIsNotWhatItComputes) {
  const RunConfig plain = parse_run_config("", "run.toml");
  EXPECT_EQ(to_toml(plain).find("graph"), std::string::npos) << "each device has its default";
  const RunConfig fast =
      parse_run_config("[train]\ndevice = \"cuda\"\nmath = \"tf32\"\ngraph = false\n", "run.toml");
  EXPECT_EQ(fast.train.math, Math::tf32);
  EXPECT_EQ(fast.train.graph, false);
  EXPECT_EQ(to_toml(parse_run_config(to_toml(fast), "again")), to_toml(fast));
  EXPECT_NE(to_toml(fast), to_toml(plain));
  EXPECT_EQ(lasting_toml(fast), lasting_toml(plain));
  expect_refusal("[train]\nmath = \"bf16\"\n", {"train.math", "f32 always"});
  expect_refusal("[train]\ndevice = \"cuda\"\nmath = \"bf16\"\n[model]\ndtype = \"f64\"\n",
                 {"train.math", "model.dtype"});
}

TEST(Config, BadOverridesAreNamed) {
  expect_refusal("", {"--set train.epoch=3", "\"epochs\""}, {"train.epoch=3"});
  expect_refusal("", {"--set train.epochs", "KEY=VALUE"}, {"train.epochs"});
  expect_refusal("", {"--set train.epochs=lots", "whole number"}, {"train.epochs=lots"});
  expect_refusal("", {"KEY=VALUE"}, {"train epochs=3"});
  expect_refusal("", {"one line"}, {"name=a\nb=c"});
}

TEST(Config, TheDataSetIsFoundBesideTheConfiguration) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "run.toml")
      << "[data]\nkind = \"folder\"\ndescription = \"sub/../dataset.toml\"\n";
  const RunConfig config = load_run_config(folder.path() / "run.toml");
  EXPECT_EQ(config.data.description, (folder.path() / "dataset.toml").string());
}

TEST(Config, AMissingFileIsAnInputError) {
  EXPECT_THROW(static_cast<void>(load_run_config("/nowhere/run.toml")), InputError);
}

}  // namespace
}  // namespace heddle
