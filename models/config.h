#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dtype.h"
#include "models/fusion/fusion_config.h"

namespace heddle {

/// How a sequence of states becomes one vector per sample.
enum class SequencePool : std::uint8_t {
  attention,  // tanh(linear), additive attention over the steps
  final,      // the encoder's own summary (EncodedSteps::final): of an LSTM the last states
};
/// What reads words.
enum class TokenEncoderKind : std::uint8_t { lstm, cnn, transformer };
/// What looks at a picture.
enum class ImageEncoderKind : std::uint8_t { cnn, linear, resnet, vit };
/// What looks at a sequence of frames, or at a set of regions.
enum class SequenceEncoderKind : std::uint8_t { lstm, conv, transformer, conv_lstm, regions };
/// How a Transformer encoder tells where a step stands; `none`: not at all (steps are a set).
enum class PositionKind : std::uint8_t { sinusoidal, learned, none };

/// What a Transformer encoder over steps has besides its width, layers and dropout.
struct TransformerConfig {
  std::int64_t heads = 4;
  std::int64_t feed_forward = 0;  // width inside; 0: four times the encoder's
  PositionKind positions = PositionKind::sinusoidal;
  std::int64_t max_steps = 512;  // learned: a batch with more steps is an error
};

/// For inputs of kind tokens: an embedding, and what reads it; an LSTM of no layer leaves the words
/// a weighted bag.
struct TokenEncoderConfig {
  TokenEncoderKind kind = TokenEncoderKind::lstm;
  std::int64_t embedding = 64;  // transformer: its width
  /// Of the first values, normal around 0, where no vectors say otherwise. Words move by the
  /// learning rate whatever their size, so smaller ones learn faster.
  double embedding_deviation = 1.0;
  /// A file of word vectors that embeddings begin with (data/word_vectors.h); empty: none. Whoever
  /// builds the model does not read it; training does.
  std::string vectors;
  /// With vectors: the width the configuration gives. Absent: that of the file, and `embedding` is
  /// 0 until somebody has looked (train/embedding_vectors.h).
  std::optional<std::int64_t> vector_width = {};
  bool freeze_vectors = false;                   // with vectors: the tables are not learned
  std::int64_t hidden = 0;                       // lstm: per direction; 0: the model's
  std::int64_t layers = 1;                       // lstm (0: no LSTM), transformer
  std::vector<std::int64_t> widths = {3, 4, 5};  // cnn: words that filters span, all different
  std::int64_t filters = 100;                    // cnn: of each width
  TransformerConfig transformer;
  /// lstm: on the embedded words and between layers; cnn: on the filters' results; transformer: on
  /// the embedded words with their positions and inside the blocks.
  double dropout = 0.0;
  /// lstm, transformer; only where it is not the modality whose steps the fusion attends to.
  SequencePool pool = SequencePool::attention;
};

/// For inputs of kind features: one linear layer, features → the model's hidden, or two.
struct FeatureEncoderConfig {
  std::int64_t hidden = 0;  // above 0: relu(linear) of so many numbers first
  double dropout = 0.0;     // on the features
};

/// For inputs of kind image.
struct ImageEncoderConfig {
  ImageEncoderKind kind = ImageEncoderKind::cnn;
  /// cnn: filters of each stage (3×3 convolution, 2×2 maximum, relu); resnet: of each stage.
  std::vector<std::int64_t> channels = {12, 24, 32};
  std::vector<std::int64_t> blocks = {1};  // resnet: per stage; one number is meant for all stages
  std::int64_t groups = 4;                 // resnet: of each group norm; divides all channels
  std::int64_t patch = 8;                  // vit: side in pixels; divides the picture's sides
  std::int64_t hidden = 0;                 // vit: width; 0: the model's
  std::int64_t layers = 2;                 // vit
  std::int64_t heads = 4;                  // vit
  std::int64_t feed_forward = 0;           // vit: width inside the blocks; 0: four times the width
  /// resnet, vit: how regions become a vector; final: linear(their mean).
  SequencePool pool = SequencePool::attention;
  /// On what enters the last linear layer, or is attended to; vit: also inside the encoder.
  double dropout = 0.0;
};

/// For inputs of kind sequence.
struct SequenceEncoderConfig {
  SequenceEncoderKind kind = SequenceEncoderKind::lstm;
  /// lstm, conv_lstm: per direction; transformer, regions: the width. 0: the model's.
  std::int64_t hidden = 0;
  std::int64_t layers = 1;  // lstm, conv_lstm, transformer
  /// conv, conv_lstm: filters of each stage (halves the time).
  std::vector<std::int64_t> channels = {32, 64};
  std::int64_t kernel = 5;  // conv, conv_lstm: odd
  TransformerConfig transformer;
  /// lstm, conv_lstm: on what the LSTM reads and between its layers; transformer: on the projected
  /// frames and inside the blocks; regions: on the regions.
  double dropout = 0.0;
  SequencePool pool = SequencePool::attention;  // conv, regions: attention alone
};

/// Where "contextual" fuses the modalities of an utterance.
enum class FusionPlace : std::uint8_t {
  features,  // before the BiLSTM
  states,    // each modality has a BiLSTM of its own, whose states are fused
};

/// "contextual" alone: BiLSTM over the utterances of a video.
struct ContextualConfig {
  std::int64_t projection = 0;  // per modality tanh(linear) to this width first; 0: none
  double input_dropout = 0.0;   // on the features
  std::int64_t layers = 1;      // of the BiLSTM (hidden: the model's, per direction)
  double dropout = 0.0;         // on the BiLSTM's states (and between its layers)
  std::int64_t dense = 100;     // tanh(linear) before the classifier; 0: none
  double dense_dropout = 0.0;   // on what the classifier gets
  /// Not given: the modalities' features side by side. Else what ModelConfig::fusion says of this
  /// kind (whose own `kind` does not count).
  std::optional<FusionKind> fusion;
  FusionPlace fuse = FusionPlace::features;  // with a fusion
};

/// "joint_embedding" alone: a tower per modality into one space.
struct JointEmbeddingConfig {
  bool projection = true;    // false: the space is that of the encoders' vectors, equally wide all
  std::int64_t width = 256;  // with projections: of the space
  double dropout = 0.0;      // on what the encoders give
  /// No key of [model]: what the loss's temperature begins at, where it is learned ([loss]).
  std::optional<double> learned_temperature = {};
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
  std::string name = "sentiment";  // or "fusion", "contextual", "joint_embedding",
                                   // "sequence_to_sequence"
  std::int64_t hidden = 64;
  /// "sentiment": attention over the steps of the time modality, each fused with the other
  /// modalities' vectors; or final: one token per modality (final states for the time modality),
  /// attention over those.
  SequencePool pool = SequencePool::attention;
  /// "sentiment": name of the input whose steps are attended to (words, frames, or the regions of a
  /// picture); empty: the first of kind tokens; "none", or empty where there is none: attention
  /// over modality tokens.
  std::string time_modality;
  /// Where attention goes over modality tokens: each token is fused with all tokens (as each step
  /// is with the other modalities); false: tokens meet in the weighted sum alone.
  bool token_context = true;
  /// A learned vector stands for an absent modality (zeros where false). On for training with
  /// modality dropout or with incomplete data.
  bool missing_vectors = false;
  double dropout = 0.0;  // "sentiment", "fusion": on what the classifier gets

