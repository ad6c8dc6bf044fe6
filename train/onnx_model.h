#pragma once

#include "train/model_file.h"
#include "train/onnx_graph.h"

namespace heddle {

/// A trained "sentiment" model as a graph, in f32, for any number of samples and of steps; raw
/// values go in. Inputs: train/onnx_inputs.h. Outputs, as far as the model has them:
///   logits, probabilities  [B, classes]
///   score                  [B]
///   NAME_attention         [T, B], over the steps of the modality attended to
///   modality_attention     [modalities, B]
/// docs/deployment.md lists the metadata. Errors (InputError): another model, or a part that cannot
/// be exported; the message says what can.
OnnxGraph onnx_graph_of(const ModelFile& file);

}  // namespace heddle
