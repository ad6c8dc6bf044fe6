#include "train/explanation.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>

#include "autograd/ops.h"
#include "autograd/tape.h"
#include "core/error.h"
#include "data/batch.h"
#include "layers/visit.h"
#include "models/input_watch.h"
#include "train/model_batch.h"
#include "train/occlusion.h"
#include "train/shapley.h"
#include "train/trained_model.h"

namespace heddle {
namespace {

constexpr std::size_t most_modalities = 12;
constexpr std::int64_t asked_at_once = 64;
constexpr std::size_t shown_features = 12;

/// Where a sample stands: alone in a batch, or as a member of its group.
struct Standing {
  std::int64_t item = 0;      // sample, or position of the group
  std::int64_t position = 0;  // in the group
};

Standing standing_of(const Dataset& dataset, const Model& model, std::int64_t sample) {
  if (!model.takes_groups()) {
    return {sample, 0};
  }
  for (std::size_t g = 0; g < dataset.groups.size(); ++g) {
    const std::vector<std::int64_t>& members = dataset.groups[g].members;
    const auto found = std::find(members.begin(), members.end(), sample);
    if (found != members.end()) {
      return {static_cast<std::int64_t>(g), found - members.begin()};
    }
  }
  fail<InputError>("sample ", dataset.name_of_sample(sample), " belongs to no group");
}

SampleBatch copies(const Dataset& dataset, const Model& model, std::int64_t item,
                   std::int64_t count, const std::vector<std::string>& modalities) {
  const std::vector<std::int64_t> items(static_cast<std::size_t>(count), item);
  return model.takes_groups() ? collate_groups(dataset, items, modalities)
                              : collate(dataset, items, modalities);
}

}  // namespace

Explainer::Explainer(Model& model, const Dataset& dataset,
                     const std::vector<std::string>& modalities)
    : model_(model), dataset_(dataset), modalities_(modalities) {
  check<InputError>(modalities.size() <= most_modalities, "explain: the model has ",
                    modalities.size(), " modalities; expected at most ", most_modalities);
}

Explainer::Answers Explainer::ask(const ModelBatch& batch, std::int64_t position,
                                  std::int64_t count) {
  const NoGrad no_grad;
  const Evaluating evaluating(model_);
  Answers answers;
  answers.output = model_(batch);
  const std::int64_t first = position * count;  // [U, B, …] flattened
  if (answers.output.logits.defined()) {
    const std::int64_t classes = answers.output.logits.size(-1);
    const std::vector<double> all = softmax(answers.output.logits).value().to_vector<double>();
    for (std::int64_t row = first; row < first + count; ++row) {
      const auto begin = all.begin() + row * classes;
      answers.probabilities.emplace_back(begin, begin + classes);
    }
  }
  if (answers.output.score.defined()) {
    const std::vector<double> all = answers.output.score.value().to_vector<double>();
    answers.scores.assign(all.begin() + first, all.begin() + first + count);
  }
  return answers;
}

double Explainer::value_of(const Answers& answers, std::size_t row, std::int64_t predicted) const {
  return predicted >= 0 ? answers.probabilities.at(row).at(static_cast<std::size_t>(predicted))
                        : answers.scores.at(row);
}

double Explainer::value_of_nothing(std::int64_t predicted) const {
  const std::vector<std::int64_t>& train = dataset_.indices(Split::train);
  if (train.empty()) {
    return 0.0;
  }
  if (predicted >= 0 && dataset_.has_labels()) {
    const auto of_class = dataset_.class_counts(train).at(static_cast<std::size_t>(predicted));
    return static_cast<double>(of_class) / static_cast<double>(train.size());
  }
  double sum = 0.0;
  for (const std::int64_t sample : train) {
    sum += dataset_.has_targets() ? static_cast<double>(dataset_.targets.data<float>()[sample]) : 0;
  }
  return sum / static_cast<double>(train.size());
}

void Explainer::ask_subsets(Explanation& explanation) {
  const Standing standing = standing_of(dataset_, model_, explanation.sample);
  const std::size_t subsets = std::size_t{1} << modalities_.size();
  const auto count = static_cast<std::int64_t>(subsets - 1);
  const SampleBatch batch = copies(dataset_, model_, standing.item, count, modalities_);
  Presence presence;
  for (std::size_t m = 0; m < modalities_.size(); ++m) {
    Tensor mask = Tensor::full({count}, 0.0, DType::boolean);
    bool* const shown = mask.mutable_data<bool>("explain");
    for (std::size_t subset = 1; subset < subsets; ++subset) {
      shown[subset - 1] = (subset >> m & 1u) != 0;
    }
    presence.push_back(mask);
  }
  const Answers answers = ask(model_batch(batch, presence), standing.position, count);
  check<InputError>(!answers.probabilities.empty() || !answers.scores.empty(),
                    "explain: the model has neither classes nor a score to explain");
  const std::size_t whole = subsets - 2;
  if (!answers.probabilities.empty()) {
    explanation.probabilities = answers.probabilities[whole];
    explanation.predicted =
        std::max_element(explanation.probabilities.begin(), explanation.probabilities.end()) -
        explanation.probabilities.begin();
  }
  explanation.subsets.push_back(value_of_nothing(explanation.predicted));
  for (std::size_t row = 0; row + 1 < subsets; ++row) {
    explanation.subsets.push_back(value_of(answers, row, explanation.predicted));
  }
  explanation.value = explanation.subsets.back();
  explanation.shapley = shapley_values(explanation.subsets);
  if (model_.takes_groups()) {
    return;
  }
  const auto last_column = [&](const Tensor& weights) {
    std::vector<double> column;
    const std::vector<double> all = weights.to_vector<double>();
    for (std::int64_t row = 0; row < weights.size(0); ++row) {
      column.push_back(all[static_cast<std::size_t>(row * count) + whole]);
    }
    return column;
  };
  if (answers.output.time_weights.defined()) {
    explanation.time_weights = last_column(answers.output.time_weights);
    explanation.time_modality = modalities_.at(answers.output.time_input.value());
  }
  if (answers.output.modality_weights.defined()) {
    explanation.modality_weights = last_column(answers.output.modality_weights);
  }
}

PartEffects Explainer::occlude(const Explanation& explanation, std::size_t modality) {
  const Modality& source = dataset_.modality(modalities_[modality]);
  const OcclusionPlan plan = occlusion_plan(source, explanation.sample);
  PartEffects result;
  result.modality = source.info.name;
  result.kind = source.info.kind;
  result.rows = plan.rows;
  result.cols = plan.cols;
  result.step = plan.step;
  const std::vector<float> means = source.info.kind == ModalityKind::features
                                       ? feature_means(source, dataset_.indices(Split::train))
                                       : std::vector<float>{};
  for (std::int64_t begin = 0; begin < plan.parts; begin += asked_at_once) {
    const std::int64_t count = std::min(asked_at_once, plan.parts - begin);
    SampleBatch batch = copies(dataset_, model_, explanation.sample, count, modalities_);
    Presence presence(modalities_.size());
    for (std::int64_t row = 0; row < count; ++row) {
      if (!leave_out(batch.modalities[modality], plan, begin + row, row, means)) {
        // Nothing of the modality is left: it is absent.
        Tensor& mask = presence[modality];
        mask = mask.defined() ? mask : Tensor::full({count}, 1.0, DType::boolean);
        mask.mutable_data<bool>("explain")[row] = false;
      }
    }
    const Answers answers = ask(model_batch(batch, presence), 0, count);
    for (std::int64_t row = 0; row < count; ++row) {
      result.effects.push_back(explanation.value - value_of(answers, static_cast<std::size_t>(row),
                                                            explanation.predicted));
    }
  }
  if (source.info.kind == ModalityKind::features) {
    std::vector<std::int64_t> order(result.effects.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::int64_t left, std::int64_t right) {
      return std::abs(result.effects[static_cast<std::size_t>(left)]) >
             std::abs(result.effects[static_cast<std::size_t>(right)]);
    });
    order.resize(std::min(order.size(), shown_features));
    std::vector<double> largest;
    for (const std::int64_t feature : order) {
      largest.push_back(result.effects[static_cast<std::size_t>(feature)]);
    }
    result.effects = std::move(largest);
    result.features = std::move(order);
  }
  return result;
}

