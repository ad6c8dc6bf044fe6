#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "train/explanation_page.h"

namespace heddle {

std::string explanation_json(const RunConfig& config, const Dataset& dataset,
                             const std::vector<std::string>& modalities,
                             const std::vector<Explanation>& explanations) {
  using nlohmann::json;
  json samples = json::array();
  for (const Explanation& explained : explanations) {
    const auto class_name = [&](std::int64_t index) {
      return index >= 0 ? json(dataset.class_names.at(static_cast<std::size_t>(index))) : json();
    };
    json told = {{"sample", dataset.name_of_sample(explained.sample)},
                 {"truth", class_name(explained.truth)},
                 {"predicted", class_name(explained.predicted)},
                 {"value", explained.value},
                 {"nothing", explained.subsets.front()}};
    for (std::size_t m = 0; m < modalities.size(); ++m) {
      told["shapley"][modalities[m]] = explained.shapley[m];
    }
    for (std::size_t subset = 1; subset < explained.subsets.size(); ++subset) {
      json names = json::array();
      for (std::size_t m = 0; m < modalities.size(); ++m) {
        if ((subset >> m & 1u) != 0) {
          names.push_back(modalities[m]);
        }
      }
      told["subsets"].push_back({{"modalities", names}, {"value", explained.subsets[subset]}});
    }
    for (const PartEffects& part : explained.parts) {
      json entry = {{"modality", part.modality},
                    {"kind", name_of(part.kind)},
                    {"effects", part.effects},
                    {"gradient_times_input", part.gradients}};
      if (part.kind == ModalityKind::tokens) {
        entry["words"] = dataset.modality(part.modality).words(explained.sample);
      } else if (part.kind == ModalityKind::image) {
        entry["rows"] = part.rows;
        entry["cols"] = part.cols;
        entry["pixels"] = part.step;
      } else if (part.kind == ModalityKind::sequence) {
        entry["frames"] = part.step;
      } else {
        entry["features"] = part.features;
      }
      told["parts"].push_back(entry);
    }
    if (!explained.time_weights.empty()) {
      told["attention"]["time"] = explained.time_weights;
      told["attention"]["of"] = explained.time_modality;
    }
    if (!explained.modality_weights.empty()) {
      told["attention"]["modalities"] = explained.modality_weights;
    }
    samples.push_back(told);
  }
  return json({{"run", config.name}, {"samples", samples}})
             .dump(2, ' ', false, json::error_handler_t::replace) +
         "\n";
}

}  // namespace heddle
