#pragma once

#include <vector>

#include "data/builtin/generator.h"
#include "data/builtin/scene.h"
#include "data/dataset.h"

namespace heddle {

/// Captions and pictures to find one by the other, made from a seed: each sample is a caption
/// ("text") with its picture ("image", [3, 24, 24]); two samples in a row share a picture, which is
/// their identity. Pictures of the same scene cannot be told apart by any caption, so that the best
/// possible recall is below 1 and known.
struct BuiltinRetrieval {
  Dataset dataset;
  std::vector<Scene> scenes;  // by identity
};

constexpr std::int64_t retrieval_picture_side = 24;  // pixels
constexpr std::int64_t captions_per_picture = 2;

/// Errors (InputError): as make_builtin.
BuiltinRetrieval make_builtin_retrieval(const BuiltinOptions& options);

/// The recall at `k` nobody can beat in expectation, over the captions of a split as queries:
/// pictures of the same scene are in any order, so that one of c has its place among the first k
/// with probability min(k / c, 1). Errors: `k` below 1.
double best_possible_recall(const BuiltinRetrieval& made, Split split, std::int64_t k);

}  // namespace heddle
