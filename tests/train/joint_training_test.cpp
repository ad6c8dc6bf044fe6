#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "autograd/ops.h"
#include "autograd/tape.h"
#include "core/error.h"
#include "tests/core/throws.h"
#include "tests/train/small_run.h"
#include "train/checkpoint.h"
#include "train/final_evaluation.h"
#include "train/run.h"
#include "train/trained_model.h"
#include "train/trainer.h"

namespace heddle {
namespace {

JointMember member_of(const std::string& name, const std::string& set, std::int64_t train) {
  JointMember one;
  one.name = name;
  one.config = small_config();
  one.config.data.set = set;
  one.config.data.train = train;
  one.config.train.modality_dropout = 0.3;
  one.config.model.time_modality = "text";
  return one;
}

/// A run of a second of two tasks on one text encoder.
RunConfig small_joint(LossWeighting weighting = LossWeighting::fixed) {
  RunConfig config = small_config();
  config.task.kind = TaskKind::joint;
  config.task.share = {"text"};
  config.task.weighting = weighting;
  config.members = {member_of("mood", "sentiment", 60), member_of("reading", "reading", 24)};
  validate(config);
  return config;
}

struct Loaded {
  explicit Loaded(const RunConfig& config) : data(load_tasks(config)) {
    for (const LoadedData& task : data) {
      datasets.push_back(&task.dataset);
    }
  }
  std::vector<LoadedData> data;
  std::vector<const Dataset*> datasets;
};

void finish(Trainer& trainer) {
  while (!trainer.finished()) {
    if (trainer.step().ends_epoch || trainer.finished()) {
      static_cast<void>(trainer.end_epoch());
    }
  }
}

std::vector<std::string> names_of(const std::vector<NamedParameter>& parameters) {
  std::vector<std::string> names;
  for (const NamedParameter& parameter : parameters) {
    names.push_back(parameter.name);
  }
  return names;
}

TEST(JointTraining, EncodersAreSharedAndTheRestIsNot) {
  const RunConfig config = small_joint();
  const Loaded loaded(config);
  const TrainedTasks tasks(config, loaded.datasets);
  const auto mood = parameters_of(*tasks[0].model);
  const auto reading = parameters_of(*tasks[1].model);
  int shared = 0;
  for (const NamedParameter& mine : mood) {
    for (const NamedParameter& theirs : reading) {
      if (mine.name == theirs.name) {
        EXPECT_EQ(mine.variable.same_as(theirs.variable), mine.name.starts_with("text."))
            << mine.name;
        shared += mine.variable.same_as(theirs.variable) ? 1 : 0;
      }
    }
  }
  EXPECT_GE(shared, 5);  // the table, the LSTM, what stands for an absent text
  const auto all = tasks.parameters();
  EXPECT_EQ(static_cast<int>(all.size()), static_cast<int>(mood.size() + reading.size()) - shared);
  const std::vector<std::string> names = names_of(all);
  for (const char* name :
       {"text.embedding.weight", "mood.classifier.logits.weight",
        "reading.question.embedding.weight", "reading.classifier.logits.weight"}) {
    EXPECT_NE(std::find(names.begin(), names.end(), name), names.end()) << name;
  }
}

// What the shared table gets of both tasks together is what it gets of each, added.
TEST(JointTraining, GradientsOfAllTasksReachSharedWeightsByTheirWeights) {
  RunConfig config = small_joint();
  config.members[0].weight = 2.0;
  config.members[1].weight = 0.5;
  for (JointMember& one : config.members) {
    one.config.model.dtype = DType::f64;
    one.config.model.dropout = 0.0;
    one.config.train.modality_dropout = 0.0;
  }
  const Loaded loaded(config);
  const TrainedTasks tasks(config, loaded.datasets);
  std::vector<StepBatch> batches;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    batches.push_back(BatchSource(tasks[i].config.train, tasks[i].dataset, tasks[i].modalities,
                                  *tasks[i].model, tasks[i].loss)
                          .next(0));
  }
  const auto table = [&] {
    for (NamedParameter& parameter : tasks.parameters()) {
      if (parameter.name == "text.embedding.weight") {
        return parameter.variable;
      }
    }
    return Variable();
  };
  const auto gradient_of = [&](const std::function<Variable()>& loss) {
    for (NamedParameter& parameter : tasks.parameters()) {
      parameter.variable.clear_grad();
    }
    Tape tape;
    tape.backward(loss());
    return table().grad().value().to_vector<double>();
  };
  const auto both = gradient_of([&] { return tasks.loss(batches); });
  std::vector<std::vector<double>> alone;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    alone.push_back(gradient_of([&] {
      return tasks[i].loss(tasks[i].model->forward(batches[i].inputs), batches[i].targets);
    }));
    EXPECT_GT(*std::max_element(alone[i].begin(), alone[i].end()), 0.0) << i;
  }
  for (std::size_t i = 0; i < both.size(); ++i) {
    EXPECT_NEAR(both[i], 2.0 * alone[0][i] + 0.5 * alone[1][i], 1e-12);
  }
}

