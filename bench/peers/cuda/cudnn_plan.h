#pragma once

#include <memory>
#include <string>

#include "bench/peers/cuda/cudnn_graph.h"

namespace heddle::bench {

/// The fastest way that cuDNN has for a graph: the engines that its heuristics (mode A, then the
/// fallbacks) name, in their order; the first few that can be built are timed on the graph's own
/// tensors, whose outputs are overwritten.
class CudnnPlan {
 public:
  struct Options {
    /// Leaves engines out that round f32 factors to fewer bits.
    bool exact_f32 = false;
    /// Building one can take a second: it is compiled for the shape.
    int timed = 4;
  };
  /// Takes the graph, finished here. Errors: Unavailable, where no engine takes it; says why.
  CudnnPlan(CudnnGraph graph, const Options& options, cudaStream_t stream);

  void run() const;
  /// "plan 2 of 4, workspace 16 KiB, built in 2.1 s"
  const std::string& note() const { return note_; }

 private:
  struct Candidate {
    std::shared_ptr<void> plan;
    std::size_t workspace = 0;
  };
  std::vector<Candidate> candidates(const Options& options, std::string* last_refusal) const;
  void pack(void* workspace);
  float milliseconds(const Candidate& candidate) const;

  std::unique_ptr<CudnnGraph> graph_;  // scalars must stay where they are
  cudaStream_t stream_;
  DeviceMemory workspace_;
  std::shared_ptr<void> plan_;
  std::unique_ptr<BackendDescriptor> pack_;
  std::string note_;
};

}  // namespace heddle::bench
