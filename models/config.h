#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dtype.h"

namespace heddle {

/// How a sequence of states becomes one vector per sample.
enum class SequencePool : std::uint8_t {
  attention,  // tanh(linear), additive attention over the steps
  final,      // the last state of each direction, side by side
};
/// What looks at a picture.
enum class ImageEncoderKind : std::uint8_t { cnn, linear };
/// What looks at a sequence of frames.
enum class SequenceEncoderKind : std::uint8_t { lstm, conv };

/// For inputs of kind tokens: embedding → BiLSTM; with no layer, the words of a weighted bag.
struct TokenEncoderConfig {
  std::int64_t embedding = 64;
  std::int64_t hidden = 0;  // per direction; 0: the model's
  std::int64_t layers = 1;  // 0: no LSTM
  double dropout = 0.0;     // on the embedded words and between LSTM layers
  /// Only where it is not the modality whose steps the fusion attends to.
  SequencePool pool = SequencePool::attention;
};

/// For inputs of kind features: one linear layer, features → hidden.
struct FeatureEncoderConfig {
  double dropout = 0.0;  // on the features
};

/// For inputs of kind image.
struct ImageEncoderConfig {
  ImageEncoderKind kind = ImageEncoderKind::cnn;
  /// cnn: filters of each stage (3×3 convolution, 2×2 maximum, relu).
  std::vector<std::int64_t> channels = {12, 24, 32};
  double dropout = 0.0;  // on what enters the last linear layer
};

/// For inputs of kind sequence.
struct SequenceEncoderConfig {
  SequenceEncoderKind kind = SequenceEncoderKind::lstm;
  std::int64_t hidden = 0;                        // lstm: per direction; 0: the model's
  std::int64_t layers = 1;                        // lstm
  std::vector<std::int64_t> channels = {32, 64};  // conv: filters of each stage (halves the time)
  std::int64_t kernel = 5;                        // conv: odd
  double dropout = 0.0;                           // lstm: on the frames and between layers
  SequencePool pool = SequencePool::attention;    // conv: attention alone
};

/// "contextual" alone: BiLSTM over the utterances of a video.
struct ContextualConfig {
  std::int64_t projection = 0;  // per modality tanh(linear) to this width first; 0: none
  double input_dropout = 0.0;   // on the features
  std::int64_t layers = 1;      // of the BiLSTM (hidden: the model's, per direction)
  double dropout = 0.0;         // on the BiLSTM's states (and between its layers)
  std::int64_t dense = 100;     // tanh(linear) before the classifier; 0: none
  double dense_dropout = 0.0;   // on what the classifier gets
};

/// "joint_embedding" alone: a tower per modality into one space.
struct JointEmbeddingConfig {
  std::int64_t width = 256;  // of the space
  double dropout = 0.0;      // on what enters the projection into it
  /// No key of [model]: what the loss's temperature begins at, where it is learned ([loss]).
  std::optional<double> learned_temperature = {};
};

/// All that decides a model's architecture; the defaults are those of the demo's "sentiment".
struct ModelConfig {
  std::string name = "sentiment";  // or "contextual", "joint_embedding"
  std::int64_t hidden = 64;
  /// "sentiment": attention over the steps of the time modality, each fused with the other
  /// modalities' vectors; or final: one token per modality (final states for the time modality),
  /// attention over those.
  SequencePool pool = SequencePool::attention;
  /// "sentiment": name of the input (tokens or sequence) whose steps are attended to; empty: the
  /// first of kind tokens; "none", or empty where there is none: attention over modality tokens.
  std::string time_modality;
  /// Where attention goes over modality tokens: each token is fused with all tokens (as each step
  /// is with the other modalities); false: tokens meet in the weighted sum alone.
  bool token_context = true;
  /// A learned vector stands for an absent modality (zeros where false). On for training with
  /// modality dropout or with incomplete data.
  bool missing_vectors = false;
  double dropout = 0.0;  // "sentiment": on what the classifier gets

  TokenEncoderConfig tokens;
  FeatureEncoderConfig features;
  ImageEncoderConfig image;
  SequenceEncoderConfig sequence;
  ContextualConfig contextual;
  JointEmbeddingConfig joint;

  DType dtype = DType::f32;
};

/// Errors (InputError): an option out of range; says which and what is expected.
void check_config(const ModelConfig& config);

// Names as they stand in configuration files. `…_named` errors (InputError): any other name.
std::string_view name_of(SequencePool pool);         // "attention", "final"
std::string_view name_of(ImageEncoderKind kind);     // "cnn", "linear"
std::string_view name_of(SequenceEncoderKind kind);  // "lstm", "conv"
SequencePool sequence_pool_named(std::string_view name);
ImageEncoderKind image_encoder_named(std::string_view name);
SequenceEncoderKind sequence_encoder_named(std::string_view name);

}  // namespace heddle
