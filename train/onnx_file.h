#pragma once

#include <filesystem>

#include "train/onnx_graph.h"

namespace heddle {

/// Whether this build can write ONNX files (CMake option HEDDLE_ONNX).
bool can_write_onnx();

/// Errors: cannot be written; more than the format's 2 GiB; Unavailable: this build cannot write
/// such files.
void write_onnx(const std::filesystem::path& path, const OnnxGraph& graph);

}  // namespace heddle
