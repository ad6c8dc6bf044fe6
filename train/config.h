#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/math.h"
#include "models/config.h"

namespace heddle {

enum class DataKind : std::uint8_t { builtin, folder };
enum class OptimizerKind : std::uint8_t { adam, adamw, sgd };
enum class ScheduleKind : std::uint8_t { constant, cosine, step, inverse_sqrt };
enum class RegressionLoss : std::uint8_t { absolute, squared };
enum class ClassWeights : std::uint8_t { none, balanced };
enum class TaskKind : std::uint8_t { classify, retrieve, generate, joint };
enum class ContrastiveLossKind : std::uint8_t { infonce, triplet };
enum class TripletNegatives : std::uint8_t { hardest, all };
/// How the losses of several heads, or of several tasks, are added up (train/loss_weighting.h).
enum class LossWeighting : std::uint8_t { fixed, uncertainty };
enum class ChooseRule : std::uint8_t { best, one_standard_error };

/// Two modalities that are held against each other, by name.
struct ModalityPair {
  std::string left;
  std::string right;

  bool operator==(const ModalityPair&) const = default;
};

/// [task]: what the model is for.
struct TaskConfig {
  /// classify: classes or a number or both, as [loss] says. retrieve: find what belongs together.
  /// generate: write one modality of kind tokens from another one, and from all that is shown
  /// beside it. joint: several tasks of kind classify on shared encoders.
  TaskKind kind = TaskKind::classify;

  // kind = "retrieve"
  std::vector<ModalityPair> pairs;     // trained on and evaluated, both directions
  std::vector<ModalityPair> evaluate;  // evaluated only; never counted in "recall_mean"

  // kind = "generate"
  std::string source;
  std::string target;
  /// Hypotheses kept in the final evaluation (after each epoch: 1), and how their lengths count
  /// (models/beam_search.h).
  std::int64_t beam = 5;
  double length_penalty = 1.0;
  bool bleu_lower_case = false;  // BLEU of texts in lower case

  // kind = "joint": several tasks (RunConfig::members) trained together
  /// Modalities whose encoders the members share: those of the same name and kind.
  std::vector<std::string> share;
  LossWeighting weighting = LossWeighting::fixed;
  /// Steps of one epoch, each of one batch of every member; 0: as many as the member with most
  /// batches has.
  std::int64_t epoch_steps = 0;
};

/// [data]: what is learned from.
struct DataConfig {
  DataKind kind = DataKind::builtin;
  /// Modalities to use, in this order; empty: all there are.
  std::vector<std::string> modalities;
  /// "NAME=MODALITY": NAME is what the run calls this modality of the data set
  /// (train/modality_names.h).
  std::vector<std::string> rename;

  // kind = "builtin": made from a seed (docs/data.md).
  std::string set = "sentiment";  // or another of builtin_set_names()
  std::uint64_t seed = 1;
  std::int64_t train = 8000;  // samples
  std::int64_t valid = 1000;
  std::int64_t test = 1000;

