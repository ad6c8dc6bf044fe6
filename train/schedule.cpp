#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.h"

namespace heddle {

Schedule::Schedule(const ScheduleConfig& config, std::int64_t total_steps,
                   std::int64_t steps_per_epoch)
    : config_(config), total_steps_(total_steps), steps_per_epoch_(steps_per_epoch) {
  check(total_steps >= 1 && steps_per_epoch >= 1, "schedule: ", total_steps, " steps in all, ",
        steps_per_epoch, " per epoch; expected at least 1 of each");
}

double Schedule::factor(std::int64_t step) const {
  if (step < config_.warmup_steps) {
    return static_cast<double>(step + 1) / static_cast<double>(config_.warmup_steps);
  }
  switch (config_.kind) {
    case ScheduleKind::constant:
      return 1.0;
    case ScheduleKind::step: {
      const std::int64_t drops = step / steps_per_epoch_ / config_.step_epochs;
      return std::pow(config_.step_factor, static_cast<double>(drops));
    }
    case ScheduleKind::inverse_sqrt: {
      const auto peak = static_cast<double>(std::max<std::int64_t>(1, config_.warmup_steps));
      return std::sqrt(peak / static_cast<double>(step + 1));
    }
    case ScheduleKind::cosine:
      break;
  }
  const std::int64_t span = std::max<std::int64_t>(1, total_steps_ - config_.warmup_steps);
  const double done =
      std::min(1.0, static_cast<double>(step - config_.warmup_steps) / static_cast<double>(span));
  const double wave = 0.5 * (1.0 + std::cos(std::numbers::pi * done));
  return config_.final_factor + (1.0 - config_.final_factor) * wave;
}

}  // namespace heddle
