#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/builtin/cues.h"
#include "data/dataset.h"
#include "data/log_mel.h"

namespace heddle {

/// Data made from a seed, with nothing to download: a sentence, a picture of a face and half a
/// second of sound, whose hidden cues (data/builtin/cues.h) decide the label. docs/data.md shows
/// it.
struct BuiltinOptions {
  std::uint64_t seed = 1;
  std::int64_t train = 8000;
  std::int64_t valid = 1000;
  std::int64_t test = 1000;
};

/// One sample before it is put into columns.
struct BuiltinSample {
  HiddenCues cues;
  std::string sentence;
  std::vector<float> picture;   // [3, 32, 32], red, green, blue in 0 … 1, multiples of 1/255
  std::vector<float> waveform;  // [4000], −1 … 1, at 8 kHz
};

struct BuiltinData {
  /// Modalities "text" (tokens), "image" ([3, 32, 32]), "audio" (log-mel frames); classes
  /// "negative", "positive"; samples 0 … train − 1 train, then validation, then test.
  Dataset dataset;
  std::vector<HiddenCues> cues;  // one per sample
};

constexpr std::int64_t builtin_picture_side = 32;   // pixels
constexpr std::int64_t builtin_sample_rate = 8000;  // Hz
constexpr std::int64_t builtin_waveform_samples = 4000;
/// How the waveform becomes frames: 24 frames of 24 bands.
LogMelOptions builtin_log_mel_options();

/// Sample `index` of `seed`: the same whatever else is made.
BuiltinSample make_builtin_sample(std::uint64_t seed, std::int64_t index);

// Of all built-in sets (data/builtin/sets.h).
/// Errors (InputError): a negative count, no training sample, more than 10,000,000 in all.
void check_builtin_options(const BuiltinOptions& options);
/// Samples 0 … train − 1 train, then validation, then test.
void add_builtin_splits(Dataset& dataset, const BuiltinOptions& options);

/// Errors (InputError): as check_builtin_options.
BuiltinData make_builtin(const BuiltinOptions& options);

}  // namespace heddle