  TokenEncoderConfig tokens;
  FeatureEncoderConfig features;
  ImageEncoderConfig image;
  SequenceEncoderConfig sequence;
  ContextualConfig contextual;
  FusionConfig fusion;  // "fusion", and "contextual" with a fusion
  JointEmbeddingConfig joint;
  SequenceToSequenceConfig sequence_to_sequence;

  DType dtype = DType::f32;
};

/// Errors (InputError): an option out of range; says which and what is expected.
void check_config(const ModelConfig& config);

// Names as they stand in configuration files. `…_named` errors (InputError): any other name.
std::string_view name_of(SequencePool pool);         // "attention", "final"
std::string_view name_of(TokenEncoderKind kind);     // "lstm", "cnn", "transformer"
std::string_view name_of(ImageEncoderKind kind);     // "cnn", "linear", "resnet", "vit"
std::string_view name_of(SequenceEncoderKind kind);  // "lstm", "conv", "transformer", …
std::string_view name_of(PositionKind kind);         // "sinusoidal", "learned", "none"
SequencePool sequence_pool_named(std::string_view name);
TokenEncoderKind token_encoder_named(std::string_view name);
ImageEncoderKind image_encoder_named(std::string_view name);
SequenceEncoderKind sequence_encoder_named(std::string_view name);
PositionKind position_kind_named(std::string_view name);

}  // namespace heddle
