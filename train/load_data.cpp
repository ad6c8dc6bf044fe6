#include "train/load_data.h"

#include <utility>

#include "data/builtin/sets.h"
#include "data/folder_dataset.h"
#include "data/shared_vocabulary.h"
#include "train/modality_names.h"

namespace heddle {

namespace {

BuiltinOptions builtin_options(const DataConfig& config) {
  return {.seed = config.seed, .train = config.train, .valid = config.valid, .test = config.test};
}

}  // namespace

LoadedData load_data(const DataConfig& config, const std::string& category,
                     const std::map<std::string, std::string>& tokenizers,
                     const std::string& domain) {
  const ModalityNames names(config.rename);
  if (config.kind == DataKind::builtin) {
    BuiltinData made = make_builtin_set(config.set, builtin_options(config));
    names.rename(made.dataset, true);
    return {std::move(made.dataset), std::move(made.cues), {}};
  }
  FolderOptions options;
  if (!config.folder.empty()) {
    options.folder = config.folder;
  }
  options.modalities = names.of_data(config.modalities);
  options.valid_share = config.valid_share;
  options.valid_seed = config.valid_seed;
  options.fold = config.fold;
  options.held_out_unlabelled = config.held_out_unlabelled;
  options.category = category;
  options.domain = domain;
  for (const auto& [name, text] : tokenizers) {
    options.tokenizers[names.of_data(name)] = text;
  }
  LoadedData loaded{load_folder_dataset(config.description, options), {}, {}};
  names.rename(loaded.dataset, config.modalities.empty());
  return loaded;
}

std::vector<LoadedData> load_tasks(const RunConfig& config) {
  std::vector<LoadedData> tasks;
  if (config.task.kind != TaskKind::joint) {
    tasks.push_back(load_data(config.data, config.evaluate.by, {}, config.train.domain.column));
    return tasks;
  }
  for (const JointMember& member : config.members) {
    tasks.push_back(load_data(member.config.data, member.config.evaluate.by));
  }
  for (const std::string& name : config.task.share) {
    std::vector<Dataset*> sharing;
    std::vector<LoadedData*> owners;
    for (LoadedData& task : tasks) {
      if (task.dataset.has_modality(name) &&
          task.dataset.modality(name).info.kind == ModalityKind::tokens) {
        sharing.push_back(&task.dataset);
        owners.push_back(&task);
      }
    }
    if (sharing.empty()) {
      continue;
    }
    const auto numbers = share_vocabulary(sharing, name);
    for (std::size_t i = 0; i < owners.size(); ++i) {
      owners[i]->own_words[name] = numbers[i];
    }
  }
  return tasks;
}

std::map<std::string, std::string> tokenizers_of(const Dataset& dataset) {
  std::map<std::string, std::string> texts;
  for (const Modality& modality : dataset.modalities) {
    const Vocabulary* vocabulary = modality.info.vocabulary.get();
    if (vocabulary != nullptr && vocabulary->bpe() != nullptr) {
      texts[modality.info.name] = vocabulary->bpe()->to_text();
    }
  }
  return texts;
}

std::optional<double> best_possible(const DataConfig& config,
                                    const std::vector<std::string>& modalities) {
  if (config.kind != DataKind::builtin) {
    return std::nullopt;
  }
  return best_possible_in_set(config.set, builtin_options(config),
                              ModalityNames(config.rename).of_data(modalities));
}

}  // namespace heddle
