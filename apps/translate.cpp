#include <iostream>
#include <string>
#include <vector>

#include "apps/commands.h"
#include "apps/loaded_run.h"
#include "core/error.h"
#include "data/batch.h"
#include "data/npy.h"
#include "train/generation.h"

namespace heddle {

namespace {

/// Lines of standard input without their ends.
bool next_line(std::string& line) {
  if (!std::getline(std::cin, line)) {
    return false;
  }
  if (line.ends_with('\r')) {
    line.pop_back();
  }
  return true;
}

void print(const std::string& source, const Translation& found, bool json) {
  if (!json) {
    std::cout << found.text << '\n';
    return;
  }
  std::cout << translation_json(source, found);
}

}  // namespace

int run(const TranslateCommand& command) {
  LoadedRun run = load_for_prediction(command.source, command.device);
  check_answers(run, command.source);
  GenerationOptions options = generation_options(run.config.task);
  options.search.beam = command.beam > 0 ? command.beam : options.search.beam;
  options.search.length_penalty = command.length_penalty.value_or(options.search.length_penalty);
  std::vector<BatchModality> beside;
  for (const auto& [name, value] : command.inputs) {
    const ModalityInfo& info = run.data.dataset.modality(name).info;
    beside.push_back(info.kind == ModalityKind::tokens
                         ? batch_of_text(info, value)
                         : batch_of_raw(info, read_npy(value, DType::f32)));
  }
  const auto answer = [&](const std::vector<std::string>& texts) {
    const std::vector<Translation> found =
        translate(*run.model, run.data.dataset, run.modalities, texts, options, beside);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      print(texts[i], found[i], command.json);
    }
    std::cout.flush();
  };
  if (!command.texts.empty()) {
    answer(command.texts);
    return 0;
  }
  // Lines are answered in blocks, so that sentences can share a batch.
  constexpr std::size_t block = 256;
  std::vector<std::string> texts;
  for (std::string line; next_line(line);) {
    texts.push_back(line);
    if (texts.size() == block) {
      answer(texts);
      texts.clear();
    }
  }
  if (!texts.empty()) {
    answer(texts);
  }
  return 0;
}

}  // namespace heddle
