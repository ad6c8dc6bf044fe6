#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/tensor.h"
#include "data/log_mel.h"
#include "data/vocabulary.h"

namespace heddle {

/// What one sample has of a modality:
///   tokens    word numbers, any number of them   stored i64 [total],       in a batch i64 [T, B]
///   features  F numbers                          stored f32 [R, F],        in a batch f32 [B, F]
///   sequence  frames of F numbers, any number    stored f32 [total, F],    f32 [T, B, F]
///   image     C planes of H×W pixels             stored f32 [R, C, H, W],  f32 [B, C, H, W]
/// R is the number of samples, or of different rows where samples share them.
enum class ModalityKind : std::uint8_t { tokens, features, sequence, image };

std::string_view name_of(ModalityKind kind);
/// Errors (InputError): any other name; suggests the nearest.
ModalityKind modality_kind_named(std::string_view name);
/// Whether samples differ in length (tokens, sequence).
bool has_lengths(ModalityKind kind);

/// How stored values were made from raw ones: stored = (sign(raw) |raw|^power − mean) · scale. One
/// mean and scale per feature (or per image plane), or a single one for all; none: 0 and 1.
struct Standardisation {
  std::vector<float> mean = {};
  std::vector<float> scale = {};
  float power = 1.0f;

  bool is_identity() const { return mean.empty() && power == 1.0f; }
  /// The power alone.
  float powered(float raw) const;
  /// Feature (or plane) `feature` back as it was.
  float raw(float stored, std::int64_t feature) const;
  float stored(float raw, std::int64_t feature) const;
};

struct ModalityInfo {
  std::string name;  // "text", "image", "audio", … unique within a data set
  ModalityKind kind = ModalityKind::features;
  /// Shape of one sample, or of one frame: tokens [], features [F], sequence [F], image [C, H, W].
  Shape shape;
  std::shared_ptr<const Vocabulary> vocabulary = {};  // tokens only
  Standardisation standardisation = {};
  /// sequence: how its frames were made of waveforms, where they were.
  std::optional<LogMelOptions> log_mel = {};
  /// All samples of one identity (Dataset::identities) have the same value, as the captions of a
  /// picture share the picture.
  bool per_identity = false;

  /// F of features and sequences. Errors: another kind.
  std::int64_t features() const;
};

/// One modality of all samples, in columns.
struct Modality {
  ModalityInfo info;
  Tensor values;  // as ModalityKind says
  /// tokens and sequence: row r is values[starts[r] … starts[r + 1] − 1]. Else empty: row r is
  /// values[r].
  std::vector<std::int64_t> starts;
  std::vector<std::string> texts = {};  // tokens read from text: one per row
  /// The row of each sample, so that samples may share one (many questions about a picture). Empty:
  /// sample i has row i.
  std::vector<std::int64_t> rows = {};
  /// Whether each sample has this modality at all; what its row holds where not is of no meaning.
  /// Empty: all have. A sequence of length 0 is absent too.
  std::vector<bool> present = {};

  std::int64_t row_of(std::int64_t sample) const;
  std::int64_t row_count() const;
  bool has(std::int64_t sample) const;
  /// Tokens or frames of a sample; 1 for features and images.
  std::int64_t length(std::int64_t sample) const;
  /// The values of one sample: i64 [T], f32 [F], [T, F] or [C, H, W]. A view.
  Tensor sample(std::int64_t sample) const;
  /// tokens: the words of a sample as they were written (unknown ones too), one per token.
  std::vector<std::string> words(std::int64_t sample) const;
};

enum class Split : std::uint8_t { train, valid, test };
constexpr std::array<Split, 3> all_splits = {Split::train, Split::valid, Split::test};
std::string_view name_of(Split split);     // "train", "valid", "test"
Split split_named(std::string_view name);  // Errors (InputError): any other name

/// Samples that belong together and have an order, such as the utterances of one video.
struct SampleGroup {
  std::string name;
  std::vector<std::int64_t> members;  // samples, in order
  Split split = Split::train;
};

/// A data set in memory. Models learn what they are fed from `modalities[i].info`; the training
/// loop asks `indices` for samples (or `group_indices` for whole groups) and `collate` for batches.
struct Dataset {
  std::string name;
  std::int64_t samples = 0;
  std::vector<Modality> modalities;
  /// i64 [N], 0 … classes − 1, or −1 of samples in no split; undefined where there are none.
  Tensor labels;
  std::vector<std::string> class_names;   // one per class
  Tensor targets;                         // f32 [N], for regression; undefined where there are none
  std::vector<std::string> sample_names;  // one per sample, or empty: samples go by number
  std::array<std::vector<std::int64_t>, 3> splits;  // samples of each Split, ascending
  /// Samples to train on whose labels and targets nobody knows, or is to see: in no split,
  /// ascending. Their label is −1 and their target 0.
  std::vector<std::int64_t> unlabelled;
  std::vector<SampleGroup> groups;  // empty where samples stand alone
  /// The class of samples whose answer is none of the others (never predicted, never right); −1:
  /// there is none.
  std::int64_t other_class = -1;
  /// Something by which results are told apart: its name, and its value for each sample. Empty
  /// where nothing was asked for.
  std::string category;
  std::vector<std::string> category_of;
  /// Where samples come from (speakers, hospitals): the number of each sample's domain among those
  /// of the training split and of unlabelled samples, or −1 where it is none of them. Empty where
  /// nothing was asked for.
  std::vector<std::int64_t> domains;
  std::vector<std::string> domain_names;
  /// Where the test split is one of several folds: their names, in order. Else empty.
  std::vector<std::string> folds;
  /// What each sample shows, 0 …: two samples of one identity (captions of one picture) are both
  /// right answers to each other's retrieval. Empty: every sample is its own.
  std::vector<std::int64_t> identities;
  std::vector<std::string> identity_names;  // by number; empty: they go by number

  std::int64_t classes() const { return static_cast<std::int64_t>(class_names.size()); }
  bool has_labels() const { return labels.defined(); }
  bool has_targets() const { return targets.defined(); }
  bool has_groups() const { return !groups.empty(); }
  bool is_unlabelled(std::int64_t sample) const;
  /// For each sample whether it is in a split.
  std::vector<bool> in_a_split() const;

  const std::vector<std::int64_t>& indices(Split split) const {
    return splits[static_cast<std::size_t>(split)];
  }
  /// Positions in `groups` of the groups of a split.
  std::vector<std::int64_t> group_indices(Split split) const;
  /// Errors: no such modality; lists those there are and suggests the nearest.
  const Modality& modality(std::string_view modality_name) const;
  bool has_modality(std::string_view modality_name) const;
  std::vector<std::string> modality_names() const;
  /// `sample_names[sample]`, else the number as text.
  std::string name_of_sample(std::int64_t sample) const;
  std::int64_t identity_of(std::int64_t sample) const {
    return identities.empty() ? sample : identities[static_cast<std::size_t>(sample)];
  }
  /// `identity_names[identity]`, else the sample's name where each is its own, else the number.
  std::string name_of_identity(std::int64_t identity) const;
  /// Errors: no sample goes by that name (or number).
  std::int64_t sample_named(std::string_view sample_name) const;

  /// How often each class occurs among `indices`.
  std::vector<std::int64_t> class_counts(std::span<const std::int64_t> indices) const;

  /// Checks that every part agrees with every other (sizes, ranges, a sample in one split only, a
  /// group in one split only). Every loader calls it last. Errors: says what does not fit.
  void validate() const;
};

}  // namespace heddle
