#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/tensor.h"
#include "data/dataset.h"

namespace heddle {

struct BatchModality {
  std::string name;
  ModalityKind kind = ModalityKind::features;
  /// tokens i64 [T, B]; features f32 [B, F]; sequence f32 [T, B, F]; image f32 [B, C, H, W].
  /// In a batch of groups: features f32 [U, B, F] (U = utterances).
  /// T is the longest of the batch, at least 1. Padding is token 0, or 0.0.
  Tensor values;
  Tensor lengths;       // i64 [B] for tokens and sequence; else undefined
  Tensor present = {};  // bool [B], groups [U, B]: which samples have it; undefined: all
};

/// What a model is given for one step (core/view.h has a Batch of another sort). B = samples, or
/// groups in a batch of groups.
struct SampleBatch {
  std::vector<BatchModality> modalities;
  Tensor samples;  // i64 [B]; groups: i64 [U, B] with −1 for padding
  Tensor labels;   // i64 [B], −1: unlabelled; groups: i64 [U, B] with −1 for padding; undefined
                   // where there are none
  Tensor targets;  // f32 [B]; groups: f32 [U, B] with 0 for padding; undefined where there are none
  Tensor group_lengths;  // groups: i64 [B], utterances of each; else undefined
  /// bool [B]: false for samples of Dataset::unlabelled; undefined: there are none in the batch.
  Tensor labelled = {};

  bool of_groups() const { return group_lengths.defined(); }
  std::int64_t size() const { return samples.size(-1); }
  /// Errors: no such modality; lists those there are.
  const BatchModality& modality(std::string_view name) const;
  bool has_modality(std::string_view name) const;
};

/// The samples `indices`, in that order, padded to the longest. `modalities` empty means all, else
/// those named, in that order. Errors: an index out of range, an unknown modality, no index.
SampleBatch collate(const Dataset& dataset, std::span<const std::int64_t> indices,
                    std::span<const std::string> modalities = {});

/// Whole groups, `indices` being positions in dataset.groups; padded over their utterances.
/// Errors: as collate; a modality that is not of kind features (choose others by `modalities`).
SampleBatch collate_groups(const Dataset& dataset, std::span<const std::int64_t> indices,
                           std::span<const std::string> modalities = {});

// One sample from outside, for a batch of one. Raw values are standardised as the data set was.
/// Words → tokens i64 [T, 1] with lengths [1]. Errors: not a tokens modality; no word in the text.
BatchModality batch_of_text(const ModalityInfo& info, std::string_view text);
/// features [F], sequence [T, F] or image [C, H, W], f32 or f64. Errors (InputError): wrong shape.
BatchModality batch_of_raw(const ModalityInfo& info, const Tensor& raw);

}  // namespace heddle
