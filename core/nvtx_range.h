#pragma once

namespace heddle {

/// Names what happens while it lives in the timeline of a profiler (Nsight Systems). Ranges nest.
/// Does nothing in a build without CUDA, and nearly nothing where no profiler is attached.
class NvtxRange {
 public:
  explicit NvtxRange(const char* name);
  ~NvtxRange();  // NOLINT(performance-trivially-destructible): with CUDA it is not
  NvtxRange(const NvtxRange&) = delete;
  NvtxRange& operator=(const NvtxRange&) = delete;
};

}  // namespace heddle