  // kind = "folder": what a dataset.toml describes.
  /// The dataset.toml. In a configuration file: relative to that file's folder.
  std::string description;
  std::string folder;  // where the arrays are; empty: as the dataset.toml says
  /// Share of the training part to validate on, and the seed that picks it; as the dataset.toml
  /// says where not given. `valid_share = 0`: nothing is held out, and the last step counts.
  std::optional<double> valid_share;
  std::optional<std::uint64_t> valid_seed;
  /// The fold to test on, where the dataset.toml has folds; as it says where not given.
  std::optional<std::int64_t> fold;
  /// Whether training samples of that fold are trained on without their labels ([train.domain]).
  std::optional<bool> held_out_unlabelled;
};

enum class AttackKind : std::uint8_t { none, fgm, pgd };

/// [train.attack]: adversarial training of embeddings (train/embedding_attack.h).
struct AttackConfig {
  AttackKind kind = AttackKind::none;
  double epsilon = 1.0;    // how far a table may be moved (Euclidean norm)
  double step = 0.3;       // pgd: length of one move
  std::int64_t steps = 3;  // pgd: moves
};

/// [train.auxiliary]: a classifier per modality, trained beside the model
/// (models/auxiliary_heads.h).
struct AuxiliaryConfig {
  bool is_on = false;  // weighting = "none": there are none
  LossWeighting weighting = LossWeighting::fixed;
  double weight = 0.3;  // fixed: of each head's loss; the model's own counts 1
};

enum class AdversarySchedule : std::uint8_t { dann, constant };

/// A classifier that guesses where vectors come from, and that the model learns to deceive
/// (train/adversaries.h).
struct DiscriminatorConfig {
  /// How much of its gradient reaches the model, reversed: weight · λ.
  double weight = 0.0;
  /// dann: λ rises from 0 to 1 over the steps; constant: λ = 1.
  AdversarySchedule schedule = AdversarySchedule::dann;
  std::int64_t hidden = 100;  // width of its inner layer
};

/// [train.domain]: domain-adversarial training.
struct DomainConfig {
  std::string column;  // of the data set's table: the domain of each sample; empty: off
  DiscriminatorConfig discriminator = {.weight = 1.0};  // weight 0: it only watches
  /// Samples without a label (Dataset::unlabelled) that join each batch, for the discriminator
  /// alone; 0: as many as batch_size.
  std::int64_t unlabelled_batch_size = 0;
};

/// [train]: how long, how much at a time, and what is chosen.
struct TrainConfig {
  std::uint64_t seed = 1;      // of weights, order of samples, dropout
  std::string device = "cpu";  // "cpu", "sim", "cuda", "cuda:1"
  /// How products of f32 numbers are computed, and (bf16) what activations are stored as. Anything
  /// but f32 needs a device other than cpu.
  Math math = Math::f32;
  /// Capture each step once and replay it as one piece of work (train/step_graph.h); the same bits.
  /// Not given: on cuda.
  std::optional<bool> graph;
  std::int64_t epochs = 10;
  std::int64_t max_steps = 0;    // stop after so many steps; 0: after `epochs`
  std::int64_t batch_size = 32;  // samples (groups, for models that take groups)
  /// Batches of samples of similar length: as many as fit, samples · longest ≤ this, in place of
  /// batch_size (BatchSampler); 0: batch_size samples in any order.
  std::int64_t batch_tokens = 0;
  /// Share of training samples that, each time they are used, are shown with a random non-empty
  /// subset of their modalities, so that one model serves every subset.
  double modality_dropout = 0.0;
  /// Epochs that show everything before modality dropout begins. What modalities mean together is
  /// found sooner while no sample hides part of it.
  std::int64_t modality_dropout_start = 0;
  /// Weights used for evaluation are an exponential average over steps, average = d·average +
  /// (1 − d)·weights with d = min(this, (1 + step) / (10 + step)); 0: the weights themselves.
  double average_decay = 0.0;
  double clip_norm = 0.0;  // largest global norm of the gradient; 0: no clipping
  /// Validation metric that chooses the best epoch: "loss", "accuracy", "f1_macro", "mae", …; of
  /// retrieval "recall_mean" or a recall of one direction.
  std::string select = "loss";
  /// best: the epoch with the best value of `select`. one_standard_error: the earliest epoch whose
  /// value is within one standard error √(p(1−p)/n) of the best one's, where validation cannot tell
  /// the two apart and less training means a simpler model (Breiman et al. 1984, §3.4.3); only
  /// with select = "accuracy".
  ChooseRule choose = ChooseRule::best;
  /// Stop when `select` has not improved for so many epochs; 0: never.
  std::int64_t patience = 0;
  std::int64_t log_every = 10;             // steps per line of metrics.jsonl
  std::int64_t evaluation_batch_size = 0;  // 0: batch_size, at least 100
  /// Also evaluates the test split after every epoch, to report `test_best_epoch`. Chooses nothing.
  bool watch_test = false;
  bool evaluate_subsets = true;  // accuracy of every subset of modalities, at the end
  AttackConfig attack;
  AuxiliaryConfig auxiliary;
  DomainConfig domain;
  /// [train.modality_adversary]: guesses which modality a vector is of, before they meet;
  /// weight 0: off.
  DiscriminatorConfig modality_adversary;
};

/// [loss]: weight · cross-entropy + weight · distance of the score; or, where task.kind =
/// "retrieve", a contrastive loss (train/contrastive_loss.h).
struct LossConfig {
  double classification = 1.0;  // 0: the model predicts no classes
  double regression = 0.0;      // 0: the model predicts no score
  RegressionLoss regression_kind = RegressionLoss::absolute;
  double label_smoothing = 0.0;
  /// balanced: a class counts samples / (classes · its samples).
  ClassWeights class_weights = ClassWeights::none;

