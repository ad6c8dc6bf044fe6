#pragma once

#include <cstddef>
#include <vector>

#include "models/beam_search.h"
#include "models/model.h"

namespace heddle {

struct GenerationOptions {
  BeamOptions search = {};
  /// A sequence gets at most `per_source_token` tokens for each of its source's, and `more`.
  double per_source_token = 1.5;
  std::int64_t more = 10;
};

/// A model that writes a sequence of tokens about what it is shown.
class SequenceGenerator {
 public:
  virtual ~SequenceGenerator() = default;
  /// The place of the sequence to write among the model's inputs. Training is given it, and
  /// `generate` does not look at it.
  virtual std::size_t target_input() const = 0;
  virtual std::size_t source_input() const = 0;
  /// For each sample its hypotheses, the best first. Records nothing on a tape; to be called with
  /// the model switched to evaluation. Deterministic.
  virtual std::vector<std::vector<Hypothesis>> generate(const CleanBatch& batch,
                                                        const GenerationOptions& options) = 0;
};

}  // namespace heddle
