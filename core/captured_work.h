#pragma once

#include <memory>

#include "core/stream.h"

namespace heddle {

/// What a graph has recorded, for graph.cpp: one class per backend that can. The capture begins
/// with it; destroyed before `end`, it abandons the capture.
class CapturedWork {
 public:
  CapturedWork() = default;
  virtual ~CapturedWork() = default;
  CapturedWork(const CapturedWork&) = delete;
  CapturedWork& operator=(const CapturedWork&) = delete;

  virtual void end() = 0;
  virtual void replay(Stream& stream) = 0;
};

std::unique_ptr<CapturedWork> capture_on_host(Stream& stream);
/// Errors: Unavailable where the build has no CUDA backend.
std::unique_ptr<CapturedWork> capture_on_cuda(Stream& stream);

}  // namespace heddle
