// What a build without ONNX's library says.

#include "core/error.h"
#include "train/onnx_file.h"

namespace heddle {

bool can_write_onnx() { return false; }

void write_onnx(const std::filesystem::path& path, const OnnxGraph&) {
  fail<Unavailable>(path.string(),
                    ": this build cannot write ONNX files; install ONNX and protobuf (Debian, "
                    "Ubuntu: apt-get install libonnx-dev libprotobuf-dev), then build again with "
                    "cmake -DHEDDLE_ONNX=ON (./dev build does both)");
}

}  // namespace heddle
