#include <filesystem>
#include <iomanip>
#include <iostream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "apps/commands.h"
#include "apps/loaded_run.h"
#include "core/error.h"
#include "layers/visit.h"
#include "models/auxiliary_heads.h"
#include "train/final_evaluation.h"
#include "train/model_file.h"
#include "train/onnx_file.h"
#include "train/onnx_model.h"
#include "train/weights.h"

namespace heddle {
namespace {

ModelFile file_of(const LoadedRun& run) {
  ModelFile file;
  file.config = run.config;
  file.config.train.auxiliary = {};  // heads that only trained beside the model stay behind
  file.classifies = run.loss->classifies();
  file.scores = run.loss->scores();
  file.data.name = run.data.dataset.name;
  file.data.class_names = run.data.dataset.class_names;
  for (const std::string& name : run.modalities) {
    Modality& modality = file.data.modalities.emplace_back();
    modality.info = run.data.dataset.modality(name).info;
  }
  for (NamedTensor& weight : copy_of_weights(parameters_of(*run.model))) {
    if (!is_auxiliary(weight.name)) {
      file.weights.push_back(std::move(weight));
    }
  }
  return file;
}

std::string size_of_file(const std::string& path) {
  const auto bytes = static_cast<double>(std::filesystem::file_size(path));
  return concat(std::fixed, std::setprecision(2), bytes / 1e6, " MB");
}

/// What the test split (where there is none, the validation split) says of the weights in the file
/// beside those of the run.
void print_loss_of_int8(LoadedRun& run, const std::string& path) {
  const Dataset& dataset = run.data.dataset;
  const Split split = dataset.indices(Split::test).empty() ? Split::valid : Split::test;
  if (dataset.indices(split).empty()) {
    std::cout << "the data have no test or validation samples to measure what 8 bits lose\n";
    return;
  }
  const EvaluatedModel before = {*run.model, *run.loss, run.modalities};
  const Metrics exact = metrics_of(evaluate_split(before, dataset, run.config, split), dataset);
  const auto model = model_of(read_model_file(path), "cpu", path);
  const EvaluatedModel after = {*model, *run.loss, run.modalities};
  const Metrics rounded = metrics_of(evaluate_split(after, dataset, run.config, split), dataset);
  std::cout << "on the " << name_of(split) << " split   f32       int8      difference\n"
            << std::fixed << std::setprecision(4);
  for (const auto& [name, value] : exact) {
    const auto found = rounded.find(name);
    if (found != rounded.end()) {
      std::cout << "  " << std::left << std::setw(16) << name << std::right << std::setw(8) << value
                << "  " << std::setw(8) << found->second << "  " << std::showpos << std::setw(8)
                << found->second - value << std::noshowpos << '\n';
    }
  }
}

void print_values(const char* direction, const std::vector<OnnxValue>& values) {
  for (const OnnxValue& value : values) {
    std::cout << "  " << std::left << std::setw(4) << direction << std::setw(20) << value.name
              << std::setw(5) << value.dtype << '[';
    for (std::size_t i = 0; i < value.shape.size(); ++i) {
      std::cout << (i == 0 ? "" : ", ");
      std::visit([](const auto& size) { std::cout << size; }, value.shape[i]);
    }
    std::cout << "]  " << value.description << '\n';
  }
}

void export_onnx(const std::string& path, const ModelFile& file) {
  const OnnxGraph graph = onnx_graph_of(file);
  write_onnx(path, graph);
  std::cout << path << ": " << size_of_file(path) << ", ONNX operator set " << OnnxGraph::opset
            << '\n';
  print_values("in", graph.inputs);
  print_values("out", graph.outputs);
}

}  // namespace

int run(const ExportCommand& command) {
  check<UsageError>(!command.out.empty() || !command.onnx.empty(),
                    "heddle export: nothing to write; give --out FILE or --onnx FILE (heddle "
                    "export --help)");
  if (command.out.empty() && is_model_file(command.source)) {
    export_onnx(command.onnx, read_model_file(command.source));
    return 0;
  }
  LoadedRun run = load_run(command.source, "cpu");
  check_answers(run, command.source);
  const ModelFile file = file_of(run);
  if (!command.out.empty()) {
    write_model_file(command.out, file, command.int8 ? StoredWeights::int8 : StoredWeights::f32);
    std::cout << command.out << ": " << size_of_file(command.out) << ", "
              << count_elements(parameters_of(*run.model)) << " weights"
              << (command.int8 ? " of 8 bits" : "") << ", inputs";
    for (const std::string& name : run.modalities) {
      std::cout << ' ' << name;
    }
    std::cout << '\n';
  }
  if (command.int8) {
    print_loss_of_int8(run, command.out);
  }
  if (!command.onnx.empty()) {
    export_onnx(command.onnx, file);
  }
  return 0;
}

}  // namespace heddle
