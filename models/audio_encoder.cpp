#include "models/audio_encoder.h"

#include <cstddef>
#include <string>

#include "autograd/ops.h"
#include "models/input_watch.h"

namespace heddle {
namespace {

/// bool [B, 1, steps]: step t of sample b is inside its length after stages that each made one step
/// of `stride` together, the last of them perhaps short. t < ⌈length / stride⌉ where t · stride <
/// length.
Tensor inside(const Tensor& lengths, std::int64_t steps, std::int64_t stride) {
  const Tensor starts =
      positions(steps * stride, lengths.device()).slice(0, 0, Tensor::end, stride);
  return compare(CompareOp::less, starts, lengths.unsqueeze(1)).unsqueeze(1);
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
  const LstmResult result = lstm(dropout(InputWatch::seen(frames, Variable(frames))), lengths);
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
  Variable x = permute(InputWatch::seen(frames, Variable(frames)), {1, 2, 0});  // [B, features, T]
  const Variable zero(Tensor::scalar(0.0, x.dtype(), x.device()));
  Tensor mask;
  std::int64_t stride = 1;
  for (const Conv1d& stage : stages) {
    x = stage(x, Activation::relu);
    stride *= 2;
    if (lengths.defined()) {
      mask = inside(lengths, x.size(2), stride);
      x = where(mask, x, zero);
    }
  }
  EncodedSteps steps;
  steps.states = permute(x, {2, 0, 1});
  if (lengths.defined()) {
    steps.lengths = mask.defined() ? sum(Variable(mask.to(DType::i64)), {1, 2}).value() : lengths;
  }
  return steps;
}

void ConvAudioEncoder::visit(Visitor& visitor) {
  for (std::size_t k = 0; k < stages.size(); ++k) {
    visitor.layer("conv" + std::to_string(k), stages[k]);
  }
}

ConvLstmEncoder::ConvLstmEncoder(std::int64_t features, std::int64_t hidden_,
                                 const SequenceEncoderConfig& config, const Generator& generator,
                                 DType dtype)
    : hidden(hidden_),
      convolutions(features, config, generator, dtype),
      dropout(config.dropout, generator.named("dropout")),
      lstm(convolutions.width(), hidden_, generator.named("lstm"),
           {.layers = config.layers,
            .bidirectional = true,
            .dropout = config.dropout,
            .dtype = dtype}) {}

EncodedSteps ConvLstmEncoder::operator()(const Tensor& frames, const Tensor& lengths) {
  const EncodedSteps steps = convolutions(frames, lengths);
  const LstmResult result = lstm(dropout(steps.states), steps.lengths);
  return {result.y, steps.lengths, final_states(result)};
}

void ConvLstmEncoder::visit(Visitor& visitor) {
  convolutions.visit(visitor);
  visitor.layer("dropout", dropout);
  visitor.layer("lstm", lstm);
}

}  // namespace heddle
