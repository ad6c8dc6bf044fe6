#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "layers/visit.h"
#include "models/model.h"
#include "train/batch_source.h"
#include "train/config.h"
#include "train/loss.h"
#include "train/metrics.h"

namespace heddle {

/// A task of a run with the model that learns it.
struct TrainedTask {
  std::string name;  // the member's; empty in a run of one task
  double weight = 1.0;
  RunConfig config;  // by which it alone would be trained so
  const Dataset& dataset;
  std::vector<std::string> modalities;  // that are used, in the model's order
  Loss loss;
  std::unique_ptr<Model> model;
};

/// What a run trains: one task, or the members of a joint run. Members have a model each; the
/// parameters of the encoders of shared modalities (all whose names begin with the modality's) are
/// the very same ones in the models of all members that have the modality, so that the gradients of
/// all their losses add up in them (hard parameter sharing: Caruana, "Multitask learning", Machine
/// Learning 28, 1997).
class TrainedTasks {
 public:
  /// With fresh weights. One data set per task, in the order of the members; they must outlive it.
  /// Errors (InputError): a configuration the data does not fit; a shared modality that only one
  /// member has, or of different kinds, shapes or encoders.
  TrainedTasks(const RunConfig& config, std::span<const Dataset* const> datasets);

  bool are_joint() const { return are_joint_; }
  std::size_t size() const { return tasks_.size(); }
  const TrainedTask& operator[](std::size_t task) const { return tasks_[task]; }
  /// Each once: in a joint run those of one member under "MEMBER.NAME", shared ones under the name
  /// that all members have for them.
  std::vector<NamedParameter> parameters() const;
  std::vector<NamedGenerator> generators() const;
  void set_training(bool training) const;

  /// What a step makes small, of one batch per task: of a single task its loss; else the parts of
  /// all members' losses, weighted as task.weighting says (train/loss_weighting.h).
  Variable loss(std::span<const StepBatch> batches) const;

  /// Of a single task its metrics. Else each metric of each member under "MEMBER.METRIC", and the
  /// mean over members of those that all of them have under "METRIC". `of_task` has one entry per
  /// task, empty where it has nothing to be measured on.
  Metrics joined(const std::vector<Metrics>& of_task) const;

 private:
  void share(const std::string& modality);

  bool are_joint_;
  std::vector<TrainedTask> tasks_;
  Variable log_variances_;  // of all parts of all members' losses; or undefined
};

}  // namespace heddle