/// Which part of the sample an element of what the encoder began with belongs to: tokens [T, 1,
/// width], sequence [T, 1, F], image [1, C, H, W], features [1, F]. −1: to none that is shown.
std::int64_t part_of(const PartEffects& part, const Shape& shape, std::int64_t element) {
  switch (part.kind) {
    case ModalityKind::tokens:
      return element / shape[2];
    case ModalityKind::sequence:
      return element / shape[2] / part.step;
    case ModalityKind::image: {
      const std::int64_t y = element / shape[3] % shape[2];
      const std::int64_t x = element % shape[3];
      return y / part.step * part.cols + x / part.step;
    }
    case ModalityKind::features:
      break;
  }
  const auto found = std::find(part.features.begin(), part.features.end(), element);
  return found == part.features.end() ? -1 : found - part.features.begin();
}

void Explainer::add_gradients(Explanation& explanation) {
  const Evaluating evaluating(model_);
  const SampleBatch batch = copies(dataset_, model_, explanation.sample, 1, modalities_);
  const CleanBatch clean = model_.clean(model_batch(batch, {}));
  Tape tape;
  const InputWatch watch;
  const ModelOutput output = model_.forward(clean);
  tape.backward(sum(explanation.predicted >= 0 ? select(output.logits, 1, explanation.predicted)
                                               : output.score));
  for (PartEffects& part : explanation.parts) {
    const auto place = std::find(modalities_.begin(), modalities_.end(), part.modality);
    const auto index = static_cast<std::size_t>(place - modalities_.begin());
    const Variable seen = watch.of(clean.inputs[index].values);
    part.gradients.assign(part.effects.size(), 0.0);
    if (!seen.defined() || !seen.grad().defined()) {
      continue;
    }
    const std::vector<double> values = seen.value().to(Device{}).to_vector<double>();
    const std::vector<double> slopes = seen.grad().value().to(Device{}).to_vector<double>();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::int64_t at = part_of(part, seen.shape(), static_cast<std::int64_t>(i));
      if (at >= 0 && at < static_cast<std::int64_t>(part.gradients.size())) {
        part.gradients[static_cast<std::size_t>(at)] += values[i] * slopes[i];
      }
    }
  }
  for (NamedParameter& parameter : parameters_of(model_)) {
    parameter.variable.clear_grad();
  }
}

Explanation Explainer::explain(std::int64_t sample) {
  check<InputError>(sample >= 0 && sample < dataset_.samples, "explain: there is no sample ",
                    sample);
  Explanation explanation;
  explanation.sample = sample;
  explanation.truth = dataset_.has_labels() ? dataset_.labels.data<std::int64_t>()[sample] : -1;
  ask_subsets(explanation);
  if (!model_.takes_groups()) {
    for (std::size_t m = 0; m < modalities_.size(); ++m) {
      if (dataset_.modality(modalities_[m]).has(sample)) {
        explanation.parts.push_back(occlude(explanation, m));
      }
    }
    add_gradients(explanation);
  }
  return explanation;
}

}  // namespace heddle
