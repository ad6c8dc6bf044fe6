#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "apps/loaded_run.h"
#include "core/tensor.h"
#include "data/batch.h"
#include "train/model_batch.h"

namespace heddle {

/// A batch of one sample (or one group), and which modalities it shows.
struct Question {
  SampleBatch batch;
  Presence presence;
  std::vector<std::vector<std::string>> words;  // per modality, for tokens that are shown
};

/// What somebody gives for a modality: text (words for tokens, else the path of a file that
/// read_raw_file reads), or
/// the raw values themselves.
using RawInput = std::variant<std::string, Tensor>;

/// One sample from outside; modalities that are not given are masked. Errors (InputError): nothing
/// given, a modality the model does not have, a value that does not fit.
Question question_of(const LoadedRun& run,
                     const std::vector<std::pair<std::string, RawInput>>& inputs);

/// A sample of the run's data by name or number (a group by name, where the model takes groups).
/// Errors (InputError): no such sample; the run is a model file, which has no data.
Question question_of_sample(const LoadedRun& run, const std::string& name);

}  // namespace heddle
