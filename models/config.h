#pragma once

#include <cstdint>
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

/// For inputs of kind tokens: embedding → BiLSTM.
struct TokenEncoderConfig {
  std::int64_t embedding = 64;
  std::int64_t hidden = 0;  // per direction; 0: the model's
  std::int64_t layers = 1;
  double dropout = 0.0;  // on the embedded words and between LSTM layers
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

/// What reads or writes a sequence.
enum class SequenceCoderKind : std::uint8_t { transformer, lstm };
/// How an LSTM decoder looks at the source (models/lstm_decoder.h).
enum class MemoryAttentionKind : std::uint8_t { dot, additive };
/// How what is shown beside the source joins it (models/sequence_to_sequence.h).
enum class SequenceFusionKind : std::uint8_t { tokens, gate };

/// "sequence_to_sequence" alone.
struct SequenceToSequenceConfig {
  /// Names of the inputs that are read and written, both of kind tokens; all others are shown
  /// beside the source. Not keys of [model]: those of [task].
  std::string source;
  std::string target;
  SequenceCoderKind encoder = SequenceCoderKind::transformer;
  SequenceCoderKind decoder = SequenceCoderKind::transformer;
  std::int64_t encoder_layers = 3;
  std::int64_t decoder_layers = 3;
  std::int64_t heads = 4;         // transformer
  std::int64_t feed_forward = 0;  // transformer: width inside; 0: four times hidden
  MemoryAttentionKind attention = MemoryAttentionKind::dot;  // lstm decoder
  /// On embedded tokens, on what each part adds (transformer), between layers (lstm).
  double dropout = 0.1;
  /// The output layer's weight is the target's embedding table (Press & Wolf, arXiv 1608.05859).
  bool tie_output = true;
  /// Source and target have one embedding table; their vocabularies must be the same.
  bool share_embeddings = false;
  SequenceFusionKind fusion = SequenceFusionKind::tokens;
};

/// All that decides a model's architecture; the defaults are those of the demo's "sentiment".
struct ModelConfig {
  std::string name = "sentiment";  // or "contextual", "sequence_to_sequence"
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
  SequenceToSequenceConfig sequence_to_sequence;

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
