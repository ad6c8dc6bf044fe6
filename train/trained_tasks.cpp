#include "train/trained_tasks.h"

#include <algorithm>
#include <map>
#include <utility>

#include "core/error.h"
#include "train/trained_model.h"

namespace heddle {
namespace {

constexpr const char* log_variances_name = "log_variances";

TrainedTask make_task(std::string name, double weight, RunConfig config, const Dataset& dataset) {
  std::vector<std::string> modalities = modalities_used(config, dataset);
  Loss loss(config, dataset);
  std::unique_ptr<Model> model = model_for(config, dataset, loss);
  return {std::move(name),       weight,          std::move(config), dataset,
          std::move(modalities), std::move(loss), std::move(model)};
}

/// Calls `take(name, parameter)` for the parameters of what reads a modality.
template <typename Take>
void visit_encoder(Model& model, const std::string& modality, Take take) {
  Visitor visitor({.parameter =
                       [&](const std::string& name, Variable& parameter) {
                         if (name.starts_with(modality + ".")) {
                           take(name, parameter);
                         }
                       },
                   .training = {},
                   .generator = {}});
  model.visit(visitor);
}

}  // namespace

TrainedTasks::TrainedTasks(const RunConfig& config, std::span<const Dataset* const> datasets)
    : are_joint_(config.task.kind == TaskKind::joint) {
  check(datasets.size() == (are_joint_ ? config.members.size() : 1),
        "trained tasks: ", datasets.size(), " data sets; expected one per task");
  if (!are_joint_) {
    tasks_.push_back(make_task("", 1.0, config, *datasets[0]));
    return;
  }
  std::int64_t parts = 0;
  for (std::size_t i = 0; i < config.members.size(); ++i) {
    const JointMember& member = config.members[i];
    tasks_.push_back(make_task(member.name, member.weight, member_run(config, i), *datasets[i]));
    parts += tasks_.back().loss.parts();
  }
  for (const std::string& modality : config.task.share) {
    share(modality);
  }
  if (config.task.weighting == LossWeighting::uncertainty) {
    Model& first = *tasks_[0].model;
    log_variances_ = Variable(Tensor::zeros({parts}, first.dtype(), first.device()), true);
  }
}

void TrainedTasks::share(const std::string& modality) {
  std::map<std::string, Variable> shared;  // of the first member that has the modality
  const TrainedTask* first = nullptr;
  std::size_t members = 0;
  for (const TrainedTask& task : tasks_) {
    std::size_t taken = 0;
    std::size_t own = 0;
    visit_encoder(*task.model, modality, [&](const std::string& name, Variable& parameter) {
      ++own;
      if (first == nullptr) {
        shared.emplace(name, parameter);
        return;
      }
      const auto found = shared.find(name);
      if (found == shared.end()) {
        return;
      }
      const Tensor& theirs = found->second.value();
      const Tensor& mine = parameter.value();
      check<InputError>(theirs.shape() == mine.shape() && theirs.dtype() == mine.dtype(),
                        "task.share: \"", name, "\" is ", theirs.dtype(), " ", theirs.shape(),
                        " for [member.", first->name, "] but ", mine.dtype(), " ", mine.shape(),
                        " for [member.", task.name, "]; expected members whose encoders of \"",
                        modality, "\" are of the same sizes (see their [model] tables)");
      parameter = found->second;
      ++taken;
    });
    if (own == 0) {
      continue;
    }
    check<InputError>(first == nullptr || taken > 0, "task.share: \"", modality, "\" of [member.",
                      task.name, "] is read by another kind of encoder than that of [member.",
                      first != nullptr ? first->name : task.name, "]; expected the same kind");
    first = first == nullptr ? &task : first;
    ++members;
  }
  check<InputError>(members >= 2 || tasks_.size() == 1, "task.share: \"", modality,
                    "\" is a modality of ", members, " of ", tasks_.size(),
                    " members; expected at least two");
}

std::vector<NamedParameter> TrainedTasks::parameters() const {
  if (!are_joint_) {
    return parameters_of(*tasks_[0].model);
  }
  std::vector<std::vector<NamedParameter>> of_task;
  for (const TrainedTask& task : tasks_) {
    of_task.push_back(parameters_of(*task.model));
  }
  const auto occurs_in = [](const std::vector<NamedParameter>& some, const Variable& variable) {
    return std::any_of(some.begin(), some.end(), [&](const NamedParameter& parameter) {
      return parameter.variable.same_as(variable);
    });
  };
  std::vector<NamedParameter> result;
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    for (const NamedParameter& parameter : of_task[i]) {
      bool is_shared = false;
      for (std::size_t j = 0; j < tasks_.size(); ++j) {
        is_shared = is_shared || (j != i && occurs_in(of_task[j], parameter.variable));
      }
      if (!is_shared) {
        result.push_back({tasks_[i].name + "." + parameter.name, parameter.variable});
      } else if (!occurs_in(result, parameter.variable)) {
        result.push_back(parameter);
      }
    }
  }
  if (log_variances_.defined()) {
    result.push_back({log_variances_name, log_variances_});
  }
  return result;
}

std::vector<NamedGenerator> TrainedTasks::generators() const {
  std::vector<NamedGenerator> result;
  for (const TrainedTask& task : tasks_) {
    for (const NamedGenerator& generator : generators_of(*task.model)) {
      result.push_back(
          {are_joint_ ? task.name + "." + generator.name : generator.name, generator.generator});
    }
  }
  return result;
}

void TrainedTasks::set_training(bool training) const {
  for (const TrainedTask& task : tasks_) {
    heddle::set_training(*task.model, training);
  }
}

Variable TrainedTasks::loss(std::span<const StepBatch> batches) const {
  check(batches.size() == tasks_.size(), "trained tasks: ", batches.size(),
        " batches; expected one per task");
  const auto output_of = [&](std::size_t i) { return tasks_[i].model->forward(batches[i].inputs); };
  if (!are_joint_) {
    return tasks_[0].loss(output_of(0), batches[0].targets);
  }
  std::vector<LossPart> parts;
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    for (LossPart& part : tasks_[i].loss.parts_of(output_of(i), batches[i].targets)) {
      part.weight *= tasks_[i].weight;
      parts.push_back(std::move(part));
    }
  }
  return weighted_sum(parts, log_variances_);
}

Metrics TrainedTasks::joined(const std::vector<Metrics>& of_task) const {
  if (!are_joint_) {
    return of_task.at(0);
  }
  Metrics result;
  std::map<std::string, std::pair<double, std::size_t>> sums;
  std::size_t measured = 0;
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    measured += of_task[i].empty() ? 0 : 1;
    for (const auto& [name, value] : of_task[i]) {
      result[tasks_[i].name + "." + name] = value;
      auto& [sum, count] = sums[name];
      sum += value;
      ++count;
    }
  }
  for (const auto& [name, sum] : sums) {
    if (sum.second == measured) {
      result[name] = sum.first / static_cast<double>(measured);
    }
  }
  return result;
}

}  // namespace heddle
