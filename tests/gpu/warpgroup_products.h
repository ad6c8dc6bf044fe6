#pragma once

#include <string_view>

#include "kernels/gpu/sim/recorder.h"

namespace heddle::testing {

/// Counts the threads' products by warp groups while it records (sim::RecordScope): whether a
/// version by warp groups ran itself, or fell back on another.
class WarpgroupProducts : public sim::Recorder {
 public:
  void begin_launch(const char* /*kernel*/, std::size_t /*blocks*/,
                    std::size_t /*threads*/) override {}
  void access(const sim::ThreadPlace& /*who*/, const sim::Access& /*what*/) override {}
  void operations(const sim::ThreadPlace& /*who*/, int /*count*/, sim::Place /*place*/) override {}
  void word(const sim::ThreadPlace& /*who*/, const char* word, sim::Place /*place*/) override {
    count += std::string_view(word).starts_with("wgmma") ? 1 : 0;
  }

  int count = 0;
};

}  // namespace heddle::testing
