#pragma once

#include <cstdint>
#include <string>

#include "data/dataset.h"
#include "models/config.h"
#include "train/onnx_inputs.h"
#include "train/onnx_layers.h"

namespace heddle {

// The encoders of models/ as parts of a graph. Names of values, as in train/onnx_layers.h.

/// As EncodedSteps.
struct OnnxSteps {
  std::string states;  // [T, B, width], with the missing vector where a sample lacks the modality
  std::string mask;    // bool [T, B]: attention sees step t
  std::string final;   // [B, width]; "" where the encoder has none
  std::int64_t width = 0;
  std::string time;  // what the dimension T is called
};

/// Tokens or a sequence, read step by step (StepEncoder). Errors (InputError): by another encoder
/// than those known here; so for all functions here.
OnnxSteps onnx_steps(OnnxLayers& layers, const ModalityInfo& info, const OnnxInput& input,
                     const ModelConfig& config);

/// Any modality as one vector per sample [B, width] (ModalityEncoder), with the missing vector.
std::string onnx_vector(OnnxLayers& layers, const ModalityInfo& info, const OnnxInput& input,
                        const ModelConfig& config);

/// `encoded` [.., B, width] with the missing vector `NAME.missing` (zeros without) where a sample
/// lacks the modality.
std::string onnx_replace_missing(OnnxLayers& layers, const ModalityInfo& info,
                                 const OnnxInput& input, const std::string& encoded);

}  // namespace heddle
