#include <algorithm>
#include <iomanip>
#include <iostream>
#include <optional>

#include "apps/commands.h"
#include "apps/loaded_run.h"
#include "autograd/ops.h"
#include "core/error.h"
#include "data/batch.h"
#include "data/nearest_name.h"
#include "data/npy.h"
#include "train/model_batch.h"
#include "train/trained_model.h"

namespace heddle {

namespace {

/// A batch of one sample (or one group), and which modalities it shows.
struct Question {
  SampleBatch batch;
  Presence presence;
  std::vector<std::vector<std::string>> words;  // per modality, for tokens that are shown
};

/// Stands where a modality is not given; never reaches a result.
BatchModality blank(const ModalityInfo& info) {
  BatchModality result{.name = info.name, .kind = info.kind, .values = {}, .lengths = {}};
  if (info.kind == ModalityKind::tokens) {
    result.values = Tensor::zeros({1, 1}, DType::i64);
  } else if (info.kind == ModalityKind::sequence) {
    result.values = Tensor::zeros({1, 1, info.features()});
  } else {
    result.values = Tensor::zeros(info.shape.inserted(0, 1));
  }
  if (has_lengths(info.kind)) {
    result.lengths = Tensor::from<std::int64_t>({1}, {1});
  }
  return result;
}

Question from_inputs(const LoadedRun& run, const PredictCommand& command) {
  for (const auto& [name, value] : command.inputs) {
    check<InputError>(
        std::find(run.modalities.begin(), run.modalities.end(), name) != run.modalities.end(),
        "this model has no modality \"", name, "\"", suggestion(name, run.modalities));
  }
  Question question;
  for (const std::string& name : run.modalities) {
    const ModalityInfo& info = run.data.dataset.modality(name).info;
    const auto given = std::find_if(command.inputs.begin(), command.inputs.end(),
                                    [&](const auto& input) { return input.first == name; });
    const bool shown = given != command.inputs.end();
    std::vector<std::string>& words = question.words.emplace_back();
    if (!shown) {
      question.batch.modalities.push_back(blank(info));
    } else if (info.kind == ModalityKind::tokens) {
      question.batch.modalities.push_back(batch_of_text(info, given->second));
      words = words_in(given->second);
    } else {
      question.batch.modalities.push_back(batch_of_raw(info, read_npy(given->second, DType::f32)));
    }
    question.presence.push_back(shown ? Tensor() : Tensor::full({1}, 0.0, DType::boolean));
    if (run.model->takes_groups()) {  // a group of one: [1, 1, features]
      Tensor& values = question.batch.modalities.back().values;
      values = values.unsqueeze(0);
    }
  }
  question.batch.samples =
      Tensor::zeros(run.model->takes_groups() ? Shape{1, 1} : Shape{1}, DType::i64);
  if (run.model->takes_groups()) {
    question.batch.group_lengths = Tensor::from<std::int64_t>({1}, {1});
  }
  return question;
}

std::int64_t group_named(const Dataset& dataset, const std::string& name) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < dataset.groups.size(); ++i) {
    names.push_back(dataset.groups[i].name);
    if (names.back() == name) {
      return static_cast<std::int64_t>(i);
    }
  }
  fail<InputError>("no group is named \"", name, "\"", suggestion(name, names));
}

Question from_dataset(const LoadedRun& run, const std::string& name) {
  const Dataset& dataset = run.data.dataset;
  Question question;
  question.words.resize(run.modalities.size());
  if (run.model->takes_groups()) {
    const std::int64_t group = group_named(dataset, name);
    question.batch = collate_groups(dataset, std::span(&group, 1), run.modalities);
    return question;
  }
  const std::int64_t sample = dataset.sample_named(name);
  question.batch = collate(dataset, std::span(&sample, 1), run.modalities);
  for (std::size_t m = 0; m < run.modalities.size(); ++m) {
    const Modality& modality = dataset.modality(run.modalities[m]);
    if (modality.info.kind == ModalityKind::tokens) {
      question.words[m] = modality.words(sample);
    }
  }
  return question;
}

