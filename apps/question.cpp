#include "apps/question.h"

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "data/nearest_name.h"
#include "data/raw_file.h"

namespace heddle {
namespace {

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

BatchModality given(const ModalityInfo& info, const RawInput& value) {
  if (const auto* const tensor = std::get_if<Tensor>(&value)) {
    check<InputError>(info.kind != ModalityKind::tokens, "modality \"", info.name,
                      "\" has words; expected its text, not numbers");
    return batch_of_raw(info, *tensor);
  }
  const auto& text = std::get<std::string>(value);
  return info.kind == ModalityKind::tokens ? batch_of_text(info, text)
                                           : batch_of_raw(info, read_raw_file(info, text));
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

}  // namespace

Question question_of(const LoadedRun& run,
                     const std::vector<std::pair<std::string, RawInput>>& inputs) {
  std::string names;
  for (const std::string& name : run.modalities) {
    names += (names.empty() ? "" : ", ") + name;
  }
  check<InputError>(!inputs.empty(), "no input is given; expected at least one of ", names);
  for (const auto& [name, value] : inputs) {
    check<InputError>(
        std::find(run.modalities.begin(), run.modalities.end(), name) != run.modalities.end(),
        "this model has no modality \"", name, "\"", suggestion(name, run.modalities));
  }
  Question question;
  for (const std::string& name : run.modalities) {
    const ModalityInfo& info = run.data.dataset.modality(name).info;
    const auto input = std::find_if(inputs.begin(), inputs.end(),
                                    [&](const auto& entry) { return entry.first == name; });
    const bool shown = input != inputs.end();
    std::vector<std::string>& words = question.words.emplace_back();
    question.batch.modalities.push_back(shown ? given(info, input->second) : blank(info));
    if (shown && info.kind == ModalityKind::tokens) {
      words = info.vocabulary->pieces(std::get<std::string>(input->second));
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

Question question_of_sample(const LoadedRun& run, const std::string& name) {
  check<InputError>(run.has_data, "\"", name,
                    "\" asks for a sample, but a model file has none; give inputs, such as --text");
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

}  // namespace heddle
