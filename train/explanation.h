#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "models/model.h"

namespace heddle {

/// What leaving out a part of one modality does to the value that is explained: value with all −
/// value without the part. Positive: the part speaks for the prediction.
struct PartEffects {
  std::string modality;
  ModalityKind kind = ModalityKind::features;
  /// tokens: one per word. sequence: one per window of `step` frames. image: one per cell of `rows`
  /// × `cols` cells of `step` pixels, row by row. features: of those in `features`, the largest
  /// first.
  std::vector<double> effects;
  /// Of the same parts, gradient · input summed over the part (Shrikumar et al., arXiv 1605.01713),
  /// the gradient being that of the class's logit or of the score; of words, their embeddings.
  std::vector<double> gradients;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t step = 1;
  std::vector<std::int64_t> features;
};

/// Why a model says what it says of one sample.
struct Explanation {
  std::int64_t sample = 0;
  std::int64_t truth = -1;      // −1 where there is none
  std::int64_t predicted = -1;  // −1 without classes
  /// What is explained: the probability of the predicted class, else the score.
  double value = 0.0;
  std::vector<double> probabilities;  // empty without classes
  /// The value with the modalities whose bit is set, the others masked; of none: what the training
  /// split alone says (the class's share, the mean target).
  std::vector<double> subsets;
  std::vector<double> shapley;  // of each modality; their sum is value − subsets[0]
  std::vector<PartEffects> parts;
  std::vector<double> time_weights;      // attention, where the model has it
  std::string time_modality;             // over whose steps
  std::vector<double> modality_weights;  // the same
};

/// Explains predictions of a trained model by asking it again about changed inputs.
class Explainer {
 public:
  /// All must outlive it. `modalities`: those the model is fed, in its order, at most 12 (2^n
  /// subsets are asked about). Errors: more of them.
  Explainer(Model& model, const Dataset& dataset, const std::vector<std::string>& modalities);

  /// Exact Shapley values of the modalities, and occlusion (Zeiler and Fergus, ECCV 2014) of what
  /// is in each: words taken out, windows of frames set to the mean frame, cells of a picture set
  /// to its mean, features set to their mean over the training split; and gradient · input. A
  /// sample of a group is explained in its group, by modalities alone. Errors (InputError): no such
  /// sample; the model has neither classes nor a score.
  Explanation explain(std::int64_t sample);

 private:
  struct Answers {
    std::vector<std::vector<double>> probabilities;
    std::vector<double> scores;
    ModelOutput output;
  };
  Answers ask(const ModelBatch& batch, std::int64_t position, std::int64_t count);
  double value_of(const Answers& answers, std::size_t row, std::int64_t predicted) const;
  double value_of_nothing(std::int64_t predicted) const;
  void ask_subsets(Explanation& explanation);
  PartEffects occlude(const Explanation& explanation, std::size_t modality);
  void add_gradients(Explanation& explanation);

  Model& model_;
  const Dataset& dataset_;
  const std::vector<std::string>& modalities_;
};

}  // namespace heddle
