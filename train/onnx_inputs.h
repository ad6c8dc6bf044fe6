#pragma once

#include <string>

#include "data/dataset.h"
#include "train/onnx_layers.h"

namespace heddle {

/// One modality in a graph, as models/modality_input.h hands it to an encoder: standardised, and
/// without anything that must not be seen. Names of values; "" where there is none.
struct OnnxInput {
  std::string values;   // f32 (tokens i64), 0 beyond a length
  std::string lengths;  // tokens, sequences: i64 [B], at least 1
  std::string mask;     // tokens, sequences: bool [T, B], step t is before the length
  std::string time;     // tokens, sequences: what the dimension T is called
  std::string present;  // bool [B]; "": all are
};

/// What the graph is fed of a modality, under its name:
///   tokens    NAME i64 [T, B],            NAME_lengths i64 [B]
///   sequence  NAME f32 [T, B, F] raw,     NAME_lengths i64 [B]
///   features  NAME f32 [B, F] raw,        NAME_present bool [B]
///   image     NAME f32 [B, C, H, W] raw,  NAME_present bool [B]
/// A length of 0 says that a sample lacks the modality. NAME_present is left out where the model
/// has no other (`alone`).
OnnxInput onnx_input(OnnxLayers& layers, const ModalityInfo& info, bool alone);

}  // namespace heddle
