#include "models/audio_encoder.h"

#include <cstddef>
#include <string>

#include "autograd/ops.h"

namespace heddle {
namespace {

/// bool [B, 1, steps]: step t of sample b is inside its length.
Tensor inside(const std::vector<std::int64_t>& lengths, std::int64_t steps) {
  const std::int64_t samples = static_cast<std::int64_t>(lengths.size());
  Tensor mask = Tensor::empty({samples, 1, steps}, DType::boolean);
  bool* out = mask.mutable_data<bool>();
  for (const std::int64_t length : lengths) {
    for (std::int64_t t = 0; t < steps; ++t) {
      *out++ = t < length;
    }
  }
  return mask;
}

}  // namespace

LstmAudioEncoder::LstmAudioEncoder(std::int64_t features, std::int64_t hidden_,
                                   const SequenceEncoderConfig& config, const Generator& generator,
                                   DType dtype)
    : hidden(hidden_),
      dropout(config.dropout, generator.named("dropout")),
      lstm(features, hidden_, generator.named("lstm"),
           {.layers = config.layers,
            .bidirectional = true,
            .dropout = config.dropout,
            .dtype = dtype}) {}

EncodedSteps LstmAudioEncoder::operator()(const Tensor& frames, const Tensor& lengths) {
  const LstmResult result = lstm(dropout(Variable(frames)), lengths);
  return {result.y, lengths, final_states(result)};
}

void LstmAudioEncoder::visit(Visitor& visitor) {
  visitor.layer("dropout", dropout);
  visitor.layer("lstm", lstm);
}

ConvAudioEncoder::ConvAudioEncoder(std::int64_t features, const SequenceEncoderConfig& config,
                                   const Generator& generator, DType dtype) {
  std::int64_t channels = features;
  for (std::size_t k = 0; k < config.channels.size(); ++k) {
    stages.emplace_back(channels, config.channels[k], config.kernel,
                        generator.named("conv" + std::to_string(k)),
                        Conv1dOptions{.stride = 2, .padding = config.kernel / 2, .dtype = dtype});
    channels = config.channels[k];
  }
}

EncodedSteps ConvAudioEncoder::operator()(const Tensor& frames, const Tensor& lengths) const {
  Variable x = permute(Variable(frames), {1, 2, 0});  // [B, features, T]
  std::vector<std::int64_t> left;
  if (lengths.defined()) {
    left = lengths.to_vector<std::int64_t>();
  }
  const Variable zero(Tensor::scalar(0.0, x.dtype()));
  for (const Conv1d& stage : stages) {
    x = relu(stage(x));
    if (lengths.defined()) {
      for (std::int64_t& length : left) {
        length = (length + 1) / 2;
      }
      x = where(inside(left, x.size(2)).to(x.device()), x, zero);
    }
  }
  EncodedSteps steps;
  steps.states = permute(x, {2, 0, 1});
  if (lengths.defined()) {
    steps.lengths = Tensor::from<std::int64_t>(left, lengths.shape()).to(x.device());
  }
  return steps;
}

void ConvAudioEncoder::visit(Visitor& visitor) {
  for (std::size_t k = 0; k < stages.size(); ++k) {
    visitor.layer("conv" + std::to_string(k), stages[k]);
  }
}

}  // namespace heddle