void print_row(const LoadedRun& run, const ModelOutput& output, std::int64_t row) {
  const Dataset& dataset = run.data.dataset;
  if (output.logits.defined()) {
    const std::int64_t classes = output.logits.size(-1);
    const std::vector<double> all = softmax(output.logits).value().to_vector<double>();
    const auto first = all.begin() + row * classes;
    const auto best = static_cast<std::size_t>(std::max_element(first, first + classes) - first);
    std::cout << dataset.class_names[best] << "  (";
    for (std::int64_t c = 0; c < classes; ++c) {
      std::cout << (c == 0 ? "" : ", ") << dataset.class_names[static_cast<std::size_t>(c)] << ' '
                << first[c];
    }
    std::cout << ')';
  }
  if (output.score.defined()) {
    std::cout << (output.logits.defined() ? "  " : "") << "score "
              << output.score.value().to_vector<double>()[static_cast<std::size_t>(row)];
  }
  std::cout << '\n';
}

void print_attention(const LoadedRun& run, const ModelOutput& output, const Question& question) {
  if (output.modality_weights.defined()) {
    const std::vector<double> weights = output.modality_weights.to_vector<double>();
    std::cout << "attention over modalities:";
    for (std::size_t m = 0; m < weights.size() && m < run.modalities.size(); ++m) {
      std::cout << "  " << run.modalities[m] << ' ' << weights[m];
    }
    std::cout << '\n';
  }
  if (!output.time_weights.defined()) {
    return;
  }
  const std::vector<double> weights = output.time_weights.to_vector<double>();
  for (const std::vector<std::string>& words : question.words) {
    if (words.empty() || words.size() != weights.size()) {
      continue;
    }
    std::cout << "attention over words:\n";
    for (std::size_t i = 0; i < words.size(); ++i) {
      constexpr double widest = 40.0;
      const auto length = static_cast<std::size_t>(widest * weights[i] + 0.5);
      std::cout << "  " << std::left << std::setw(16) << words[i] << weights[i] << "  "
                << std::string(length, '#') << '\n';
    }
    return;
  }
}

void print_truth(const LoadedRun& run, std::int64_t sample) {
  const Dataset& dataset = run.data.dataset;
  if (dataset.has_labels()) {
    const std::int64_t label = dataset.labels.data<std::int64_t>()[sample];
    std::cout << "truth: " << dataset.class_names[static_cast<std::size_t>(label)];
  }
  if (dataset.has_targets()) {
    std::cout << "  (score " << dataset.targets.data<float>()[sample] << ')';
  }
  std::cout << '\n';
}

}  // namespace

int run(const PredictCommand& command) {
  check<UsageError>(command.sample.empty() != command.inputs.empty(),
                    "heddle predict: give either a sample of the data, or inputs such as --text "
                    "\"…\" (heddle predict --help)");
  LoadedRun run = load_run(command.source, command.device);
  check<InputError>(run.model->generator() == nullptr,
                    "this model writes texts and predicts no class; expected heddle translate ",
                    command.source, " \"…\"");
  const Question question =
      command.inputs.empty() ? from_dataset(run, command.sample) : from_inputs(run, command);
  const NoGrad no_grad;
  const Evaluating evaluating(*run.model);
  const ModelOutput output = (*run.model)(model_batch(question.batch, question.presence));
  std::cout << std::fixed << std::setprecision(4);
  const std::vector<std::int64_t> samples = question.batch.samples.to_vector<std::int64_t>();
  for (std::size_t row = 0; row < samples.size(); ++row) {
    if (run.model->takes_groups() && command.inputs.empty()) {
      std::cout << std::left << std::setw(24) << run.data.dataset.name_of_sample(samples[row]);
    }
    print_row(run, output, static_cast<std::int64_t>(row));
  }
  if (!run.model->takes_groups()) {
    print_attention(run, output, question);
    if (command.inputs.empty()) {
      print_truth(run, samples.front());
    }
  }
  return 0;
}

}  // namespace heddle