TEST(JointTraining, RestoredAtAnyStepItEndsWithTheSameBits) {
  for (const LossWeighting weighting : {LossWeighting::fixed, LossWeighting::uncertainty}) {
    RunConfig config = small_joint(weighting);
    config.train.average_decay = 0.9;
    config.train.select = "accuracy";
    const Loaded loaded(config);
    Trainer whole(config, loaded.datasets);
    EXPECT_EQ(whole.steps_per_epoch(), 4);  // 60 in batches of 16
    std::vector<Snapshot> snapshots = {whole.snapshot()};
    while (!whole.finished()) {
      if (whole.step().ends_epoch) {
        static_cast<void>(whole.end_epoch());
      }
      snapshots.push_back(whole.snapshot());
    }
    for (const Snapshot& snapshot : snapshots) {
      Snapshot stored = snapshot;
      stored.state = run_state_from_json(to_json(snapshot.state));
      Trainer resumed(config, loaded.datasets);
      resumed.restore(stored);
      finish(resumed);
      EXPECT_EQ(weights_sha256(resumed.parameters()), weights_sha256(whole.parameters()))
          << "from " << snapshot.state.step;
      EXPECT_EQ(to_json_line(resumed.state().history.back()),
                to_json_line(whole.state().history.back()));
    }
  }
}

TEST(JointTraining, EachTaskIsToldApartAndTheMeanChooses) {
  RunConfig config = small_joint();
  config.train.select = "accuracy";
  const Loaded loaded(config);
  Trainer trainer(config, loaded.datasets);
  while (!trainer.step().ends_epoch) {
  }
  const Metrics metrics = trainer.end_epoch();
  EXPECT_DOUBLE_EQ(metrics.at("accuracy"),
                   (metrics.at("mood.accuracy") + metrics.at("reading.accuracy")) / 2.0);
  EXPECT_DOUBLE_EQ(metrics.at("loss"),
                   (metrics.at("mood.loss") + metrics.at("reading.loss")) / 2.0);
  EXPECT_EQ(trainer.state().candidates.at(0).value, metrics.at("accuracy"));
}

/// The small run with vocabularies that differ, so that tables hold words of others.
class JointRun : public testing::Test {
 protected:
  JointRun() {
    config_ = small_joint();
    for (const char* name : {"ab", "bc"}) {
      std::ofstream table(folder_.path() / (std::string(name) + ".tsv"));
      table << "split\tlabel\ttext\n";
      for (int i = 0; i < 40; ++i) {
        const char word = name[i % 2];
        table << (i < 24   ? "train"
                  : i < 32 ? "valid"
                           : "test")
              << '\t' << i % 2 << "\tsay " << word << '\n';
      }
      std::ofstream(folder_.path() / (std::string("dataset_") + name + ".toml"))
          << "name = '" << name << "'\n[table]\nfile = '" << name << ".tsv'\n[split]\n"
          << "column = 'split'\n[label]\ncolumn = 'label'\n"
          << "[[modality]]\nname = 'text'\nkind = 'tokens'\ncolumn = 'text'\n";
    }
    for (std::size_t i = 0; i < 2; ++i) {
      DataConfig& data = config_.members[i].config.data;
      data.kind = DataKind::folder;
      data.description =
          (folder_.path() / (i == 0 ? "dataset_ab.toml" : "dataset_bc.toml")).string();
    }
    config_.train.epochs = 12;
    config_.optimizer.learning_rate = 0.02;
    options_.folder = folder_.path() / "out";
  }

  TemporaryFolder folder_;
  RunConfig config_;
  RunOptions options_;
};

TEST_F(JointRun, EveryMembersFolderPredictsWhatTheWholeDoes) {
  const std::vector<LoadedData> data = load_tasks(config_);
  EXPECT_EQ(data[1].own_words.at("text"), (std::vector<std::int64_t>{0, 1, 2, 4, 5}));
  const RunOutcome outcome = run_training(config_, data, options_);
  ASSERT_EQ(outcome.members.size(), 2u);
  for (const MemberOutcome& one : outcome.members) {
    const auto folder = options_.folder / one.name;
    EXPECT_TRUE(std::filesystem::exists(folder / "report.html"));
    const WeightsFile file = find_weights(folder);
    const RunConfig config = parse_run_config(file.config, "weights");
    const LoadedData own = load_data(config.data);
    const Loss loss(config, own.dataset);
    const auto model = model_for(config, own.dataset, loss);
    load_weights(parameters_of(*model), file.weights, "member");
    const auto modalities = modalities_used(config, own.dataset);
    const Metrics metrics = metrics_of(
        evaluate_split({*model, loss, modalities}, own.dataset, config, Split::test), own.dataset);
    EXPECT_EQ(metrics.at("loss"), one.summary.metrics.at("test").at("loss")) << one.name;
    EXPECT_EQ(metrics.at("loss"), outcome.summary.metrics.at("test").at(one.name + ".loss"));
  }
}

