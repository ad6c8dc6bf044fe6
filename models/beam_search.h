#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/tensor.h"

namespace heddle {

struct BeamOptions {
  std::int64_t beam = 1;  // hypotheses kept for each sentence; 1: the likeliest token each time
  /// α: hypotheses are compared by log P / ((5 + tokens) / 6)^α, with the end among the tokens; 0:
  /// by log P, which favours short ones. Wu et al., arXiv 1609.08144, §7.
  double length_penalty = 0.0;
};

/// A sequence that was found, without begin and end.
struct Hypothesis {
  std::vector<std::int64_t> tokens;
  double log_probability = 0.0;
  double score = 0.0;  // the same divided by the length penalty
  bool ended = true;   // false: cut off at its limit
};

/// log P(next token) of every row, [sentences · beam, vocabulary] f32 or f64, after `tokens` i64
/// [sentences · beam] (begin symbols at the first call). Row r goes on from row `parents[r]` of the
/// call before, of the same sentence; empty where each goes on from itself.
using NextLogProbabilities =
    std::function<Tensor(const Tensor& tokens, const std::vector<std::int64_t>& parents)>;

struct BeamTask {
  std::vector<std::int64_t> limits;  // for each sentence, the most tokens it may get, at least 1
  std::int64_t begin = 0;            // the symbol every sequence starts after
  std::int64_t end = 0;              // the symbol that ends one
};

/// For each sentence up to `beam` hypotheses, the best score first. A step looks at the 2·beam best
/// continuations of a sentence: those among the first `beam` that end are finished, the best `beam`
/// that do not end go on. A sentence is done when `beam` hypotheses are finished. Equal values: the
/// lower row, then the lower token. Errors: beam < 1, a limit < 1, no sentence.
std::vector<std::vector<Hypothesis>> beam_search(const BeamTask& task, const BeamOptions& options,
                                                 const NextLogProbabilities& next);

}  // namespace heddle
