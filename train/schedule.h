#pragma once

#include <cstdint>

#include "train/config.h"

namespace heddle {

/// The learning rate over a run, as a factor of the optimiser's:
///   warm-up    (step + 1) / warmup_steps                         while step < warmup_steps, then
///   constant   1
///   cosine     f + (1 − f)·½(1 + cos(π·(step − warmup)/(total − warmup)))   (Loshchilov & Hutter,
///              arXiv 1608.03983, without restarts; f = final_factor)
///   inverse_sqrt  √(warmup / (step + 1)), warmup at least 1 (Vaswani et al., arXiv 1706.03762,
///   §5.3) step       step_factor^⌊epoch / step_epochs⌋
class Schedule {
 public:
  /// Errors: total_steps or steps_per_epoch < 1.
  Schedule(const ScheduleConfig& config, std::int64_t total_steps, std::int64_t steps_per_epoch);

  /// For step 0, 1, …; stays at its end beyond total_steps.
  double factor(std::int64_t step) const;

 private:
  ScheduleConfig config_;
  std::int64_t total_steps_;
  std::int64_t steps_per_epoch_;
};

}  // namespace heddle