TEST_F(JointRun, SeparatelyTrainsEachMemberAsLongAndSetsThemSideBySide) {
  config_.train.epochs = 2;
  const std::vector<LoadedData> data = load_tasks(config_);
  const TransferOutcome outcome = run_separately(config_, 2, data, options_);
  ASSERT_EQ(outcome.together.size(), 2u);
  for (const char* name : {"mood", "reading"}) {
    ASSERT_EQ(outcome.alone.at(name).size(), 2u);
    EXPECT_EQ(outcome.alone.at(name)[0].steps, outcome.together[0].steps);
  }
  const auto json = nlohmann::json::parse(std::ifstream(options_.folder / "transfer.json"));
  const auto& accuracy = json["tasks"]["mood"]["accuracy"];
  EXPECT_NEAR(accuracy["difference"]["mean"].get<double>(),
              accuracy["together"]["mean"].get<double>() - accuracy["alone"]["mean"].get<double>(),
              1e-12);
  EXPECT_THROW(run_separately(small_config(), 1, data, options_), UsageError);
}

TEST(JointTraining, WhatCannotBeSharedIsSaid) {
  const auto message = [](const RunConfig& config) {
    return message_of<InputError>([&] {
      validate(config);
      const Loaded loaded(config);
      const TrainedTasks tasks(config, loaded.datasets);
    });
  };
  RunConfig config = small_joint();
  config.members[1].config.model.tokens.embedding = 7;
  EXPECT_NE(message(config).find("\"text.embedding.weight\""), std::string::npos);
  config = small_joint();
  config.task.share = {"text", "image"};
  EXPECT_NE(message(config).find("1 of 2 members"), std::string::npos);
  config = small_joint();
  config.task.share.clear();
  EXPECT_NE(message(config).find("task.share is empty"), std::string::npos);
  config = small_joint();
  config.members[0].name = "text";
  EXPECT_NE(message(config).find("shared modality"), std::string::npos);
  config = small_joint();
  config.members[0].config.task.kind = TaskKind::retrieve;
  EXPECT_NE(message(config).find("[member.mood]"), std::string::npos);
}

TEST(JointConfig, MembersFilesAreTakenAndOverridden) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "inner");
  std::ofstream(folder.path() / "inner" / "one.toml")
      << "name = \"one\"\n[data]\nkind = \"folder\"\ndescription = \"dataset.toml\"\n"
         "[model]\nhidden = 12\n[train]\nepochs = 3\nbatch_size = 5\n[optimizer]\n"
         "learning_rate = 1.0\n";
  std::ofstream(folder.path() / "joint.toml")
      << "[task]\nkind = \"joint\"\nshare = [\"text\"]\n[member.a]\nconfig = \"inner/one.toml\"\n"
         "weight = 0.5\n[member.a.model]\nhidden = 13\n[member.b.data]\nset = \"reading\"\n";
  const std::vector<std::string> overrides = {"member.a.train.batch_size=6"};
  const RunConfig config = load_run_config(folder.path() / "joint.toml", overrides);
  ASSERT_EQ(config.members.size(), 2u);
  const RunConfig& one = config.members[0].config;
  EXPECT_EQ(config.members[0].name, "a");
  EXPECT_EQ(config.members[0].weight, 0.5);
  EXPECT_EQ(one.model.hidden, 13);
  EXPECT_EQ(one.train.batch_size, 6);
  EXPECT_EQ(one.data.description, (folder.path() / "inner" / "dataset.toml").string());
  EXPECT_EQ(member_run(config, 0).optimizer.learning_rate, OptimizerConfig{}.learning_rate);
  EXPECT_EQ(member_run(config, 0).train.epochs, config.train.epochs);
  EXPECT_EQ(to_toml(parse_run_config(to_toml(config), "again")), to_toml(config));
  EXPECT_NE(message_of<InputError>([&] {
              const std::vector<std::string> wrong = {"member.b.train.epochs=6"};
              load_run_config(folder.path() / "joint.toml", wrong);
            }).find("\"epochs\" is not known in [member.b.train]"),
            std::string::npos);
}

// Sixty sentences do not teach what 96 words mean; questions about others of the same words do.
TEST(JointTrainingSlow, TheTaskWithFewSamplesLearnsFromTheOther) {
  RunConfig config = load_run_config(std::string(HEDDLE_SOURCE_DIR) + "/configs/joint/twins.toml");
  for (JointMember& member : config.members) {
    member.config.data.test = 10;
  }
  const Loaded loaded(config);
  Trainer together(config, loaded.datasets);
  finish(together);
  const auto best = [](const Trainer& trainer) {
    double found = 0.0;
    for (const HistoryEntry& entry : trainer.state().history) {
      if (entry.split == "valid") {
        found = std::max(found, entry.values.at("sentiment.accuracy"));
      }
    }
    return found;
  };
  const std::size_t place = config.members[0].name == "sentiment" ? 0 : 1;
  const std::vector<const Dataset*> own = {loaded.datasets[place]};
  Trainer alone(only_member(config, place, together.steps_per_epoch()), own);
  finish(alone);
  EXPECT_GT(best(together), best(alone) + 0.1);
}

}  // namespace
}  // namespace heddle