  // task.kind = "retrieve"
  ContrastiveLossKind contrastive = ContrastiveLossKind::infonce;
  double temperature = 0.07;      // infonce: cosines are divided by it
  bool learn_temperature = true;  // infonce: from there on; kept above 0.01
  double margin = 0.2;            // triplet
  TripletNegatives negatives = TripletNegatives::hardest;  // triplet: of the batch
};

/// [optimizer]
struct OptimizerConfig {
  OptimizerKind kind = OptimizerKind::adamw;
  double learning_rate = 1e-3;
  /// Never on biases and scales of norms (parameters of rank 0 and 1).
  double weight_decay = 0.0;
  double beta1 = 0.9;  // adam, adamw
  double beta2 = 0.999;
  double epsilon = 1e-8;
  /// Rows of embedding tables that a step does not touch stay as they are, moments included.
  bool lazy_embeddings = false;
  double momentum = 0.0;  // sgd
  bool nesterov = false;
};

/// [schedule]: what the learning rate is multiplied by.
struct ScheduleConfig {
  ScheduleKind kind = ScheduleKind::constant;
  std::int64_t warmup_steps = 0;  // rises from 0 first
  double final_factor = 0.0;      // cosine: where it ends
  std::int64_t step_epochs = 10;  // step: multiplied by step_factor every so many epochs
  double step_factor = 0.5;
};

/// [evaluate]: what is told of a model beside the metrics of whole splits.
struct EvaluateConfig {
  /// A column of the data set's table: accuracy for each of its values. Empty: none.
  std::string by;
};

/// [checkpoint]: when a run's state is saved (always at the end and on SIGINT or SIGTERM).
struct CheckpointConfig {
  std::int64_t every_epochs = 1;  // 0: not by epochs
  std::int64_t every_steps = 0;   // 0: not by steps
  std::int64_t keep = 2;          // newest ones kept, beside the best
};

struct JointMember;

/// A whole configuration file. Defaults are what an empty file means.
struct RunConfig {
  std::string name = "run";  // of the run folder (out/<name>) and the report
  std::string description;   // for the report
  TaskConfig task;
  DataConfig data;
  ModelConfig model;
  TrainConfig train;
  LossConfig loss;
  OptimizerConfig optimizer;
  ScheduleConfig schedule;
  EvaluateConfig evaluate;
  CheckpointConfig checkpoint;
  /// task.kind = "joint": the tasks, in the order of their names; else empty.
  std::vector<JointMember> members;
};

/// One task of several that are trained together: [member.NAME].
struct JointMember {
  std::string name;
  double weight = 1.0;  // of its loss
  /// What is its own counts: task, data, model, loss, evaluate, and of train the batches
  /// (batch_size, batch_tokens, evaluation_batch_size) and modality dropout.
  RunConfig config;
};

/// The configuration by which a member alone would be trained as the joint run trains it: its own
/// part, and of the joint run all else (seed, device, optimiser, …).
RunConfig member_run(const RunConfig& joint, std::size_t member);
/// The same joint run with this member alone, epochs as long as `epoch_steps`.
RunConfig only_member(const RunConfig& joint, std::size_t member, std::int64_t epoch_steps);

/// Reads a configuration file, then applies `overrides` ("optimizer.learning_rate=1e-3", a bare
/// word being a string). Errors (InputError, with file and line): anything that is not TOML, an
/// unknown key (suggests the nearest), a value of the wrong type or out of range.
/// A [member.NAME] with the key `config` begins with what is a member's own in that file (relative
/// to this one); what else stands in the table goes over it.
RunConfig load_run_config(const std::filesystem::path& path,
                          std::span<const std::string> overrides = {});
/// The same from text; `name` stands for the file in messages, relative paths are kept.
RunConfig parse_run_config(std::string_view text, const std::string& name,
                           std::span<const std::string> overrides = {});

/// Every key with its value, defaults included: reading it gives the same configuration.
std::string to_toml(const RunConfig& config);

/// The same without where and how it is computed (train.device, math, graph): what must not change
/// for a run to be continued.
std::string lasting_toml(RunConfig config);

/// Checks what concerns several keys at once. Errors (InputError).
void validate(const RunConfig& config);

}  // namespace heddle
